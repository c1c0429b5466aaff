"""Confident detections become labels where nobody looked, and nowhere else."""

from training.trials.clear_billboards import IGNORED
from training.trials.pseudo_labels import PseudoRule, add_pseudo_labels
from training.trials.searched_pictures import ScoredBox, match_scored

GARBAGE = "exposed_garbage"
BILLBOARD = "damaged_billboard"
RULE = PseudoRule(take_from={GARBAGE: 0.6, BILLBOARD: 0.8}, ignore_from={GARBAGE: 0.3})


def found(score: float, x_min: float, class_name: str = GARBAGE) -> ScoredBox:
    return ScoredBox(class_name=class_name, score=score, box=(x_min, 10, x_min + 20, 30))


def add(picture, *boxes: ScoredBox, rule: PseudoRule = RULE):
    return add_pseudo_labels([match_scored(picture, boxes)], rule)[0]


def test_classes_that_nobody_looked_for_get_boxes_by_their_own_limit(make_picture) -> None:
    picture = make_picture(labelled_classes=())
    added = add(picture, found(0.7, 0), found(0.4, 40), found(0.2, 70), found(0.7, 75, BILLBOARD))
    assert [(box.class_name, box.x_min) for box in added.boxes] == [(GARBAGE, 0), (IGNORED, 40)]
    assert added.labelled_classes == ()


def test_labelled_classes_are_left_alone_but_for_sources_known_to_be_incomplete(
    make_picture, make_box
) -> None:
    picture = make_picture(boxes=(make_box(x_min=10),))
    boxes = (found(0.9, 12), found(0.7, 60))
    assert add(picture, *boxes) == picture
    rule = PseudoRule(
        take_from=RULE.take_from, ignore_from=RULE.ignore_from, incomplete_sources=("walk",)
    )
    # What lies on a label says nothing new.
    assert [box.x_min for box in add(picture, *boxes, rule=rule).boxes] == [10, 60]


def test_pictures_that_judge_are_never_changed(make_picture) -> None:
    for split in ("val", "test"):
        picture = make_picture(labelled_classes=(), split=split)
        assert add(picture, found(0.9, 10)) == picture
