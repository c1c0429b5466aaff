"""Heights by the drone's laser: real photos that look down, and drawn ones that look ahead."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.positions.drawn_flights import HEIGHT_PX, WIDTH_PX, true_camera
from benchmarks.positions.drawn_ground import enu_to_lla, lla_to_enu
from benchmarks.positions.ours import plan_as_stated, reasons_of, small_detection, views_of
from benchmarks.positions.point_sets import read_flight_photo
from benchmarks.positions.scores import INSIDE
from datasets.scenes.viewing import SceneView, viewing_rays
from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate, locate_pixels
from inference.geometry.uncertainty import full_covariance
from inference.geometry.view import View
from inference.merging.flights import FlightPhoto
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Placement

TARGET_HEIGHT = re.compile(rb'LRFTargetAbsAlt\s*(?:="|>)\s*([-+0-9.]+)')
HEIGHT_DOUBTS = {
    ReasonCode.HEIGHT_UNVERIFIED,
    ReasonCode.HEIGHT_DATUM_UNKNOWN,
    ReasonCode.ABSURD_HEIGHT,
    ReasonCode.NO_HEIGHT,
}
# Of the picture's width and height: the middle says nothing of the height.
CORNERS = ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9))
POSES = 400
PITCHES_DEG = (-80.0, -20.0)
DISTANCE_SIGMA_M = 0.2
WRONG_ALTITUDE_M = 23.8
SEED = 7


@dataclass(frozen=True, kw_only=True)
class LaserPhoto:
    """What becomes of a real photo with a laser's distance, and without it.

    Attributes:
        height_error_m: Of the ground at the picture's middle against what the drone wrote.
        is_flagged: Whether the photo without the laser's tags says that its height is doubtful.
        corner_offset_m: How far its corners move when the laser is hidden, median.
        corners_inside: Share of them that the 90 % ellipses without the laser still hold.
    """

    name: str
    height_error_m: float
    is_flagged: bool
    corner_offset_m: float
    corners_inside: float


@dataclass(frozen=True, kw_only=True)
class DrawnLaser:
    """Horizontal errors at the middle of drawn oblique photos.

    Attributes:
        p90_m: With the laser, true attitude.
        p90_by_altitude_m: By the relative altitude, which is off, true attitude.
    """

    count: int
    median_m: float
    p90_m: float
    p90_by_altitude_m: float


def read_leipzig(folder: Path) -> list[LaserPhoto]:
    """Return what becomes of the photos of a flight with a laser."""
    photos = [read_flight_photo(path) for path in sorted(folder.glob("DJI_*.JPG"))]
    hidden = [
        replace(photo, metadata=replace(photo.metadata, laser_distance_m=None)) for photo in photos
    ]
    plans = plan_as_stated(hidden, None)
    with_laser, without = views_of(plan_as_stated(photos, None)), views_of(plans)
    codes = reasons_of(plans)
    return [
        _compare(
            photo,
            with_laser[photo.sha256],
            without[photo.sha256],
            is_flagged=bool(codes[photo.sha256] & HEIGHT_DOUBTS),
        )
        for photo in photos
    ]


def measure_drawn_laser() -> DrawnLaser:
    """Return the horizontal errors of what the laser of an oblique camera met."""
    rng = np.random.default_rng(SEED)
    by_laser, by_altitude = [], []
    for _ in range(POSES):
        pose = SceneView(
            east_m=0.0, north_m=0.0, up_m=float(rng.uniform(30.0, 110.0)),
            yaw_deg=float(rng.uniform(0.0, 360.0)), pitch_deg=float(rng.uniform(*PITCHES_DEG)),
            roll_deg=float(rng.normal(0.0, 1.0)),
        )  # fmt: skip
        middle = np.array([(WIDTH_PX - 1) / 2.0, (HEIGHT_PX - 1) / 2.0])
        ray = viewing_rays(middle, pose, true_camera())
        ray /= np.linalg.norm(ray)
        distance_m = -pose.up_m / ray[2]
        met = pose.position + distance_m * ray
        laser = distance_m + float(rng.normal(0.0, DISTANCE_SIGMA_M))
        by_laser.append(_miss_m(pose, laser, met, middle))
        by_altitude.append(_miss_m(pose, None, met, middle))
    return DrawnLaser(
        count=POSES,
        median_m=float(np.median(by_laser)),
        p90_m=float(np.percentile(by_laser, 90)),
        p90_by_altitude_m=float(np.percentile(by_altitude, 90)),
    )


def laser_photo_text(photo: LaserPhoto) -> str:
    """Return one line of the table."""
    return (
        f"{photo.name:<40} height of the ground off by {photo.height_error_m:5.2f} m; without the "
        f"laser flagged: {'yes' if photo.is_flagged else 'no'}, corners move by "
        f"{photo.corner_offset_m:.1f} m, {photo.corners_inside:.0%} within the ellipse"
    )


def drawn_laser_text(found: DrawnLaser) -> str:
    """Return one line of the table."""
    return (
        f"{'drawn, pitch -80 to -20, with laser':<40} n {found.count}  median {found.median_m:.2f}"
        f"  by an altitude {WRONG_ALTITUDE_M} m off p90 {found.p90_by_altitude_m:.1f}"
        f"  by laser p90 {found.p90_m:.2f}"
    )


def is_doubt_told(photo: LaserPhoto) -> bool:
    """Tell whether a reader of the photo without the laser is warned."""
    return photo.is_flagged or photo.corners_inside == 1.0


def _compare(
    photo: FlightPhoto,
    with_laser: View | NotPlaced,
    without: View | NotPlaced,
    *,
    is_flagged: bool,
) -> LaserPhoto:
    if isinstance(with_laser, NotPlaced):
        raise ValueError(f"{photo.name} has no view: {with_laser}")
    found = TARGET_HEIGHT.search((Path(photo.folder) / photo.name).read_bytes())
    stated_m = float(found.group(1)) if found else float("nan")
    camera_m = photo.metadata.absolute_altitude_m or float("nan")
    size = np.array([photo.metadata.width_px - 1, photo.metadata.height_px - 1], dtype=np.float64)
    below = with_laser.camera_height_m - locate_pixels(with_laser, size[None] / 2.0)[0, 2]
    moved, inside = _hide(with_laser, without, np.array(CORNERS) * size)
    return LaserPhoto(
        name=photo.name,
        height_error_m=abs(camera_m - below - stated_m),
        is_flagged=is_flagged or isinstance(without, NotPlaced),
        corner_offset_m=moved,
        corners_inside=inside,
    )


def _hide(
    with_laser: View, without: View | NotPlaced, pixels: NDArray[np.float64]
) -> tuple[float, float]:
    """Return how far places move without the laser, and which share its ellipses still hold."""
    moved, inside = [], []
    positions = enu_to_wgs84(with_laser.frame, locate_pixels(with_laser, pixels))
    for pixel, position in zip(pixels, positions, strict=True):
        place = (
            without if isinstance(without, NotPlaced) else locate(small_detection(pixel), without)
        )
        if isinstance(place, Placement):
            frame = EnuFrame(latitude_deg=position[0], longitude_deg=position[1])
            offset = wgs84_to_enu(frame, [[place.latitude_deg, place.longitude_deg, 0.0]])[0, :2]
            covariance = full_covariance(place)[:2, :2]
            moved.append(float(np.hypot(*offset)))
            inside.append(bool(offset @ np.linalg.solve(covariance, offset) < INSIDE))
    return (float(np.median(moved)), float(np.mean(inside))) if moved else (float("nan"), 1.0)


def _miss_m(
    pose: SceneView, laser_m: float | None, met: NDArray[np.float64], pixel: NDArray[np.float64]
) -> float:
    """Return how far from what the camera's middle met it is placed."""
    longitude, latitude, _ = enu_to_lla(pose.position[None])
    metadata = PhotoMetadata(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        latitude_deg=float(latitude[0]),
        longitude_deg=float(longitude[0]),
        relative_altitude_m=pose.up_m + WRONG_ALTITUDE_M,
        laser_distance_m=laser_m,
        attitude=Attitude(
            yaw_deg=pose.yaw_deg,
            pitch_deg=pose.pitch_deg,
            roll_deg=pose.roll_deg,
            source="dji_gimbal",
        ),
        lens=Lens(focal_length_35mm=26.1),
    )
    view = plan_view(metadata, None, None)
    if not isinstance(view, View):
        raise ValueError(f"a photo that was drawn has no view: {view}")
    hit = locate_pixels(view, pixel[None])[0]
    place = enu_to_wgs84(view.frame, hit[None])[0]
    found = lla_to_enu(float(place[1]), float(place[0]), 0.0)
    return float(np.hypot(*(found - met)[:2]))


def doubts_told(photos: Sequence[LaserPhoto]) -> float:
    """Return the share of the photos whose reader is warned."""
    return float(np.mean([is_doubt_told(photo) for photo in photos]))
