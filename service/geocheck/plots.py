"""What the pictures of a geocheck show, worked out in pixels of the drawing."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.geometry.uncertainty import circular_error_90_m
from service.geocheck.compare import PointCheck, PointError
from service.geocheck.result import GeocheckResult

COLOURS = 8  # classes of the page's style
MAX_DRAWN = 3000  # more points than that only blacken the paper

PLAN_PX, PLAN_MARGIN_PX = (900.0, 640.0), 60.0
ARROW_PX = 45.0  # of the error that nine of ten stay below
SQUARE_PX, SQUARE_MARGIN_PX = 440.0, 50.0
LEAST_ERROR_M = 0.01  # a logarithm has no place for 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A point, with the colour of its photo."""

    x: float
    y: float
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """From the true place towards the one found, enlarged."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A camera or a tick of an axis, with its text."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A length to measure by."""

    length_px: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPlot:
    """The points from above, north up.

    Attributes:
        before: Errors from the poses as stated.
        ground_bar: Of the plan.
        error_bar: Of the arrows, which are longer by `enlarged`.
    """

    size_px: tuple[float, float]
    arrows: tuple[Arrow, ...]
    before: tuple[Arrow, ...]
    cameras: tuple[Mark, ...]
    ground_bar: Bar
    error_bar: Bar
    enlarged: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlot:
    """All errors from one middle, north up.

    Attributes:
        rings: Circles around the middle, by their radius.
        ce90_px: Radius of the circle that holds nine of ten.
        stated_px: Radius of the median circle that was stated.
    """

    size_px: float
    dots: tuple[Dot, ...]
    rings: tuple[Bar, ...]
    ce90_px: float
    stated_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPlot:
    """Each error against its stated CE90, both axes logarithmic and alike.

    Attributes:
        low_px, high_px: Of both axes.
    """

    size_px: float
    low_px: float
    high_px: float
    dots: tuple[Dot, ...]
    x_ticks: tuple[Mark, ...]
    y_ticks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    """A point that is drawn, with its errors."""

    check: PointCheck
    error: PointError
    colour: int


def plan_residual_plot(result: GeocheckResult) -> PlanPlot | None:
    """Return the residual vectors over the plan, or None where no point was compared."""
    drawn = _pick_drawn(result)
    if not drawn:
        return None
    first = drawn[0].check.truth
    frame = EnuFrame(latitude_deg=first.latitude_deg, longitude_deg=first.longitude_deg)
    truths = [(d.check.truth.latitude_deg, d.check.truth.longitude_deg) for d in drawn]
    places = _to_plane(frame, truths)
    by_photo = {d.check.photo: d.error.camera_wgs84 for d in drawn}
    cameras = _to_plane(frame, list(by_photo.values()))
    to_paper, px_per_m = _fit(np.vstack([places, cameras]))
    paper, camera_paper = to_paper(places), to_paper(cameras)
    enlarged = _plan_enlargement(drawn, px_per_m)
    numbers = {photo.name: photo.number for photo in result.photos}
    return PlanPlot(
        size_px=PLAN_PX,
        arrows=_arrows(paper, [d.error for d in drawn], drawn, px_per_m * enlarged),
        before=_arrows(paper, _errors_before(drawn), drawn, px_per_m * enlarged),
        cameras=tuple(
            Mark(x=float(x), y=float(y), text=str(numbers[name or ""]))
            for name, (x, y) in zip(by_photo, camera_paper, strict=True)
        ),
        ground_bar=_bar(px_per_m),
        error_bar=_bar(px_per_m * enlarged),
        enlarged=enlarged,
    )


def plan_target_plot(result: GeocheckResult) -> TargetPlot | None:
    """Return all errors around one middle, or None where no point was compared."""
    drawn, statistics = _pick_drawn(result), result.overall
    if not drawn or statistics is None:
        return None
    # Single wild errors would press all others into the middle: they are drawn at the rim.
    reach_m = 1.5 * max(statistics.ce90_m, statistics.stated_ce90_median_m, LEAST_ERROR_M)
    half = SQUARE_PX / 2.0
    px_per_m = (half - SQUARE_MARGIN_PX) / reach_m
    step_m = round_length_m(reach_m / 2.0)
    rings = range(1, math.floor(reach_m / step_m) + 1)
    dots = []
    for point in drawn:
        east, north = point.error.offset_m * min(1.0, reach_m / max(point.error.distance_m, 1e-9))
        x, y = half + east * px_per_m, half - north * px_per_m
        dots.append(Dot(x=float(x), y=float(y), colour=point.colour))
    return TargetPlot(
        size_px=SQUARE_PX,
        dots=tuple(dots),
        rings=tuple(
            Bar(length_px=n * step_m * px_per_m, text=format_length(n * step_m)) for n in rings
        ),
        ce90_px=statistics.ce90_m * px_per_m,
        stated_px=statistics.stated_ce90_median_m * px_per_m,
    )


def plan_calibration_plot(result: GeocheckResult) -> CalibrationPlot | None:
    """Return errors against what was stated, or None where no point was compared."""
    drawn = _pick_drawn(result)
    if not drawn:
        return None
    stated = np.array([circular_error_90_m(point.error.covariance_m2) for point in drawn])
    found = np.array([max(point.error.distance_m, LEAST_ERROR_M) for point in drawn])
    both = np.concatenate([stated, found])
    least, most = math.floor(np.log10(both.min())), math.ceil(np.log10(both.max()) + 1e-9)
    low, high = SQUARE_MARGIN_PX, SQUARE_PX - SQUARE_MARGIN_PX / 2.0
    px_per_decade = (high - low) / max(most - least, 1)
    x = low + (np.log10(stated) - least) * px_per_decade
    y = SQUARE_PX - low - (np.log10(found) - least) * px_per_decade
    ticks = [(low + n * px_per_decade, 10.0 ** (least + n)) for n in range(most - least + 1)]
    return CalibrationPlot(
        size_px=SQUARE_PX,
        low_px=low,
        high_px=high,
        dots=tuple(
            Dot(x=float(x[n]), y=float(y[n]), colour=point.colour) for n, point in enumerate(drawn)
        ),
        x_ticks=tuple(Mark(x=at, y=SQUARE_PX - low, text=format_length(m)) for at, m in ticks),
        y_ticks=tuple(Mark(x=low, y=SQUARE_PX - at, text=format_length(m)) for at, m in ticks),
    )


def round_length_m(longest_m: float) -> float:
    """Return the longest of 1, 2 or 5 times a power of ten up to a limit."""
    power = 10.0 ** math.floor(math.log10(longest_m))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest_m * (1 + 1e-9))


def format_length(length_m: float) -> str:
    """Return a length with its unit."""
    if length_m >= 1000.0:
        return f"{length_m / 1000.0:g} km"
    return f"{length_m:g} m" if length_m >= 1.0 else f"{length_m * 100.0:g} cm"


def _pick_drawn(result: GeocheckResult) -> list[_Drawn]:
    """Return the compared points, evenly thinned where there are too many."""
    colours = {photo.name: (photo.number - 1) % COLOURS for photo in result.photos}
    drawn = [
        _Drawn(check=check, error=check.final, colour=colours[check.photo or ""])
        for check in result.checks
        if isinstance(check.final, PointError)
    ]
    return drawn[:: max(1, math.ceil(len(drawn) / MAX_DRAWN))]


def _to_plane(frame: EnuFrame, places: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    return wgs84_to_enu(frame, [(latitude, longitude, 0.0) for latitude, longitude in places])[
        :, :2
    ]


def _fit(
    places: NDArray[np.float64],
) -> tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], float]:
    """Return the way of (N, 2) east and north to (N, 2) x and y on paper, and its scale."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.array(PLAN_PX) - 2.0 * PLAN_MARGIN_PX
    px_per_m = float(np.min(room / np.maximum(high - low, 1.0)))
    middle = (low + high) / 2.0

    def to_paper(points: NDArray[np.float64]) -> NDArray[np.float64]:
        moved: NDArray[np.float64] = np.array(PLAN_PX) / 2.0 + (points - middle) * [
            px_per_m,
            -px_per_m,
        ]
        return moved

    return to_paper, px_per_m


def _plan_enlargement(drawn: Sequence[_Drawn], px_per_m: float) -> float:
    """Return by how much errors are drawn longer than the plan: 1, 2 or 5 times a power of ten."""
    usual_m = float(np.percentile([point.error.distance_m for point in drawn], 90))
    return round_length_m(ARROW_PX / max(usual_m, LEAST_ERROR_M) / px_per_m)


def _errors_before(drawn: Sequence[_Drawn]) -> list[PointError | None]:
    """Return the errors from the pose as stated, where another was tried."""
    return [
        point.check.stated
        if point.check.refined is not None and isinstance(point.check.stated, PointError)
        else None
        for point in drawn
    ]


def _arrows(
    paper: NDArray[np.float64],
    errors: Sequence[PointError | None],
    drawn: Sequence[_Drawn],
    px_per_m: float,
) -> tuple[Arrow, ...]:
    arrows = []
    for (x, y), error, point in zip(paper, errors, drawn, strict=True):
        if error is not None:
            east, north = error.offset_m * px_per_m
            arrows.append(
                Arrow(
                    x=float(x),
                    y=float(y),
                    to_x=float(x + east),
                    to_y=float(y - north),
                    colour=point.colour,
                )
            )
    return tuple(arrows)


def _bar(px_per_m: float) -> Bar:
    length_m = round_length_m(PLAN_PX[0] / 6.0 / px_per_m)
    return Bar(length_px=length_m * px_per_m, text=format_length(length_m))
