"""Detections on the ground, and the objects that they are views of."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from inference.receipt import NotPlaced


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detection:
    """One box in the pixels of a photo as decoded (unturned).

    Attributes:
        id: UUIDv5, see `inference.identity`.
        photo_sha256: Of the photo's bytes.
        box_photo: x_min, y_min, x_max, y_max, rounded to 0.1 px.
        appearance: (K,) float32 of unit length, compares what the box shows.
    """

    id: str
    photo_sha256: str
    class_name: str
    confidence: float
    box_photo: tuple[float, float, float, float]
    appearance: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placement:
    """A position on the ground with its error in two parts, in the local ENU frame there.

    Attributes:
        height_m: Of the ground there, in the datum named, or None over flat ground of unknown
            height.
        own_covariance_m2: (3, 3) east, north, up; errors of this photo alone.
        shared_loading_m: (3, K); column k is the displacement that one sigma of the k-th error
            causes that other photos share (order: SHARED_ERRORS in inference.geometry.uncertainty).
            The full covariance is own + loading @ loading.T.
        method: How the height was found, see `inference.geometry.view`.
        footprint_wgs84: The box's outline on the ground as (longitude, latitude) points; empty for
            places from the street, whose ellipse is larger than any object.
        ground_size_m: Width and depth of the box on the ground.
        is_part: The photo's edge cuts the object: it is larger, and its middle lies elsewhere.
    """

    latitude_deg: float
    longitude_deg: float
    height_m: float | None
    height_datum: str | None
    own_covariance_m2: NDArray[np.float64]
    shared_loading_m: NDArray[np.float64]
    method: str
    footprint_wgs84: tuple[tuple[float, float], ...]
    ground_size_m: tuple[float, float]
    gsd_m: float
    is_part: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """A detection with its place on the ground, or the reason why it has none."""

    detection: Detection
    place: Placement | NotPlaced
    captured_at: datetime | None
    capture_uuid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherClass:
    """What else an object was taken for, and how surely."""

    class_name: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finding:
    """One physical object within a flight: the sightings of it, best first.

    Attributes:
        id: That of its first detection in capture order.
        position: The merged place, or why there is none. Its covariance keeps the shared part.
        independent_views: Sightings less those of one shutter release or one hover.
        other_classes: What else its boxes were taken for, the surest first.
    """

    id: str
    flight_id: str
    class_name: str
    confidence: float
    sightings: tuple[Sighting, ...]
    position: Placement | NotPlaced
    independent_views: int
    other_classes: tuple[OtherClass, ...] = ()
