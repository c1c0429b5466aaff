import re
from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.sets.findings import MEANINGS
from datasets.sets.recipe import parse_recipe, read_recipe
from tests.datasets.sets.factories import SPLIT_BY_FLIGHT, write_recipe_text

WHOLE = write_recipe_text(split=SPLIT_BY_FLIGHT)
REPOSITORY = Path(__file__).resolve().parents[3]


def test_our_own_recipe_claims_no_structure_outside_the_place_where_they_were_outlined() -> None:
    recipe = read_recipe(REPOSITORY / "datasets" / "recipes" / "patrol.toml")
    looked_for = {source.name: set(source.labelled_classes) for source in recipe.source}
    assert [name for name, classes in looked_for.items() if "illegal_structure" in classes] == [
        "nacala_sheds_drone"
    ]
    assert looked_for["nacala_sheds_drone"] == {"illegal_structure"}
    assert looked_for["negatives_drone_ochota"] == {"exposed_garbage", "damaged_billboard"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "no TOML"),
        (write_recipe_text(), "splits_table or each source"),
        (write_recipe_text(split=SPLIT_BY_FLIGHT, head_lines='splits_table = "s.csv"'), "not both"),
        (write_recipe_text(split=SPLIT_BY_FLIGHT, source_lines="colour = 1"), "colour"),
        (write_recipe_text(split=SPLIT_BY_FLIGHT, source_lines="gsd_m = 0.0"), "gsd_m"),
        (WHOLE.replace("bins/labels", "../labels"), "no path inside"),
        (WHOLE.replace("bins/labels", "/etc"), "no path inside"),
        (WHOLE.replace('= "exposed_garbage" }', '= "waste" }'), "waste"),
        (WHOLE.replace('= "exposed_garbage" }', '= "damaged_billboard" }'), "does not name"),
        (WHOLE.replace('= "exposed_garbage" }', '= "exposed_garbage/none" }'), "sub-class"),
        (WHOLE.replace('["bin"]', '["bin", "garbage"]'), "in classes and in ignored_words"),
        (WHOLE.replace("train = 0.6", "train = 0.7"), "not to 1"),
        (WHOLE.replace("train = 0.6", "learn = 0.6"), "learn"),
        (WHOLE.replace('name = "bins"', 'name = "../bins"'), "name"),
        (WHOLE.replace('class_words = ["garbage", "bin"]', ""), "no numbers of YOLO"),
    ],
)
def test_a_wrong_recipe_is_refused_and_the_place_named(text: str, complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        parse_recipe(text)


def test_the_recipe_of_the_guide_is_one() -> None:
    guide = (REPOSITORY / "docs" / "datasets.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", guide, flags=re.DOTALL)
    assert parse_recipe(text).source[0].classes == {"garbage": "exposed_garbage/pile"}


def test_every_finding_is_in_the_guide() -> None:
    guide = (REPOSITORY / "docs" / "datasets.md").read_text(encoding="utf-8")
    assert [code for code in MEANINGS if f"`{code}`" not in guide] == []


def test_an_absent_recipe_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gone\.toml"):
        read_recipe(tmp_path / "gone.toml")


def test_a_text_of_many_brackets_is_refused() -> None:
    with pytest.raises(DatasetError, match="no TOML"):
        parse_recipe("a = " + "[" * 100_000)


@pytest.mark.parametrize("line", ["gsd_m = inf", "gsd_m = nan"])
def test_a_size_on_the_ground_is_a_number(line: str) -> None:
    text = write_recipe_text(split=SPLIT_BY_FLIGHT).replace(
        "[source.split]", f"{line}\n[source.split]"
    )
    with pytest.raises(DatasetError):
        parse_recipe(text)
