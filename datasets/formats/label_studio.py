"""Label Studio's rectangles: percent of the picture, turned about their first corner."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from datasets.errors import DatasetError
from datasets.formats.boxes import Corners, check_size, cut_to_picture, enclose

RECTANGLE_TYPE = "rectanglelabels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle:
    """A labelled rectangle as an upright box in the picture's pixels.

    Attributes:
        region_id: Label Studio's `id`: results of one region share it, such as a label and a
            verdict; a region drawn from a prediction keeps the prediction's.
        word: The label as the project calls it.
        x_min, y_min, x_max, y_max: The box around the rectangle, cut at the picture's edges;
            x_max and y_max are the first ones outside.
        width_px, height_px: Of the picture.
        score: Of the prediction that the region came from; None where a person drew it.
    """

    region_id: str
    word: str
    x_min: float
    y_min: float
    x_max: float
    y_max: float
    width_px: int
    height_px: int
    score: float | None


def parse_rectangle(result: Mapping[str, object]) -> Rectangle:
    """Return the box of one entry of an annotation's or a prediction's `result`.

    Args:
        result: Of the type `rectanglelabels`; unknown keys are passed over.

    Raises:
        DatasetError: Another type, a field is absent or wrong, not exactly one label, the box
            lies outside the picture, or the picture was turned in the editor.
    """
    where = f"region {result.get('id', '(without id)')!r}"
    try:
        region = _Region.model_validate(result, strict=True)
    except ValidationError as error:
        raise DatasetError(f"{where}: {describe_first(error)}") from error
    if region.type != RECTANGLE_TYPE:
        raise DatasetError(f"{where}: type {region.type!r}, expected {RECTANGLE_TYPE!r}")
    if region.image_rotation % 360:
        # Coordinates then refer to the turned picture, which no file of ours shows.
        raise DatasetError(f"{where}: the picture was turned by {region.image_rotation:g} degrees")
    if len(region.value.rectanglelabels) != 1:
        raise DatasetError(f"{where}: labels {region.value.rectanglelabels}, expected one")
    size_px = check_size(region.original_width, region.original_height, where=where)
    x_min, y_min, x_max, y_max = _find_corners(region.value, size_px, where=where)
    return Rectangle(
        region_id=region.id,
        word=region.value.rectanglelabels[0],
        x_min=x_min,
        y_min=y_min,
        x_max=x_max,
        y_max=y_max,
        width_px=size_px[0],
        height_px=size_px[1],
        score=region.score,
    )


def format_rectangle(rectangle: Rectangle, *, from_name: str, to_name: str) -> dict[str, object]:
    """Return the entry of a `result` that `parse_rectangle` reads as this rectangle.

    Args:
        rectangle: Upright.
        from_name: Name of the project's RectangleLabels.
        to_name: Name of its Image.
    """
    width_px, height_px = rectangle.width_px, rectangle.height_px
    score = {} if rectangle.score is None else {"score": rectangle.score}
    return {
        "id": rectangle.region_id,
        "from_name": from_name,
        "to_name": to_name,
        "type": RECTANGLE_TYPE,
        "original_width": width_px,
        "original_height": height_px,
        "image_rotation": 0,
        **score,
        "value": {
            "x": rectangle.x_min / width_px * 100,
            "y": rectangle.y_min / height_px * 100,
            "width": (rectangle.x_max - rectangle.x_min) / width_px * 100,
            "height": (rectangle.y_max - rectangle.y_min) / height_px * 100,
            "rotation": 0,
            RECTANGLE_TYPE: [rectangle.word],
        },
    }


def describe_first(error: ValidationError) -> str:
    """Return the first thing that is wrong, with its place, on one line."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "the whole"
    return f"{place}: {first['msg']}"


def _find_corners(value: "_Value", size_px: tuple[int, int], *, where: str) -> Corners:
    """Return the upright box in pixels.

    Percent are of width and height each, but the angle is one of the picture as shown: the
    rectangle has to be turned in pixels, clockwise about its corner (x, y).
    """
    if value.width < 0 or value.height < 0:
        raise DatasetError(f"{where}: a width or height is negative")
    x, width = (percent / 100 * size_px[0] for percent in (value.x, value.width))
    y, height = (percent / 100 * size_px[1] for percent in (value.y, value.height))
    if not value.rotation % 360:
        return cut_to_picture((x, y, x + width, y + height), size_px=size_px, where=where)
    sine, cosine = math.sin(math.radians(value.rotation)), math.cos(math.radians(value.rotation))
    corners = enclose(
        (x + along * cosine - down * sine, y + along * sine + down * cosine)
        for along, down in ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    )
    # The corners of a turned rectangle may well lie outside while its object lies inside.
    return cut_to_picture(corners, size_px=size_px, where=where, max_outside_px=max(size_px))


_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Value(BaseModel):
    model_config = ConfigDict(extra="ignore")

    x: _Finite
    y: _Finite
    width: _Finite
    height: _Finite
    rotation: _Finite = 0.0
    rectanglelabels: list[str] = []


class _Region(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str
    type: str
    original_width: int
    original_height: int
    image_rotation: _Finite = 0.0
    score: Annotated[float, Field(ge=0, le=1)] | None = None
    value: _Value
