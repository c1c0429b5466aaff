"""Drafts are reviews that a set can be built from, and teach nothing until edited."""

from datetime import UTC, datetime
from pathlib import Path

from datasets.reviews.json_lines import read_review_lines, write_review_lines
from datasets.reviews.review import ProposingModel, Verdict
from datasets.reviews.to_labels import labels_from_reviews
from training.label_review.doubts import find_doubts
from training.label_review.drafts import DraftRule, draft_reviews
from training.trials.searched_pictures import ScoredBox, match_scored

GARBAGE = "exposed_garbage"
SURE = {GARBAGE: 0.5}


def rule(*, suggest: bool = False) -> DraftRule:
    return DraftRule(
        reviewer="r1",
        day=datetime(2026, 3, 1, tzinfo=UTC),
        model=ProposingModel(name="m", version=None),
        suggest=suggest,
    )


def find(make_picture, make_box):
    """One label that is right, one that is loose, one object that is missing."""
    picture = make_picture(boxes=(make_box(x_min=0), make_box(x_min=40)))
    boxes = [
        ScoredBox(class_name=GARBAGE, score=0.9, box=(0, 10, 20, 30)),
        ScoredBox(class_name=GARBAGE, score=0.8, box=(40, 10, 48, 30)),
        ScoredBox(class_name=GARBAGE, score=0.7, box=(75, 10, 95, 30)),
    ]
    return find_doubts([match_scored(picture, boxes)], confident=SURE)


def test_what_is_doubtful_is_unsure_and_the_rest_confirmed(
    make_picture, make_box, tmp_path: Path
) -> None:
    reviews = draft_reviews(find(make_picture, make_box), rule())
    write_review_lines(reviews, tmp_path / "r.jsonl")
    (review,) = read_review_lines(tmp_path / "r.jsonl")
    assert [box.verdict for box in review.boxes] == [
        Verdict.UNSURE,
        Verdict.UNSURE,
        Verdict.CONFIRMED,
    ]
    (labels,) = labels_from_reviews([review]).areas
    assert [box.x_min for box in labels.boxes] == [0]
    assert len(labels.ignored) == 2
    assert labels.is_whole


def test_suggestions_take_the_models_word(make_picture, make_box) -> None:
    reviews = draft_reviews(find(make_picture, make_box), rule(suggest=True))
    (labels,) = labels_from_reviews(reviews).areas
    assert [(box.x_min, box.x_max) for box in labels.boxes] == [(0, 20), (40, 48), (75, 95)]


def test_boxes_that_rounding_put_outside_are_cut(make_picture) -> None:
    box = ScoredBox(class_name=GARBAGE, score=0.9, box=(80, -0.4, 100.3, 30))
    doubts = find_doubts([match_scored(make_picture(), [box])], confident=SURE)
    (review,) = draft_reviews(doubts, rule())
    assert review.boxes[0].proposed is not None
    assert review.boxes[0].proposed.area.x_max == 100
    assert review.boxes[0].proposed.area.y_min == 0
