"""Flights made up for the refinement: overlapping photos, true and stated poses, and matches.

Projection is written here and not taken from `inference`, so that a shared bug cannot cancel out.
Run with `python -m benchmarks.overlapping_flights` for how the refinement does on many of them.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.geometry.camera import Camera
from inference.geometry.frames import EnuFrame, enu_to_wgs84, wgs84_to_enu
from inference.geometry.ground import Bounds, FlatGround, Ground
from inference.geometry.locate import locate
from inference.geometry.pose import Pose, PoseAccuracy
from inference.geometry.pose_errors import plan_pose_errors
from inference.geometry.surface import RasterSurface
from inference.geometry.uncertainty import error_ellipse, full_covariance
from inference.geometry.view import FLAT_GROUND, GROUND_MODEL, View, plan_bounds
from inference.refinement.matches import PairMatches
from inference.refinement.refine import refine_views
from inference.sighting import Detection, Placement

BASE = EnuFrame(latitude_deg=47.0, longitude_deg=8.0)
WIDTH_PX, HEIGHT_PX, FOCAL_PX = 4000, 3000, 2900.0
CELL_M = 1.0

GNSS = PoseAccuracy(
    shared_horizontal_m=2.0, own_horizontal_m=0.7, shared_vertical_m=2.0, own_vertical_m=0.3,
    shared_yaw_deg=2.5, own_yaw_deg=0.7, shared_pitch_deg=0.6, own_pitch_deg=0.4,
    shared_roll_deg=0.6, own_roll_deg=0.5,
)  # fmt: skip
RTK = replace(
    GNSS, shared_horizontal_m=0.05, own_horizontal_m=0.02, shared_vertical_m=0.3,
    own_vertical_m=0.03, shared_yaw_deg=1.2,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to draw.

    Attributes:
        lines, per_line: Photos; lines are flown to and fro.
        step_m, line_step_m: Between photos of a line and between lines.
        ground_amplitude_m: Of the hills.
        has_model: Whether the photos are placed on a height model of them.
        model_sigma_m: One sigma of the model's height as a whole over the flight.
        ground_sigma_m: Of level ground against the take-off place.
        noise_px, wrong_share: Of the matches.
        lens_sigma: One sigma of a radial distortion that the photos do not tell.
    """

    lines: int = 2
    per_line: int = 4
    step_m: float = 18.0
    line_step_m: float = 25.0
    height_m: float = 60.0
    heading_deg: float = 20.0
    pitch_deg: float = -90.0
    accuracy: PoseAccuracy = GNSS
    ground_amplitude_m: float = 3.0
    has_model: bool = True
    model_sigma_m: float = 2.0
    ground_sigma_m: float = 3.5
    noise_px: float = 0.5
    wrong_share: float = 0.1
    lens_sigma: float = 0.0
    points: int = 1500


@dataclass(frozen=True, kw_only=True, eq=False)
class DrawnFlight:
    """A flight as it was and as its photos state it.

    Attributes:
        views: As stated, by name.
        matches: Of pairs of photos.
        truths: True places and attitudes, by name: east, north, up, yaw, pitch, bank.
        focal_px: The true one.
        hills: Of the true ground.
        common: (7,) what the stated poses had in common, true less stated, as POSE_ERRORS.
    """

    views: dict[str, View]
    matches: list[PairMatches]
    truths: dict[str, NDArray[np.float64]]
    focal_px: float
    radial: float
    hills: "Hills"
    common: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Hills:
    """Waves of ground, as a height model in memory; `datum` and the rest are those of a Ground."""

    amplitude_m: float
    phases: tuple[float, float, float]
    offset_m: float = 0.0
    datum: str | None = None

    def up_at(self, east_north: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the true ground in the base frame."""
        east, north = east_north.T
        a, b, c = self.phases
        waves = np.sin(east / 23.0 + a) + np.sin(north / 31.0 + b)
        waves += np.sin((east + north) / 41.0 + c)
        return np.asarray(self.amplitude_m * waves / math.sqrt(1.5) + self.offset_m)

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:
        """Return the height there."""
        point = wgs84_to_enu(BASE, [[latitude_deg, longitude_deg, 0.0]])[:, :2]
        return float(self.up_at(point)[0])

    def around(self, frame: EnuFrame, bounds: Bounds) -> RasterSurface:
        """Return a raster of cells of a metre; the earth's curve is left to the surface."""
        here = [[frame.latitude_deg, frame.longitude_deg, 0.0]]
        origin = wgs84_to_enu(BASE, here)[0]
        east = np.arange(bounds[0] - 2.0, bounds[2] + 3.0, CELL_M)
        north = np.arange(bounds[1] - 2.0, bounds[3] + 3.0, CELL_M)
        points = np.stack(np.meshgrid(east, north), axis=-1).reshape(-1, 2) + origin[:2]
        to_cell = np.zeros((6, 2))
        to_cell[0] = -east[0] / CELL_M, -north[0] / CELL_M
        to_cell[1, 0] = to_cell[2, 1] = 1.0 / CELL_M
        heights = self.up_at(points).reshape(len(north), len(east)).astype(np.float32)
        return RasterSurface(heights_m=heights, to_cell=to_cell, cell_m=CELL_M, length_m=1.0)


def draw_flight(rng: np.random.Generator, plan: Plan) -> DrawnFlight:
    """Return a flight whose poses are wrong by as much as they state."""
    camera = _camera()
    errors = plan_pose_errors(
        plan.accuracy,
        camera,
        shared_height_m=math.hypot(
            plan.accuracy.shared_vertical_m, plan.model_sigma_m if plan.has_model else 0.0
        ),
        own_height_m=plan.accuracy.own_vertical_m,
    )
    common = rng.normal(size=7) * np.sqrt(np.diag(errors.shared))
    truths = _plan_truths(plan)
    hills = Hills(
        amplitude_m=plan.ground_amplitude_m,
        phases=tuple(rng.uniform(0.0, 6.0, 3)),
        # Level ground is not where the take-off place is.
        offset_m=0.0 if plan.has_model else float(rng.normal(0.0, plan.ground_sigma_m)),
    )
    own = np.sqrt(np.diag(errors.own))
    views = {}
    for name, truth in truths.items():
        wrong = common + rng.normal(size=7) * own
        views[name] = _state(plan, truth - wrong[:6], camera, errors, hills)
        # Stated photos have no bank: what the error makes of it is in the truth.
        truth[5] = wrong[5]
    focal_px = FOCAL_PX * (1.0 + common[6])
    radial = float(rng.normal(0.0, plan.lens_sigma))
    matches = _draw_matches(rng, plan, truths, hills, focal_px, radial)
    return DrawnFlight(
        views=views,
        matches=matches,
        truths=truths,
        focal_px=focal_px,
        radial=radial,
        hills=hills,
        common=common,
    )


def project(
    points: NDArray[np.float64], truth: NDArray[np.float64], focal_px: float, radial: float = 0.0
) -> NDArray[np.float64]:
    """Return (N, 2) true pixels of points in the base frame; NaN behind the camera."""
    seen = (points - truth[:3]) @ true_rotation(*truth[3:])
    with np.errstate(divide="ignore", invalid="ignore"):
        plane = seen[:, :2] / np.where(seen[:, 2:] > 1.0, seen[:, 2:], np.nan)
    plane = plane * (1.0 + radial * (plane**2).sum(axis=1, keepdims=True))
    return plane * focal_px + ((WIDTH_PX - 1) / 2.0, (HEIGHT_PX - 1) / 2.0)


def true_rotation(yaw_deg: float, pitch_deg: float, bank_deg: float) -> NDArray[np.float64]:
    """Return the rotation from the camera to the base frame, from turns one after the other."""
    yaw, pitch, bank = np.radians([yaw_deg, pitch_deg, bank_deg])
    level = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])  # looks north
    up = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    aside = np.array([[np.cos(bank), 0, np.sin(bank)], [0, 1, 0], [-np.sin(bank), 0, np.cos(bank)]])
    turned = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
    return np.asarray(turned @ aside @ up @ level)


def errors_of(
    flight: DrawnFlight, views: dict[str, View], rng: np.random.Generator, per_photo: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Return distances from the truth, whether in the 90 % ellipse, and its major semi-axis.

    Objects lie at random places in the photos, at half a metre about the ground, as the class's
    error says; they are boxed within a pixel.
    """
    distances, inside, axes = [], [], []
    for name, truth in flight.truths.items():
        for point in _objects(flight, truth, rng, per_photo):
            lifted = point + np.array([0.0, 0.0, rng.normal(0.0, 0.5)])
            pixel = project(lifted[None], truth, flight.focal_px, flight.radial)[0]
            place = locate(_detection(pixel + rng.normal(size=2)), views[name])
            if isinstance(place, Placement):
                here = [[place.latitude_deg, place.longitude_deg, 0.0]]
                off = wgs84_to_enu(BASE, here)[0, :2] - point[:2]
                covariance = full_covariance(place)[:2, :2]
                distances.append(float(np.hypot(*off)))
                inside.append(bool(off @ np.linalg.solve(covariance, off) < -2.0 * math.log(0.1)))
                axes.append(error_ellipse(covariance)[0])
    return np.array(distances), np.array(inside), np.array(axes)


def _objects(
    flight: DrawnFlight, truth: NDArray[np.float64], rng: np.random.Generator, count: int
) -> NDArray[np.float64]:
    """Return (count, 3) random places of the true ground within the picture."""
    found: list[NDArray[np.float64]] = []
    for _ in range(10_000):
        offset = rng.uniform(-1.5, 1.5, 2) * truth[2]
        east_north = truth[:2] + offset
        point = np.array([*east_north, flight.hills.up_at(east_north[None])[0]])
        pixel = project(point[None], truth, flight.focal_px)[0]
        margin = 0.05 * WIDTH_PX
        if margin < pixel[0] < WIDTH_PX - margin and margin < pixel[1] < HEIGHT_PX - margin:
            found.append(point)
        if len(found) == count:
            return np.array(found)
    raise ValueError("the photo shows no ground")


def _camera() -> Camera:
    return Camera(
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        fx=FOCAL_PX,
        fy=FOCAL_PX,
        cx=(WIDTH_PX - 1) / 2.0,
        cy=(HEIGHT_PX - 1) / 2.0,
        source="dewarp_data",
        focal_sigma_ratio=0.003,
    )


def _plan_truths(plan: Plan) -> dict[str, NDArray[np.float64]]:
    """Return true poses along lines flown to and fro, (6,) by name."""
    truths = {}
    for line in range(plan.lines):
        for number in range(plan.per_line):
            along = (number - (plan.per_line - 1) / 2.0) * plan.step_m
            across = (line - (plan.lines - 1) / 2.0) * plan.line_step_m
            heading = math.radians(plan.heading_deg)
            east = along * math.sin(heading) + across * math.cos(heading)
            north = along * math.cos(heading) - across * math.sin(heading)
            yaw = plan.heading_deg + 180.0 * (line % 2)
            pose = (east, north, plan.height_m, yaw, plan.pitch_deg, 0.0)
            truths[f"{line:02d}_{number:03d}"] = np.array(pose)
    return truths


def _state(
    plan: Plan,
    stated: NDArray[np.float64],
    camera: Camera,
    errors: object,
    hills: Hills,
) -> View:
    latitude, longitude, _ = map(float, enu_to_wgs84(BASE, stated[None, :3])[0])
    pose = Pose(
        latitude_deg=latitude,
        longitude_deg=longitude,
        height_above_takeoff_m=float(stated[2]),
        absolute_height_m=None,
        absolute_datum=None,
        laser_distance_m=None,
        yaw_deg=float(stated[3] % 360.0),
        pitch_deg=float(stated[4]),
        roll_deg=0.0,
        position_source="gnss",
        attitude_source="dji_gimbal",
        accuracy=plan.accuracy,
    )
    ground: Ground = hills if plan.has_model else FlatGround()
    height_m = float(stated[2])
    return View(
        camera=camera,
        pose=pose,
        ground=ground,
        bounds=plan_bounds(camera, pose, height_m),
        frame=EnuFrame(latitude_deg=latitude, longitude_deg=longitude),
        camera_height_m=height_m,
        above_ground_m=height_m,
        height_datum=None,
        method=GROUND_MODEL if plan.has_model else FLAT_GROUND,
        has_ground_model=plan.has_model,
        errors=errors,  # type: ignore[arg-type]
        ground_sigma_m=0.0 if plan.has_model else plan.ground_sigma_m,
    )


def _draw_matches(
    rng: np.random.Generator,
    plan: Plan,
    truths: dict[str, NDArray[np.float64]],
    hills: Hills,
    focal_px: float,
    radial: float,
) -> list[PairMatches]:
    names = sorted(truths)
    reach = plan.height_m * (0.8 if plan.pitch_deg < -75.0 else 1.8)
    places = np.array([truths[name][:2] for name in names])
    low, high = places.min(axis=0) - reach, places.max(axis=0) + reach
    east_north = rng.uniform(low, high, (plan.points, 2))
    points = np.column_stack([east_north, hills.up_at(east_north)])
    pixels = np.stack([project(points, truths[name], focal_px, radial) for name in names])
    with np.errstate(invalid="ignore"):
        is_seen = ((pixels >= 0.0) & (pixels < (WIDTH_PX, HEIGHT_PX))).all(axis=2)
    pixels = pixels + rng.normal(0.0, plan.noise_px, pixels.shape)
    matches = []
    for first in range(len(names)):
        for second in range(first + 1, len(names)):
            rows = np.flatnonzero(is_seen[first] & is_seen[second])
            if len(rows) < 20:
                continue
            right = pixels[second, rows].copy()
            wrong = rng.random(len(rows)) < plan.wrong_share
            right[wrong] = rng.uniform(0.0, 1.0, (int(wrong.sum()), 2)) * (WIDTH_PX, HEIGHT_PX)
            matches.append(
                PairMatches(
                    first=names[first],
                    second=names[second],
                    pixels_first=pixels[first, rows],
                    pixels_second=right,
                )
            )
    return matches


def _detection(pixel: NDArray[np.float64]) -> Detection:
    x, y = map(float, pixel)
    return Detection(
        id="", photo_sha256="", class_name="exposed_garbage", confidence=1.0,
        box_photo=(x - 2.0, y - 2.0, x + 2.0, y + 2.0), appearance=np.zeros(1, dtype=np.float32),
    )  # fmt: skip


def measure(title: str, plan: Plan, *, flights: int) -> None:
    """Print errors before and after the refinement of many flights, and how ellipses hold."""
    before: list[Sequence[float]] = []
    after, inside, axes, stated_axes = [], [], [], []
    for seed in range(flights):
        flight = draw_flight(np.random.default_rng(seed), plan)
        refined = refine_views(flight.views, flight.matches)
        views = {name: view for name, view in refined.views.items() if isinstance(view, View)}
        stated = errors_of(flight, flight.views, np.random.default_rng(1000 + seed), 2)
        found = errors_of(flight, views, np.random.default_rng(1000 + seed), 2)
        before.append(stated[0])
        stated_axes.append(stated[2])
        after.append(found[0])
        inside.append(found[1])
        axes.append(found[2])
    off, then = np.concatenate(before), np.concatenate(after)
    print(
        f"{title:<34} {flights:4d} flights  before {np.median(off):5.2f} "
        f"{np.percentile(off, 90):5.2f} (axis {np.median(np.concatenate(stated_axes)):5.2f})"
        f"  after {np.median(then):5.2f} {np.percentile(then, 90):5.2f}"
        f"  in 90 % ellipse {np.mean(np.concatenate(inside)):6.1%}"
        f"  its median semi-axis {np.median(np.concatenate(axes)):5.2f}",
        flush=True,
    )


PLANS = {
    "nadir, model": Plan(),
    "nadir, flat": Plan(has_model=False),
    "oblique, model": Plan(pitch_deg=-60.0),
    "oblique, flat": Plan(pitch_deg=-60.0, has_model=False),
    "nadir, model, RTK": Plan(accuracy=RTK),
    "nadir, flat, RTK": Plan(accuracy=RTK, has_model=False),
    "oblique, model, RTK": Plan(accuracy=RTK, pitch_deg=-60.0),
    "nadir, model, RTK, lens": Plan(accuracy=RTK, lens_sigma=0.005),
    "oblique, model, RTK, lens": Plan(accuracy=RTK, pitch_deg=-60.0, lens_sigma=0.005),
    "strip, model": Plan(lines=1, per_line=6),
    "two photos, model": Plan(lines=1, per_line=2),
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Refinement of flights that are made up.")
    parser.add_argument("--flights", type=int, default=300)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    for title, plan in PLANS.items():
        if arguments.only in title:
            measure(title, plan, flights=arguments.flights)
