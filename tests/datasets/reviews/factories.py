"""Reviews of one picture of 100 x 80 pixels."""

from datetime import UTC, datetime, timedelta
from typing import Any

from datasets.labelled_picture import LabelledBox, View
from datasets.reviews.areas import Area
from datasets.reviews.review import (
    PictureReview,
    ProposedBox,
    ProposingModel,
    ReviewedBox,
    Verdict,
    check_review,
)

GARBAGE, BILLBOARD, STRUCTURE = "exposed_garbage", "damaged_billboard", "illegal_structure"
WIDTH_PX, HEIGHT_PX = 100, 80
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_review(*boxes: ReviewedBox, hour: int = 0, **changes: Any) -> PictureReview:
    fields: dict[str, Any] = {
        "picture": "flight7/photo.png",
        "sha256": None,
        "width_px": WIDTH_PX,
        "height_px": HEIGHT_PX,
        "reviewer": "ann",
        "reviewed_at": NOON + timedelta(hours=hour),
        "model": ProposingModel(name="patrol-n", version="0.2.0"),
        "looked_at": Area(0, 0, WIDTH_PX, HEIGHT_PX),
        "asked_classes": (GARBAGE, BILLBOARD),
        "boxes": boxes,
        "group": "flight7",
        "view": View.STREET,
    }
    return check_review(PictureReview(**(fields | changes)))


def make_box(area: Area, class_name: str = GARBAGE, sub_class: str | None = None) -> LabelledBox:
    return LabelledBox(
        class_name=class_name,
        sub_class=sub_class,
        x_min=area.x_min,
        y_min=area.y_min,
        x_max=area.x_max,
        y_max=area.y_max,
    )


def confirmed(area: Area, class_name: str = GARBAGE) -> ReviewedBox:
    return ReviewedBox(
        verdict=Verdict.CONFIRMED,
        proposed=ProposedBox(class_name=class_name, area=area, score=0.5),
        final=make_box(area, class_name),
    )


def corrected(area: Area, to: Area, class_name: str = GARBAGE) -> ReviewedBox:
    return ReviewedBox(
        verdict=Verdict.CORRECTED,
        proposed=ProposedBox(class_name=GARBAGE, area=area, score=0.5),
        final=make_box(to, class_name),
    )


def added(area: Area, class_name: str = GARBAGE) -> ReviewedBox:
    return ReviewedBox(verdict=Verdict.ADDED, final=make_box(area, class_name))


def rejected(area: Area, class_name: str = GARBAGE) -> ReviewedBox:
    proposed = ProposedBox(class_name=class_name, area=area, score=0.5)
    return ReviewedBox(verdict=Verdict.REJECTED, proposed=proposed)


def unsure(area: Area, class_name: str = GARBAGE) -> ReviewedBox:
    proposed = ProposedBox(class_name=class_name, area=area, score=0.5)
    return ReviewedBox(verdict=Verdict.UNSURE, proposed=proposed)
