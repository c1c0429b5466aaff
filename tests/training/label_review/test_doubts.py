"""What a model contradicts is listed, what it agrees with is not."""

import pytest

from training.label_review.doubts import Doubt, find_doubts, plan_confident_scores
from training.trials.searched_pictures import ScoredBox, match_scored

GARBAGE = "exposed_garbage"
BILLBOARD = "damaged_billboard"
SURE = {GARBAGE: 0.5, BILLBOARD: 0.5}


def found(score: float, x_min: float = 10, class_name: str = GARBAGE, width: float = 20):
    return ScoredBox(class_name=class_name, score=score, box=(x_min, 10, x_min + width, 30))


def test_agreement_is_no_doubt(make_picture, make_box) -> None:
    result = match_scored(make_picture(boxes=(make_box(),)), [found(0.8)])
    assert find_doubts([result], confident=SURE) == []


def test_a_label_that_the_model_does_not_see_is_doubtful(make_picture, make_box) -> None:
    result = match_scored(make_picture(boxes=(make_box(),)), [found(0.1)])
    (doubt,) = find_doubts([result], confident=SURE)
    assert doubt.kind is Doubt.UNSUPPORTED
    assert doubt.labelled == make_box()
    assert doubt.strength == pytest.approx(0.45)  # (1 - 0.1) / 2


def test_a_box_that_is_too_wide_is_loose(make_picture, make_box) -> None:
    # 10 of 20 pixels' width: an IoU of 0.5 counts as the same box, 8 of 20 does not.
    result = match_scored(make_picture(boxes=(make_box(),)), [found(0.9, width=8)])
    (doubt,) = find_doubts([result], confident=SURE)
    assert doubt.kind is Doubt.LOOSE
    assert doubt.found is not None
    assert doubt.found.x_max == 18
    assert (
        find_doubts(
            [match_scored(make_picture(boxes=(make_box(),)), [found(0.9, width=10)])],
            confident=SURE,
        )
        == []
    )


def test_a_confident_detection_where_nothing_is_labelled_is_missing(make_picture, make_box) -> None:
    boxes = [found(0.8), found(0.7, x_min=60), found(0.6, x_min=63), found(0.2, x_min=80)]
    result = match_scored(make_picture(boxes=(make_box(),)), boxes)
    doubts = find_doubts([result], confident=SURE)
    # Two detections of one place are one doubt, and a weak one is none.
    assert [(d.kind, d.found and d.found.x_min) for d in doubts] == [(Doubt.MISSING, 60)]


def test_what_nobody_looked_for_is_not_missing(make_picture) -> None:
    picture = make_picture(labelled_classes=(BILLBOARD,))
    assert find_doubts([match_scored(picture, [found(0.9)])], confident=SURE) == []


def test_a_confident_other_class_at_the_same_box_is_a_wrong_class(make_picture, make_box) -> None:
    result = match_scored(
        make_picture(boxes=(make_box(),)), [found(0.9, class_name=BILLBOARD), found(0.2)]
    )
    (doubt,) = find_doubts([result], confident=SURE)
    assert doubt.kind is Doubt.WRONG_CLASS
    assert doubt.class_name == GARBAGE
    assert doubt.strength == pytest.approx(0.7)


def test_a_class_that_nobody_looked_for_contradicts_no_label(make_picture, make_box) -> None:
    picture = make_picture(boxes=(make_box(),), labelled_classes=(GARBAGE,))
    boxes = [found(0.9, class_name=BILLBOARD), found(0.6)]
    assert find_doubts([match_scored(picture, boxes)], confident=SURE) == []


def test_the_strongest_doubts_come_first(make_picture, make_box) -> None:
    results = [
        match_scored(make_picture("weak", boxes=(make_box(),)), [found(0.4)]),
        match_scored(make_picture("strong"), [found(0.95)]),
    ]
    assert [d.picture.path for d in find_doubts(results, confident=SURE)] == [
        "strong.png",
        "weak.png",
    ]


def test_a_class_is_judged_by_its_own_scores(make_picture, make_box) -> None:
    results = [
        match_scored(make_picture("a", boxes=(make_box(),)), [found(0.3)]),
        match_scored(make_picture("b", boxes=(make_box(),)), [found(0.5)]),
        match_scored(make_picture("c", boxes=(make_box(),)), []),
    ]
    # (0.3 + 0.5 + 0) / 3
    assert plan_confident_scores(results)[GARBAGE] == pytest.approx(0.8 / 3)
