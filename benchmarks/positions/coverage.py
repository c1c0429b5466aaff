"""How often the stated 90 % ellipses hold the truth on flights made up from the stated sigmas."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.positions.drawn_flights import DrawnView, Setting, draw_flight, flat_setting
from benchmarks.positions.drawn_ground import (
    LATITUDE_DEG,
    LONGITUDE_DEG,
    lla_to_enu,
    write_rough_ground,
)
from benchmarks.positions.scores import INSIDE
from inference.geometry.ground import read_ground
from inference.geometry.locate import locate
from inference.geometry.takeoff import Takeoff
from inference.geometry.uncertainty import error_ellipse, full_covariance
from inference.merging.fuse import fuse_sightings
from inference.sighting import Placement, Sighting

FLIGHTS = 300  # of a class: where 90 % is right, 19 of 20 classes lie within 86.6 and 93.4 %
VIEWS = 3
LINE_VIEWS = 20
PITCHES_DEG = {
    "nadir": (-90.0, -90.0),
    "pitch -75 to -60": (-75.0, -60.0),
    "pitch -60 to -45": (-60.0, -45.0),
    "pitch -45 to -30": (-45.0, -30.0),
}
QUICK_ON_MODEL = ("pitch -60 to -45",)
TAKEOFF_SIGMA_M = 2.0
SEED = 20260


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How often the ellipses of a class of flights hold the truth.

    Attributes:
        share: Of flights whose ellipse holds it.
        count: Of flights that were placed.
        median_m: Of the distance.
        semi_axis_m: Median of the ellipses' major semi-axes.
        if_all_shrank: The share if shared errors were taken to average out too, which they do not.
    """

    title: str
    share: float
    count: int
    median_m: float
    semi_axis_m: float
    if_all_shrank: float


def measure_coverage(
    folder: Path, *, flights: int = FLIGHTS, is_quick: bool = False
) -> Iterator[Coverage]:
    """Yield the coverage of each class of pitch, over flat ground and a rough height model.

    Args:
        folder: For the height models.
        flights: Of each class.
        is_quick: Leave out the series of views, and most classes over the rough model.
    """
    for ground_name in ("flat", "rough model"):
        for pitch_name, pitches in PITCHES_DEG.items():
            if is_quick and ground_name != "flat" and pitch_name not in QUICK_ON_MODEL:
                continue
            for count in (1,) if is_quick else (1, VIEWS):
                title = f"{ground_name}, {pitch_name}, {_views(count)}"
                places = _draw(folder, ground_name, pitches, count=count, flights=flights)
                yield _summarise(title, places, count)
    if is_quick:
        return
    title = f"flat, pitch -75 to -60, {LINE_VIEWS} views along one line, one yaw bias"
    places = _draw(
        folder, "flat", PITCHES_DEG["pitch -75 to -60"], count=LINE_VIEWS, flights=flights,
        one_heading=True,
    )  # fmt: skip
    yield _summarise(title, places, LINE_VIEWS)


def coverage_text(row: Coverage) -> str:
    """Return one line of the table."""
    text = (
        f"{row.title:<62} n {row.count:4d}  median {row.median_m:5.2f}"
        f"  median semi-axis {row.semi_axis_m:5.2f}"
    )
    if math.isfinite(row.if_all_shrank):
        text += f"  (if all errors averaged out {row.if_all_shrank:.1%})"
    return f"{text}  in 90 % ellipse {row.share:.1%}"


def _views(count: int) -> str:
    return "1 view" if count == 1 else f"{count} views"


def _draw(
    folder: Path,
    ground_name: str,
    pitches_deg: tuple[float, float],
    *,
    count: int,
    flights: int,
    one_heading: bool = False,
) -> list[Placement]:
    """Return where the object of each flight was placed."""
    places = []
    rough = None
    for number in range(flights):
        rng = np.random.default_rng([SEED, number, count, abs(round(pitches_deg[0]))])
        if ground_name != "flat" and (rough is None or number % 10 == 0):
            rough = _rough_setting(folder / f"ground_{number}.tif", rng)
        drawn = draw_flight(
            rng, rough or flat_setting(), pitches_deg=pitches_deg, count=count,
            one_heading=one_heading,
        )  # fmt: skip
        place = fuse_sightings([_sight(each) for each in drawn])
        if isinstance(place, Placement):
            places.append(place)
    return places


def _sight(drawn: DrawnView) -> Sighting:
    return Sighting(
        detection=drawn.detection,
        place=locate(drawn.detection, drawn.view),
        captured_at=None,
        capture_uuid=None,
    )


def _rough_setting(path: Path, rng: np.random.Generator) -> Setting:
    """Return a rough height model with an object on its middle."""
    drawn = write_rough_ground(path, rng)
    up_m = float(drawn.up_m(np.zeros((1, 3)))[0])
    takeoff = Takeoff(
        latitude_deg=LATITUDE_DEG,
        longitude_deg=LONGITUDE_DEG,
        ground_height_m=up_m,
        sigma_m=TAKEOFF_SIGMA_M,
    )
    return Setting(
        ground=read_ground(path), takeoff=takeoff, object_up_m=up_m, is_seen=drawn.is_seen
    )


def _summarise(title: str, places: Sequence[Placement], views: int) -> Coverage:
    offsets = np.array(
        [lla_to_enu(place.longitude_deg, place.latitude_deg, 0.0)[:2] for place in places]
    )
    stated = np.array([full_covariance(place)[:2, :2] for place in places])
    # As if the covariance of one view were divided by their number.
    own = np.array([place.own_covariance_m2[:2, :2] for place in places])
    shrunk = own + (stated - own) / views
    return Coverage(
        title=title,
        share=_share_inside(offsets, stated),
        count=len(places),
        median_m=float(np.median(np.hypot(*offsets.T))),
        semi_axis_m=float(np.median([error_ellipse(each)[0] for each in stated])),
        if_all_shrank=_share_inside(offsets, shrunk) if views > 1 else math.nan,
    )


def _share_inside(offsets: NDArray[np.float64], covariances: NDArray[np.float64]) -> float:
    solved = np.linalg.solve(covariances, offsets[..., None])[..., 0]
    return float((np.einsum("ni,ni->n", offsets, solved) < INSIDE).mean())
