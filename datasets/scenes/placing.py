"""Finding free places on the plan, so that nothing stands inside something else."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from datasets.scenes.layout import Layout, Rectangle, plan_to_enu, road_area
from datasets.scenes.shapes import Vector
from datasets.scenes.terrain import Terrain


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rooftop:
    """A flat roof on which something may be built."""

    centre: Vector  # of the building, at ground level
    heading_deg: float
    width_m: float
    depth_m: float
    height_m: float


@dataclass(slots=True, kw_only=True, eq=False)
class Site:
    """The plan together with what stands on it already.

    Attributes:
        on_roofs: Whether objects may stand on roofs.
        taken: Rectangles of the plan that are occupied.
        rooftops: Flat roofs, in the order in which they were built.
    """

    layout: Layout
    terrain: Terrain
    on_roofs: bool = True
    taken: list[Rectangle] = field(default_factory=list)
    rooftops: list[Rooftop] = field(default_factory=list)

    def take(self, area: Rectangle) -> bool:
        """Occupy a rectangle; False where something is there already."""
        if any(_overlap(area, other) for other in self.taken):
            return False
        self.taken.append(area)
        return True

    def on_road(self, area: Rectangle) -> int:
        """Return how many roads a rectangle touches."""
        reach = 2 * self.layout.half_size_m
        return sum(_overlap(area, road_area(road, reach)) for road in self.layout.roads)

    def ground_point(self, x: float, y: float) -> Vector:
        """Return the ENU point of the ground at a place of the plan."""
        east, north = plan_to_enu(self.layout, np.array([[x, y]]))[0]
        return self.terrain.point(float(east), float(north))


def around(x: float, y: float, width_m: float, depth_m: float) -> Rectangle:
    """Return the rectangle of that size around a place."""
    return (x - width_m / 2, y - depth_m / 2, x + width_m / 2, y + depth_m / 2)


def random_place(
    rng: np.random.Generator, area: Rectangle, *, margin_m: float
) -> tuple[float, float] | None:
    """Return a random place at least `margin_m` inside a rectangle, or None if there is none."""
    x0, y0, x1, y1 = area
    if x1 - x0 <= 2 * margin_m or y1 - y0 <= 2 * margin_m:
        return None
    return (
        float(rng.uniform(x0 + margin_m, x1 - margin_m)),
        float(rng.uniform(y0 + margin_m, y1 - margin_m)),
    )


def outline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the convex outline of (N, 2) points, counterclockwise."""
    ordered = sorted({(float(x), float(y)) for x, y in points})
    halves = []
    for sequence in (ordered, ordered[::-1]):
        half: list[tuple[float, float]] = []
        for point in sequence:
            while len(half) >= 2 and _turn(half[-2], half[-1], point) <= 0:
                half.pop()
            half.append(point)
        halves += half[:-1]
    return np.array(halves)


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
