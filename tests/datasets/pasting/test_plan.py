"""Plans of pasted pictures: what may be said in them."""

from pathlib import Path

import pytest

from datasets.errors import DatasetError
from datasets.pasting.plan import parse_pasting_plan
from tests.datasets.pasting.factories import make_plan, make_plan_text

RECIPE = Path(__file__).resolve().parents[3] / "datasets" / "recipes" / "pasted.toml"


def test_the_recipe_of_the_project_reads() -> None:
    plan = parse_pasting_plan(RECIPE.read_text(encoding="utf-8"))
    assert all(entry.why for entry in plan.background)
    assert any(entry.class_name is None for entry in plan.crop)


def test_structures_go_only_where_none_stand_unlabelled() -> None:
    assert not make_plan().background[0].structures


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind = ", "no readable plan"),
        (make_plan_text(switches="snow = true"), "snow"),
        (make_plan_text(switches="empty_share = 2"), "empty_share"),
        (make_plan_text(background="rows = [0.5, 0.6]"), "rows"),
        (make_plan_text(background="files = 3"), "files"),
        (make_plan_text(crop="squeezed = true"), "squeezed"),
        (make_plan_text(counts="training = 1"), "counts"),
        (make_plan_text().replace('"heaps"', '"../heaps"'), "no path inside"),
        (make_plan_text().replace('"heaps"', '"/heaps"'), "no path inside"),
        (make_plan_text().replace("[4.0, 4.0]", "[4.0, 1.0]"), "size_m"),
        (make_plan_text().replace("[0.1, 0.1]", "[0.0, 0.1]"), "gsd_m"),
        (make_plan_text().replace('"pile"', '"torn"'), "torn"),
        (make_plan_text().replace('["exposed_garbage"]', '["potholes"]'), "potholes"),
        (make_plan_text().replace("[1.0, 1.0]", "[9.0, 1.0]"), "enlarge"),
    ],
)
def test_what_cannot_be_pasted_is_refused(text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        parse_pasting_plan(text)
