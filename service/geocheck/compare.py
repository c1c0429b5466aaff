"""Surveyed points beside the places that their pixels are given, on a detection's own way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.geometry.locate import locate
from inference.geometry.uncertainty import full_covariance
from inference.geometry.view import View
from inference.reading.metadata import PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement
from service.geocheck.matching import PhotoNames, match_photo
from service.geocheck.photo_views import PhotoViews
from service.geocheck.true_point import TruePoint
from service.inspecting.progress import Reporter

# A point is a box of no class that is known to stand up, and next to no size: of a larger one the
# lower part would be taken for the base. Its sigma is a pixel all the same, as a person's hand has.
BOX_HALF_SIDE_PX = 0.1
CLASS_NAME = "ground_point"

MAX_DISTANCE_M = 20_000.0  # from the camera; what lies farther is a mistake in the truth file


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointError:
    """How far off a place is, and how far it said it might be.

    Attributes:
        offset_m: (2,) east and north, found less true.
        covariance_m2: (2, 2) as stated with the place.
        view_azimuth_deg: Clockwise from north, from the camera's foot to the true place.
        camera_wgs84: Latitude and longitude of the camera.
    """

    place: Placement
    offset_m: NDArray[np.float64]
    covariance_m2: NDArray[np.float64]
    view_azimuth_deg: float
    camera_wgs84: tuple[float, float]

    @property
    def distance_m(self) -> float:
        """Return the distance on the ground."""
        return float(np.hypot(*self.offset_m))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointCheck:
    """A surveyed point with what became of it.

    Attributes:
        photo: Name of the photo that was given, or None where there is none.
        pixel: Column and row in that photo, scaled.
        stated: From the pose as the photo has it.
        refined: From the pose put right; None where that was not tried.
    """

    truth: TruePoint
    photo: str | None
    pixel: tuple[float, float] | None
    stated: PointError | NotPlaced
    refined: PointError | NotPlaced | None

    @property
    def final(self) -> PointError | NotPlaced:
        """Return what an inspection would give."""
        return self.stated if self.refined is None else self.refined


def check_points(
    points: Sequence[TruePoint], views: PhotoViews, *, scale: float | None, reporter: Reporter
) -> list[PointCheck]:
    """Return every point of the truth, compared or with the reason why not, in its order.

    Args:
        points: In the order of the file.
        views: The photos.
        scale: Size of the photos as a part of those that the pixels were measured on, where the
            truth file itself does not say; None for the same size.
        reporter: Is told how far it is.
    """
    names = PhotoNames.of([*views.photos, *views.refused])
    matches = {wanted: match_photo(wanted, names) for wanted in {point.photo for point in points}}
    outside = _find_outside(points, matches, views, scale=scale)
    reporter.begin("Comparing points", total=len(points))
    checks = dict[int, PointCheck]()
    # Photo by photo: the ground around one is read once for all of its points.
    for index in sorted(range(len(points)), key=lambda index: points[index].photo):
        point = points[index]
        checks[index] = _check(point, matches[point.photo], views, scale=scale, outside=outside)
        reporter.step()
    return [checks[index] for index in range(len(points))]


def scaled_pixel(
    point: TruePoint, metadata: PhotoMetadata, *, scale: float | None
) -> tuple[float, float]:
    """Return the point's column and row in the photo as it is here."""
    across = down = 1.0 if scale is None else scale
    if point.measured_size_px is not None:
        width_px, height_px = point.measured_size_px
        across, down = metadata.width_px / width_px, metadata.height_px / height_px
    # Whole numbers are the pixels' centres: it is the corners that scale.
    return (point.column_px + 0.5) * across - 0.5, (point.row_px + 0.5) * down - 0.5


def _find_outside(
    points: Sequence[TruePoint],
    matches: dict[str, str | NotPlaced],
    views: PhotoViews,
    *,
    scale: float | None,
) -> dict[str, NotPlaced]:
    """Return the photos with a pixel outside: those inside them were measured alike, and wrong."""
    outside = dict[str, NotPlaced]()
    for point in points:
        name = matches[point.photo]
        view = None if isinstance(name, NotPlaced) else views.photos.get(name)
        if view is None or view.name in outside:
            continue
        column, row = scaled_pixel(point, view.metadata, scale=scale)
        width_px, height_px = view.metadata.width_px, view.metadata.height_px
        if not (-0.5 <= column <= width_px - 0.5 and -0.5 <= row <= height_px - 0.5):
            outside[view.name] = NotPlaced(
                code=ReasonCode.PIXEL_OUTSIDE_PHOTO,
                detail=f"line {point.line}: pixel {column:.0f}, {row:.0f} in a photo of "
                f"{width_px} x {height_px}; measured on a larger one? (see --scale)",
            )
    return outside


def _check(
    point: TruePoint,
    name: str | NotPlaced,
    views: PhotoViews,
    *,
    scale: float | None,
    outside: dict[str, NotPlaced],
) -> PointCheck:
    if isinstance(name, NotPlaced):
        return PointCheck(truth=point, photo=None, pixel=None, stated=name, refined=None)
    view = views.photos.get(name)
    if view is None:
        reason = views.refused[name]
        refusal = NotPlaced(code=reason.code, detail=reason.detail)
        return PointCheck(truth=point, photo=name, pixel=None, stated=refusal, refined=None)
    pixel = scaled_pixel(point, view.metadata, scale=scale)
    if name in outside:
        return PointCheck(truth=point, photo=name, pixel=pixel, stated=outside[name], refined=None)
    return PointCheck(
        truth=point,
        photo=name,
        pixel=pixel,
        stated=_measure(point, pixel, view.stated),
        refined=None if view.refined is None else _measure(point, pixel, view.refined),
    )


def _measure(
    point: TruePoint, pixel: tuple[float, float], view: View | NotPlaced
) -> PointError | NotPlaced:
    """Return how far from the truth the pixel is placed."""
    if isinstance(view, NotPlaced):
        return view
    truth = [[point.latitude_deg, point.longitude_deg, 0.0]]
    east_m, north_m = map(float, wgs84_to_enu(view.frame, truth)[0, :2])
    distance_m = math.hypot(east_m, north_m)
    if distance_m > MAX_DISTANCE_M:
        return NotPlaced(
            code=ReasonCode.BEYOND_RANGE,
            detail=f"the truth lies {distance_m / 1000:.0f} km from the camera: is its coordinate "
            "system right, and x to the east?",
        )
    place = locate(_tiny_box(pixel), view)
    if isinstance(place, NotPlaced):
        return place
    frame = EnuFrame(latitude_deg=point.latitude_deg, longitude_deg=point.longitude_deg)
    found = wgs84_to_enu(frame, [[place.latitude_deg, place.longitude_deg, 0.0]])[0, :2]
    return PointError(
        place=place,
        offset_m=found,
        covariance_m2=full_covariance(place)[:2, :2],
        view_azimuth_deg=math.degrees(math.atan2(east_m, north_m)) % 360.0,
        camera_wgs84=(view.frame.latitude_deg, view.frame.longitude_deg),
    )


def _tiny_box(pixel: tuple[float, float]) -> Detection:
    column, row = pixel
    half = BOX_HALF_SIDE_PX
    return Detection(
        id="",
        photo_sha256="",
        class_name=CLASS_NAME,
        confidence=1.0,
        box_photo=(column - half, row - half, column + half, row + half),
        appearance=np.zeros(1, dtype=np.float32),
    )
