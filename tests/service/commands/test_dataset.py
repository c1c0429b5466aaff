import json
from pathlib import Path

import pytest

from service.command_line import main
from tests.datasets.sets.factories import SPLIT_BY_FLIGHT, draw_picture, write_recipe_text


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit code, what was printed and what was complained of."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    code = stopped.value.code
    assert code is None or isinstance(code, int)
    return code or 0, printed.out, printed.err


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe beside its pictures: ten flights of one picture each."""
    for number in range(10):
        draw_picture(tmp_path / f"bins/images/f{number}/a.jpg", seed=number)
        label = tmp_path / f"bins/labels/f{number}/a.txt"
        label.parent.mkdir(parents=True)
        label.write_text("0 0.5 0.5 0.3 0.3\n")
    path = tmp_path / "street.toml"
    path.write_text(write_recipe_text(split=SPLIT_BY_FLIGHT))
    return path


def test_a_set_is_built_and_found_clean(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    code, printed, complaints = run(capsys, "dataset", "build", recipe, "--out", out)
    assert (code, complaints) == (0, "")
    assert "10 pictures, 0 left out" in printed
    code, printed, _ = run(capsys, "dataset", "check", out)
    assert code == 0
    assert "0 errors" in printed
    assert "class_rare" in printed


def test_what_is_left_out_is_told_and_the_code_is_2(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bins/images/f3/a.jpg").write_text("no picture")
    out = tmp_path / "set"
    code, printed, _ = run(capsys, "dataset", "build", recipe, "--out", out)
    assert code == 2
    assert "left out  bins/f3/a.jpg: undecodable" in printed
    code, printed, _ = run(capsys, "dataset", "build", recipe, "--out", out, "--json")
    assert code == 2
    assert json.loads(printed)["left_out"][0]["picture"] == "f3/a.jpg"


def test_errors_are_found_told_with_advice_and_the_code_is_2(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "set"
    run(capsys, "dataset", "build", recipe, "--out", out)
    (out / "images/bins/f2/a.jpg").unlink()
    code, printed, _ = run(capsys, "dataset", "check", out)
    assert code == 2
    assert "error    absent: 1; bring the file back, or build anew" in printed
    code, printed, _ = run(capsys, "dataset", "check", out, "--json")
    assert code == 2
    found = json.loads(printed)
    assert found["errors"] == 1
    assert found["findings"][0] == {
        "code": "absent",
        "severity": "error",
        "picture": "images/bins/f2/a.jpg",
        "other": None,
        "message": "there is no such file",
        "advice": "bring the file back, or build anew",
    }


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["dataset", "check", "nowhere"], "no readable picture set"),
        (["dataset", "check", ""], "empty"),
        (["dataset", "build", "--out", "x"], "RECIPE.toml"),
        (["dataset", "build", "gone.toml", "--out", "x"], "gone.toml"),
        (["dataset", "build", "--from-reviews", "gone.jsonl", "--out", "x"], "gone.jsonl"),
        (["dataset", "build", "r.toml", "--out", "x", "--asked", "potholes"], "--asked"),
        (["dataset", "build", "r.toml", "--out", "x", "--review-shares", "1,1,0"], "shares"),
    ],
)
def test_what_cannot_start_is_told_in_one_line(
    arguments: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    code, printed, complaints = run(capsys, *arguments)
    assert (code, printed) == (1, "")
    assert complaint in complaints
    assert len(complaints.splitlines()) == 1


def test_reviews_alone_make_a_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw_picture(tmp_path / "pictures/a.jpg", size_px=(200, 100))
    review = {
        "schema_version": "1",
        "picture": "a.jpg",
        "width_px": 200,
        "height_px": 100,
        "group": "walk",
        "view": "street",
        "reviewer": "r1",
        "reviewed_at": "2026-11-20T08:00:00Z",
        "looked_at": "picture",
        "asked_classes": ["exposed_garbage"],
        "boxes": [
            {"verdict": "added", "final": {"class": "exposed_garbage", "box": [10, 20, 60, 70]}}
        ],
    }
    (tmp_path / "reviews.jsonl").write_text(json.dumps(review) + "\n")
    code, printed, complaints = run(
        capsys, "dataset", "build", "--from-reviews", tmp_path / "reviews.jsonl",
        "--review-pictures", tmp_path / "pictures", "--out", tmp_path / "set",
    )  # fmt: skip
    assert (code, complaints) == (0, "")
    assert "reviews   1 pictures" in printed
