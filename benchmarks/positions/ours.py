"""What this project says of the points, by the way that photos go."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.positions.point_sets import PointSet, offsets_m, read_flight_photo
from benchmarks.positions.scores import Answers
from inference.geometry.ground import Ground
from inference.geometry.locate import locate
from inference.geometry.uncertainty import full_covariance
from inference.geometry.view import View
from inference.merging.flights import FlightPhoto
from inference.pipeline import FlightPlan, plan_comparisons, plan_flights, refine_flight
from inference.reading.decode import read_pixels
from inference.receipt import NotPlaced, ReasonCode
from inference.refinement.features import describe_features
from inference.sighting import Detection, Placement

# The truth is that of a pixel: of a larger box the base would be looked for below its middle.
BOX_HALF_SIDE_PX = 0.1
CLASS_NAME = "exposed_garbage"  # lies on the ground


def read_photos(sets: Sequence[PointSet]) -> list[FlightPhoto]:
    """Return the photos of the sets."""
    return [read_flight_photo(points.photo) for points in sets]


def plan_as_stated(photos: Sequence[FlightPhoto], ground: Ground | None) -> list[FlightPlan]:
    """Return the flights as their photos state them."""
    return plan_flights(photos, ground=ground)


def refine(plans: Sequence[FlightPlan], sets: Sequence[PointSet]) -> list[FlightPlan]:
    """Return the flights with poses put right from what overlapping photos both show."""
    paths = {read_flight_photo(points.photo).sha256: points.photo for points in sets}
    return [
        refine_flight(
            plan,
            plan_comparisons(plan),
            lambda sha256: describe_features(read_pixels(paths[sha256])),
        )
        for plan in plans
    ]


def views_of(plans: Sequence[FlightPlan]) -> dict[str, View | NotPlaced]:
    """Return all views by SHA-256."""
    return {sha256: view for plan in plans for sha256, view in plan.views.items()}


def reasons_of(plans: Sequence[FlightPlan]) -> dict[str, set[ReasonCode]]:
    """Return what makes the photos' geometry doubtful, by SHA-256."""
    return {
        photo.sha256: {
            reason.code for reason in (*photo.metadata.reasons, *plan.reasons.get(photo.sha256, ()))
        }
        for plan in plans
        for photo in plan.flight.photos
    }


def answer(
    sets: Sequence[PointSet],
    photos: Sequence[FlightPhoto],
    views: Mapping[str, View | NotPlaced],
) -> list[Answers]:
    """Return our answers for each photo's points."""
    return [
        _answer_photo(points, views[photo.sha256])
        for points, photo in zip(sets, photos, strict=True)
    ]


def small_detection(pixel: NDArray[np.float64], photo_sha256: str = "") -> Detection:
    """Return a box around a pixel."""
    x, y = map(float, pixel)
    half = BOX_HALF_SIDE_PX
    return Detection(
        id="",
        photo_sha256=photo_sha256,
        class_name=CLASS_NAME,
        confidence=1.0,
        box_photo=(x - half, y - half, x + half, y + half),
        appearance=np.zeros(1, dtype=np.float32),
    )


def _answer_photo(points: PointSet, view: View | NotPlaced) -> Answers:
    count = len(points.pixels)
    found = np.full((count, 2), np.nan)
    covariances = np.full((count, 2, 2), np.nan)
    if isinstance(view, View):
        for row, pixel in enumerate(points.pixels):
            place = locate(small_detection(pixel), view)
            if isinstance(place, Placement):
                found[row] = place.latitude_deg, place.longitude_deg
                covariances[row] = full_covariance(place)[:2, :2]
    placed = np.isfinite(found[:, 0])
    offsets = np.full((count, 2), np.nan)
    if placed.any():
        offsets[placed] = offsets_m(found[placed], points.positions[placed])
    return Answers(photo=Path(points.photo).name, offsets_m=offsets, covariances_m2=covariances)
