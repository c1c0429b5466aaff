from collections.abc import Sequence

import pytest

from datasets.errors import DatasetError
from datasets.reviews.areas import Area
from datasets.reviews.labels import AreaLabels
from datasets.reviews.review import PictureReview, area_of
from datasets.reviews.to_labels import labels_from_reviews
from tests.datasets.reviews.factories import (
    BILLBOARD,
    GARBAGE,
    STRUCTURE,
    added,
    confirmed,
    corrected,
    make_box,
    make_review,
    rejected,
    unsure,
)

BOX, MOVED, OTHER = Area(10, 10, 30, 30), Area(14, 10, 34, 30), Area(60, 40, 90, 70)
CROP = Area(0, 0, 50, 40)


def label_one(*reviews: PictureReview) -> AreaLabels:
    (area,) = labels_from_reviews(reviews).areas
    return area


def places(boxes: Sequence[object]) -> list[Area]:
    return [area_of(box) for box in boxes]  # type: ignore[arg-type]


def test_confirmed_corrected_and_added_boxes_are_objects_as_the_reviewer_left_them() -> None:
    third = Area(60, 0, 80, 20)
    found = label_one(make_review(confirmed(BOX), corrected(OTHER, to=third), added(OTHER)))
    assert found.boxes == (make_box(BOX), make_box(third), make_box(OTHER))
    assert found.ignored == found.hard_negatives == ()


def test_a_corrected_class_takes_the_place_of_the_proposed_one() -> None:
    found = label_one(make_review(corrected(BOX, to=BOX, class_name=BILLBOARD)))
    assert found.boxes == (make_box(BOX, BILLBOARD),)


def test_a_rejected_box_is_a_place_known_to_be_empty_of_its_class() -> None:
    found = label_one(make_review(rejected(BOX)))
    assert found.boxes == found.ignored == ()
    assert found.hard_negatives == (make_box(BOX),)
    assert GARBAGE in found.labelled_classes


def test_a_rejected_double_of_a_confirmed_box_is_no_negative() -> None:
    found = label_one(make_review(confirmed(BOX), rejected(MOVED)))
    assert found.boxes == (make_box(BOX),)
    assert found.hard_negatives == ()


def test_unsure_boxes_are_neither_objects_nor_background() -> None:
    found = label_one(make_review(unsure(BOX), confirmed(OTHER)))
    assert found.ignored == (BOX,)
    assert found.boxes == (make_box(OTHER),)


def test_a_picture_in_which_nothing_was_proposed_or_added_is_a_negative() -> None:
    found = label_one(make_review(model=None))
    assert found.is_whole
    assert found.boxes == ()
    assert found.labelled_classes == (GARBAGE, BILLBOARD)


def test_only_the_crop_that_was_looked_at_becomes_a_picture() -> None:
    found = label_one(make_review(confirmed(BOX), looked_at=CROP))
    assert found.area == CROP
    assert not found.is_whole


def test_what_reaches_out_of_the_crop_is_cut_at_its_edge() -> None:
    found = label_one(make_review(confirmed(Area(30, 10, 60, 30)), looked_at=CROP))
    assert places(found.boxes) == [Area(30, 10, 50, 30)]


def test_an_object_that_only_peeps_into_a_crop_is_ignored_there() -> None:
    # 10 of its 30 columns lie in the left crop; whoever saw only that was not asked to judge it.
    box = Area(40, 10, 70, 30)
    left = make_review(looked_at=Area(0, 0, 50, 80))
    right = make_review(added(box), looked_at=Area(40, 0, 100, 80), hour=1)
    in_left, in_right = labels_from_reviews([left, right]).areas
    assert in_left.boxes == ()
    assert in_left.ignored == (Area(40, 10, 50, 30),)
    assert places(in_right.boxes) == [box]


def test_classes_that_nobody_was_asked_about_are_not_labelled() -> None:
    found = label_one(make_review(asked_classes=(GARBAGE,)))
    assert found.labelled_classes == (GARBAGE,)


def test_another_question_about_the_same_picture_adds_its_class() -> None:
    found = label_one(
        make_review(confirmed(BOX), asked_classes=(GARBAGE,)),
        make_review(added(OTHER, STRUCTURE), asked_classes=(STRUCTURE,), hour=1),
    )
    assert found.labelled_classes == (GARBAGE, STRUCTURE)
    assert found.boxes == (make_box(BOX), make_box(OTHER, STRUCTURE))


def test_a_question_about_a_crop_does_not_label_its_class_in_the_whole_picture() -> None:
    found = label_one(
        make_review(asked_classes=(GARBAGE,)),
        make_review(added(BOX, STRUCTURE), asked_classes=(STRUCTURE,), looked_at=CROP, hour=1),
    )
    assert found.is_whole
    assert found.labelled_classes == (GARBAGE,)
    assert found.boxes == ()


def test_the_latest_word_of_a_reviewer_counts() -> None:
    first, second = make_review(confirmed(BOX)), make_review(rejected(BOX), hour=1)
    labels = labels_from_reviews([second, first])
    assert labels.areas[0].boxes == ()
    assert labels.areas[0].hard_negatives == (make_box(BOX),)
    assert labels.disagreements == ()


def test_a_later_look_at_a_crop_changes_only_the_crop() -> None:
    labels = labels_from_reviews(
        [
            make_review(confirmed(BOX), confirmed(OTHER)),
            make_review(rejected(BOX), looked_at=CROP, hour=1),
        ]
    )
    assert [area.is_whole for area in labels.areas] == [True]
    assert labels.areas[0].boxes == (make_box(OTHER),)
    assert labels.disagreements == ()


def test_reviewers_who_agree_give_one_box_with_the_newest_outline() -> None:
    # 16 of 24 columns are shared: an IoU of 0.67.
    found = label_one(
        make_review(confirmed(BOX)),
        make_review(corrected(BOX, to=MOVED), reviewer="bob", hour=1),
    )
    assert found.boxes == (make_box(MOVED),)
    assert found.ignored == ()


@pytest.mark.parametrize("opposing", [(rejected(BOX),), ()])
def test_a_box_that_another_reviewer_does_not_want_is_held_out_and_told(
    opposing: tuple[object, ...],
) -> None:
    labels = labels_from_reviews(
        [make_review(confirmed(BOX)), make_review(*opposing, reviewer="bob", hour=1)]  # type: ignore[arg-type]
    )
    (area,) = labels.areas
    assert area.boxes == area.hard_negatives == ()
    assert area.ignored == (BOX,)
    (told,) = labels.disagreements
    assert (told.class_name, told.area) == (GARBAGE, BOX)
    assert (told.reviewers_for, told.reviewers_against) == (("ann",), ("bob",))


def test_reviewers_who_name_two_classes_disagree_on_both() -> None:
    labels = labels_from_reviews(
        [
            make_review(confirmed(BOX)),
            make_review(corrected(BOX, to=BOX, class_name=BILLBOARD), reviewer="bob", hour=1),
        ]
    )
    assert labels.areas[0].boxes == ()
    assert labels.areas[0].ignored == (BOX,)
    assert [told.class_name for told in labels.disagreements] == [BILLBOARD, GARBAGE]


def test_who_did_not_see_the_place_or_was_not_asked_does_not_disagree() -> None:
    elsewhere = make_review(looked_at=Area(50, 40, 100, 80), reviewer="bob", hour=1)
    not_asked = make_review(asked_classes=(STRUCTURE,), reviewer="cleo", hour=2)
    found = label_one(make_review(confirmed(BOX)), elsewhere, not_asked)
    assert found.boxes == (make_box(BOX),)


@pytest.mark.parametrize(
    ("sure", "boxes", "negatives"),
    [(confirmed(BOX), (make_box(BOX),), ()), (rejected(BOX), (), (make_box(BOX),))],
)
def test_a_sure_word_of_another_settles_what_one_was_unsure_of(
    sure: object, boxes: tuple[object, ...], negatives: tuple[object, ...]
) -> None:
    found = label_one(
        make_review(unsure(BOX)),
        make_review(sure, reviewer="bob", hour=1),  # type: ignore[arg-type]
    )
    assert (found.boxes, found.hard_negatives, found.ignored) == (boxes, negatives, ())


def test_two_boxes_of_one_reviewer_are_two_objects_however_they_overlap() -> None:
    found = label_one(make_review(confirmed(BOX), added(MOVED)))
    assert found.boxes == (make_box(BOX), make_box(MOVED))


def test_one_path_cannot_stand_for_two_pictures() -> None:
    with pytest.raises(DatasetError, match="one path has to stand for one picture"):
        labels_from_reviews([make_review(sha256="a" * 64), make_review(sha256="b" * 64)])
