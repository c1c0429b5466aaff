import re
from datetime import datetime

import pytest

from datasets.errors import DatasetError
from datasets.reviews.areas import Area
from datasets.reviews.review import ProposedBox, ReviewedBox, Verdict
from tests.datasets.reviews.factories import (
    GARBAGE,
    STRUCTURE,
    added,
    confirmed,
    corrected,
    make_box,
    make_review,
    rejected,
)

BOX = Area(10, 10, 30, 30)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"asked_classes": ()}, "asked_classes [] have to be"),
        ({"asked_classes": ("pothole",)}, "asked_classes ['pothole'] have to be"),
        ({"looked_at": Area(0, 0, 101, 80)}, "is no part of the picture"),
        ({"looked_at": Area(5, 5, 5, 80)}, "is no part of the picture"),
        ({"picture": "../photo.png"}, "no file name within the picture folder"),
        ({"width_px": 0}, "is not possible"),
        ({"reviewed_at": datetime(2026, 11, 20)}, "has no time zone"),
    ],
)
def test_a_review_that_does_not_hold_together_is_refused(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(DatasetError, match=re.escape(message)):
        make_review(**changes)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (ReviewedBox(verdict=Verdict.CONFIRMED, final=make_box(BOX)), "needs a proposed box"),
        (
            ReviewedBox(
                verdict=Verdict.REJECTED,
                proposed=ProposedBox(class_name=GARBAGE, area=BOX),
                final=make_box(BOX),
            ),
            "verdict rejected has no final box",
        ),
        (
            ReviewedBox(
                verdict=Verdict.CONFIRMED,
                proposed=ProposedBox(class_name=GARBAGE, area=BOX),
                final=make_box(Area(10, 10, 30, 31)),
            ),
            "differs from its proposal; say corrected",
        ),
        (added(Area(90, 10, 110, 30)), "is no part of the picture"),
        (added(Area(10, 10, 10, 30)), "is no part of the picture"),
        (confirmed(BOX, STRUCTURE), "which asked_classes"),
        (corrected(BOX, BOX, STRUCTURE), "which asked_classes"),
    ],
)
def test_a_box_that_contradicts_its_verdict_or_picture_is_refused(
    box: ReviewedBox, message: str
) -> None:
    with pytest.raises(DatasetError, match=re.escape(message)):
        make_review(box)


def test_nobody_judges_what_was_not_shown() -> None:
    # The crop ends at column 19: 9 of the box's 20 columns are in it.
    with pytest.raises(DatasetError, match="mostly outside what was looked at"):
        make_review(rejected(BOX), looked_at=Area(0, 0, 19, 80))
    make_review(rejected(BOX), looked_at=Area(0, 0, 20, 80))


def test_a_sub_class_has_to_be_one_of_its_class() -> None:
    box = ReviewedBox(verdict=Verdict.ADDED, final=make_box(BOX, GARBAGE, "torn"))
    with pytest.raises(DatasetError, match="torn"):
        make_review(box)
