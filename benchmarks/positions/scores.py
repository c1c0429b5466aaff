"""What a method says of points, set against the truth: one row of the table, and the limits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.geometry.uncertainty import error_ellipse

LEVEL = 0.90
# Of a squared Mahalanobis distance in the plane: -2 ln(1 - level).
INSIDE = -2.0 * math.log(1.0 - LEVEL)


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """A method's answers for the points of one photo.

    Attributes:
        photo: Its name.
        offsets_m: (N, 2) east and north from the truth; NaN where there is no position.
        covariances_m2: (N, 2, 2) as stated, or None where the method states none.
    """

    photo: str
    offsets_m: NDArray[np.float64]
    covariances_m2: NDArray[np.float64] | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """How far a method is off on a set of points.

    Attributes:
        placed: How many of `count` points have a position.
        median_m, p90_m, max_m: Of the horizontal distance; points without a position count as
            infinitely far, so that leaving out the hard ones does not pay.
        inside: Share of the placed points within the stated 90 % ellipse, or None.
        inside_by_photo: The same for each photo.
        semi_axis_m: Median of the ellipses' major semi-axes, or None.
    """

    title: str
    method: str
    count: int
    placed: int
    median_m: float
    p90_m: float
    max_m: float
    inside: float | None = None
    inside_by_photo: tuple[float, ...] = ()
    semi_axis_m: float | None = None


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A figure with what it may be."""

    title: str
    figure: float
    least: float = -math.inf
    most: float = math.inf
    unit: str = "m"

    @property
    def holds(self) -> bool:
        """Tell whether the figure is within; NaN is not."""
        return self.least <= self.figure <= self.most


def score(title: str, method: str, answers: Sequence[Answers]) -> Row:
    """Return the row of a method on a set."""
    offsets = np.concatenate([answer.offsets_m for answer in answers])
    distances = np.hypot(*offsets.T)
    placed = np.isfinite(distances)
    ranked = np.where(placed, distances, np.inf)
    inside = [_inside(answer) for answer in answers]
    axes = [axis for answer in answers for axis in _semi_axes_m(answer)]
    known = [part for part in inside if part is not None and part.size]
    return Row(
        title=title,
        method=method,
        count=len(offsets),
        placed=int(placed.sum()),
        median_m=float(np.percentile(ranked, 50, method="inverted_cdf")),
        p90_m=float(np.percentile(ranked, 90, method="inverted_cdf")),
        max_m=float(distances[placed].max()) if placed.any() else math.inf,
        inside=float(np.concatenate(known).mean()) if known else None,
        inside_by_photo=tuple(float(part.mean()) for part in known),
        semi_axis_m=float(np.median(axes)) if axes else None,
    )


def row_text(row: Row) -> str:
    """Return one line of the table."""
    text = (
        f"{row.title:<34} {row.method:<34} n {row.placed:4d} of {row.count:4d}"
        f"  median {row.median_m:6.2f}  p90 {row.p90_m:6.2f}  max {row.max_m:6.2f}"
    )
    if row.inside is None or row.semi_axis_m is None:
        return text
    photos = " ".join(f"{share:.0%}" for share in row.inside_by_photo)
    return (
        f"{text}  in 90 % ellipse {row.inside:6.1%} (by photo {photos})"
        f"  its median semi-axis {row.semi_axis_m:5.2f}"
    )


def limit_text(limit: Limit) -> str:
    """Return one line: what, what it may be, whether it holds, and the figure last."""
    bounds = []
    if math.isfinite(limit.least):
        bounds.append(f"at least {limit.least:,g}")
    if math.isfinite(limit.most):
        bounds.append(f"at most {limit.most:,g}")
    state = "holds" if limit.holds else "MISSES"
    asked = " and ".join(bounds)
    return f"{state:<6}  {limit.title:<80} {asked:<28} {limit.unit:<8} {limit.figure:,.4g}"


def _inside(answer: Answers) -> NDArray[np.bool_] | None:
    if answer.covariances_m2 is None:
        return None
    placed = np.isfinite(answer.offsets_m[:, 0])
    offsets, covariances = answer.offsets_m[placed], answer.covariances_m2[placed]
    squared = np.einsum(
        "ni,ni->n", offsets, np.linalg.solve(covariances, offsets[..., None])[..., 0]
    )
    return np.asarray(squared < INSIDE)


def _semi_axes_m(answer: Answers) -> list[float]:
    if answer.covariances_m2 is None:
        return []
    placed = np.isfinite(answer.offsets_m[:, 0])
    return [error_ellipse(each, level=LEVEL)[0] for each in answer.covariances_m2[placed]]
