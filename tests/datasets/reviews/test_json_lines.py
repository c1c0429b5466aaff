import json
import re
from pathlib import Path
from typing import Any

import pytest

from datasets.errors import DatasetError
from datasets.labelled_picture import View
from datasets.reviews.areas import Area
from datasets.reviews.json_lines import parse_review, read_review_lines, write_review_lines
from datasets.reviews.review import Verdict
from tests.datasets.reviews.factories import GARBAGE, make_box, make_review

DOCS = Path(__file__).parents[3] / "docs" / "reviews.md"


def make_record(**changes: Any) -> dict[str, Any]:
    record = {
        "schema_version": "1",
        "picture": "flight7/photo.png",
        "sha256": "0" * 64,
        "width_px": 100,
        "height_px": 80,
        "group": "flight7",
        "view": "drone",
        "gsd_m": 0.02,
        "reviewer": "r-03",
        "reviewed_at": "2026-11-20T20:12:33+08:00",
        "model": {"name": "patrol-n", "version": "0.2.0"},
        "looked_at": [0, 0, 50, 40],
        "asked_classes": ["exposed_garbage"],
        "boxes": [
            {
                "verdict": "confirmed",
                "proposed": {"class": "exposed_garbage", "box": [10, 10, 30, 30], "score": 0.91},
            }
        ],
    }
    return {key: value for key, value in (record | changes).items() if value is not ...}


def test_a_line_says_who_saw_what_and_judged_how() -> None:
    review = parse_review(json.dumps(make_record()))
    assert review.view is View.DRONE
    assert review.looked_at == Area(0, 0, 50, 40)
    assert review.reviewed_at.isoformat() == "2026-11-20T12:12:33+00:00"
    (box,) = review.boxes
    assert box.verdict is Verdict.CONFIRMED
    assert box.final == make_box(Area(10, 10, 30, 30), GARBAGE)


def test_only_what_can_be_unknown_may_be_absent() -> None:
    review = parse_review(json.dumps(make_record(sha256=..., gsd_m=..., model=...)))
    assert (review.sha256, review.gsd_m, review.model) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": "2"}, "schema_version"),
        ({"looked_at": ...}, "looked_at: Field required"),
        ({"looked_at": "all"}, "looked_at"),
        ({"looked_at": [0, 0, 50.5, 40]}, "looked_at"),
        ({"asked_classes": ...}, "asked_classes: Field required"),
        ({"reviewed_at": "2026-11-20T20:12:33"}, "reviewed_at"),
        ({"view": "satellite"}, "view"),
        ({"sha256": "abc"}, "sha256"),
        ({"mood": "good"}, "mood: Extra inputs are not permitted"),
        ({"picture": "/etc/passwd"}, "no file name within the picture folder"),
        ({"boxes": [{"verdict": "liked"}]}, "boxes.0.verdict"),
        ({"boxes": [{"verdict": "added"}]}, "verdict added needs a final box"),
    ],
)
def test_a_line_that_is_no_review_is_refused_with_the_reason(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DatasetError, match=re.escape(message)):
        parse_review(json.dumps(make_record(**changes)))


@pytest.mark.parametrize("corner", ["NaN", "Infinity", "1e999"])
def test_a_corner_that_is_no_number_is_refused(corner: str) -> None:
    line = json.dumps(make_record()).replace("[10, 10, 30, 30]", f"[10, 10, 30, {corner}]")
    with pytest.raises(DatasetError):
        parse_review(line)


@pytest.mark.parametrize("line", ["", "[]", "7", "{", "[" * 100_000])
def test_what_is_no_record_is_refused(line: str) -> None:
    with pytest.raises(DatasetError):
        parse_review(line)


def test_a_file_says_which_line_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "reviews.jsonl"
    path.write_text(json.dumps(make_record()) + "\n\n{}\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"reviews\.jsonl, line 3: "):
        read_review_lines(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        read_review_lines(tmp_path / "absent.jsonl")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    reviews = (make_review(), make_review(hour=1, reviewer="审核员"))
    write_review_lines(reviews, tmp_path / "reviews.jsonl")
    assert read_review_lines(tmp_path / "reviews.jsonl") == reviews


def test_the_examples_in_the_docs_are_reviews() -> None:
    blocks = re.findall(r"```json\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        parse_review(block)
