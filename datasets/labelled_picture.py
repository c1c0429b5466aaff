"""Labelled pictures as values: what was looked for, and where it was seen."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

MAX_SIDE_PX = 1_000_000  # no file of a picture has more


class View(StrEnum):
    """From where a picture was taken; scores of different views are never mixed."""

    STREET = "street"
    DRONE = "drone"


class Origin(StrEnum):
    """Whether a picture is real; scores of different origins are never mixed."""

    PHOTO = "photo"
    PASTED = "pasted"  # real crops on a real background
    RENDERED = "rendered"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBox:
    """One object in the pixels of its picture; x_max and y_max are the first ones outside.

    Attributes:
        class_name: Of the taxonomy, or a word of the source that no project class stands for.
        sub_class: Of the taxonomy, where it is known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    class_name: str
    x_min: float
    y_min: float
    x_max: float
    y_max: float
    sub_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPicture:
    """A picture with all that is known of it but its pixels.

    Attributes:
        path: Relative to the folder of its picture set, with `/`.
        sha256: Of the file, hexadecimal.
        boxes: None of a class in `labelled_classes` means: looked for, not there.
        labelled_classes: Those that somebody looked for; nothing is known of the others.
        split: train, val or test.
        group: Burst, flight or time slot within the source: its pictures are no independent
            witnesses and share one split.
        gsd_m: Ground sample distance in metres a pixel, where it is known.
        captured_at: ISO 8601, where it is known.
        latitude, longitude: EPSG:4326 in degrees, where they are known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    path: str
    sha256: str
    width_px: Annotated[int, Field(ge=1, le=MAX_SIDE_PX)]
    height_px: Annotated[int, Field(ge=1, le=MAX_SIDE_PX)]
    boxes: tuple[LabelledBox, ...]
    labelled_classes: tuple[str, ...]
    source: str
    group: str
    split: str
    view: View
    origin: Origin = Origin.PHOTO
    gsd_m: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    captured_at: str | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


def has_possible_boxes(picture: LabelledPicture) -> bool:
    """Return whether all corners are numbers that a picture's pixels may have.

    Nothing can be learned or scored with others: their areas are no numbers either.
    """
    return all(
        abs(corner) <= MAX_SIDE_PX  # not so for NaN, either
        for box in picture.boxes
        for corner in (box.x_min, box.y_min, box.x_max, box.y_max)
    )
