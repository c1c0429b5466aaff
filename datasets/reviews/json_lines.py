"""Reviews as JSON lines, one review a line; docs/reviews.md describes every field."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from datasets.errors import DatasetError
from datasets.formats.boxes import make_box
from datasets.formats.files import read_bytes
from datasets.formats.label_studio import describe_first
from datasets.formats.labels import Label, OnTrouble
from datasets.labelled_picture import LabelledBox, View
from datasets.reviews.areas import Area
from datasets.reviews.review import (
    PictureReview,
    ProposedBox,
    ProposingModel,
    ReviewedBox,
    Verdict,
    area_of,
    check_review,
)

SCHEMA_VERSION = "1"
MAX_FILE_BYTES = 500_000_000
MAX_BOXES = 10_000  # of one picture
MAX_WORDS = 200  # characters of a name
WHOLE_PICTURE = "picture"


def read_review_lines(
    path: Path, *, on_trouble: OnTrouble | None = None
) -> tuple[PictureReview, ...]:
    """Return the reviews in a file, in its order.

    Args:
        path: Of the file.
        on_trouble: Told of each line that is left out because it is no review; without it the
            first such line ends the reading.

    Raises:
        DatasetError: It cannot be read, or a line is no review; says which line.
    """
    reviews = []
    for number, line in enumerate(read_bytes(path, max_bytes=MAX_FILE_BYTES).split(b"\n"), start=1):
        if line.strip():
            try:
                reviews.append(parse_review(line))
            except DatasetError as error:
                if on_trouble is None:
                    raise DatasetError(f"{path}, line {number}: {error}") from error
                on_trouble(f"line {number} of {path.name}", error)
    return tuple(reviews)


def write_review_lines(reviews: Iterable[PictureReview], path: Path) -> None:
    """Write a file that `read_review_lines` takes."""
    path.write_text("".join(map(format_review, reviews)), encoding="utf-8")


def parse_review(line: str | bytes) -> PictureReview:
    """Return the review of a line, in UTF-8.

    Raises:
        DatasetError: A field is absent, unknown or of a wrong value, or `check_review` refuses it.
    """
    try:
        record = _Review.model_validate_json(line)
        reviewed_at = record.reviewed_at.astimezone(UTC)
    except ValidationError as error:
        raise DatasetError(describe_first(error)) from error
    except OverflowError as error:  # of the first and last day that Python knows
        raise DatasetError(f"reviewed_at: {record.reviewed_at} is no time in UTC") from error
    size_px = (record.width_px, record.height_px)
    return check_review(
        PictureReview(
            picture=record.picture,
            sha256=record.sha256,
            width_px=record.width_px,
            height_px=record.height_px,
            reviewer=record.reviewer,
            reviewed_at=reviewed_at,
            model=None if record.model is None else ProposingModel(**record.model.model_dump()),
            looked_at=_parse_looked_at(record.looked_at, size_px),
            asked_classes=tuple(record.asked_classes),
            boxes=tuple(_parse_box(box, size_px) for box in record.boxes),
            group=record.group,
            view=record.view,
            gsd_m=record.gsd_m,
        )
    )


def format_review(review: PictureReview) -> str:
    """Return the line of a review, with its line feed; what is not known is left out."""
    record: dict[str, Any] = {  # Any: JSON
        "schema_version": SCHEMA_VERSION,
        "picture": review.picture,
        "sha256": review.sha256,
        "width_px": review.width_px,
        "height_px": review.height_px,
        "group": review.group,
        "view": review.view.value,
        "gsd_m": review.gsd_m,
        "reviewer": review.reviewer,
        "reviewed_at": _format_time(review.reviewed_at),
        "model": review.model
        and _without_none({"name": review.model.name, "version": review.model.version}),
        "looked_at": WHOLE_PICTURE
        if review.looked_at == review.whole
        else _format_area(review.looked_at),
        "asked_classes": list(review.asked_classes),
        "boxes": [_format_box(box) for box in review.boxes],
    }
    return json.dumps(_without_none(record), ensure_ascii=False, allow_nan=False) + "\n"


def _parse_looked_at(value: Literal["picture"] | list[int], size_px: tuple[int, int]) -> Area:
    if isinstance(value, str):
        return Area(0, 0, *size_px)
    return Area(*value)


def _parse_box(record: "_JudgedBox", size_px: tuple[int, int]) -> ReviewedBox:
    proposed = None if record.proposed is None else _parse_proposed(record.proposed, size_px)
    final = (
        None if record.final is None else _make_box(record.final, size_px, record.final.sub_class)
    )
    if record.verdict is Verdict.CONFIRMED and final is None and record.proposed is not None:
        final = _make_box(record.proposed, size_px)  # unchanged: it need not be written twice
    return ReviewedBox(verdict=record.verdict, proposed=proposed, final=final, note=record.note)


def _parse_proposed(record: "_BoxWithScore", size_px: tuple[int, int]) -> ProposedBox:
    box = _make_box(record, size_px)
    return ProposedBox(class_name=box.class_name, area=area_of(box), score=record.score)


def _make_box(
    record: "_Box", size_px: tuple[int, int], sub_class: str | None = None
) -> LabelledBox:
    x_min, y_min, x_max, y_max = record.box
    label = Label(record.class_name, sub_class)
    return make_box((x_min, y_min, x_max, y_max), label, size_px=size_px, where="boxes")


def _format_box(box: ReviewedBox) -> dict[str, Any]:  # Any: JSON
    proposed = box.proposed and _without_none(
        {
            "class": box.proposed.class_name,
            "box": _format_area(box.proposed.area),
            "score": box.proposed.score,
        }
    )
    final = box.final and _without_none(
        {
            "class": box.final.class_name,
            "sub_class": box.final.sub_class,
            "box": _format_area(area_of(box.final)),
        }
    )
    note = box.note or None
    return _without_none(
        {"verdict": box.verdict.value, "proposed": proposed, "final": final, "note": note}
    )


def _format_area(area: Area) -> list[float]:
    return [area.x_min, area.y_min, area.x_max, area.y_max]


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _without_none(record: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    return {key: value for key, value in record.items() if value is not None}


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


_Words = Annotated[str, Field(min_length=1, max_length=MAX_WORDS)]
_Side = Annotated[int, Field(ge=1)]


class _Box(_Record):
    class_name: _Words = Field(alias="class")
    box: list[float] = Field(min_length=4, max_length=4)


class _BoxWithScore(_Box):
    score: Annotated[float, Field(ge=0, le=1)] | None = None


class _FinalBox(_Box):
    sub_class: _Words | None = None


class _JudgedBox(_Record):
    verdict: Verdict
    proposed: _BoxWithScore | None = None
    final: _FinalBox | None = None
    note: Annotated[str, Field(max_length=10_000)] = ""


class _Model(_Record):
    name: _Words
    version: _Words | None = None


class _Review(_Record):
    schema_version: Literal["1"]
    picture: Annotated[str, Field(min_length=1, max_length=1000)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    width_px: _Side
    height_px: _Side
    group: _Words
    view: View
    gsd_m: Annotated[float, Field(gt=0)] | None = None
    reviewer: _Words
    reviewed_at: AwareDatetime
    model: _Model | None = None
    looked_at: Literal["picture"] | Annotated[list[int], Field(min_length=4, max_length=4)]
    asked_classes: list[str]
    boxes: Annotated[list[_JudgedBox], Field(max_length=MAX_BOXES)]
