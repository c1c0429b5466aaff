"""The lie of the land: a few long waves, so that its height is known exactly everywhere."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RAY_STEPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """Ground height over east and north, in metres; 0 at the scene's origin.

    Attributes:
        waves: One row a wave: height in metres, radians a metre east and north, phase.
    """

    waves: tuple[tuple[float, float, float, float], ...]

    def height_m(
        self, east_m: NDArray[np.float64], north_m: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the ground's height at the places given, which may have any shape."""
        total = np.zeros(np.broadcast(east_m, north_m).shape)
        for height, per_east, per_north, phase in self.waves:
            swing = np.sin(per_east * east_m + per_north * north_m + phase)
            total = total + height * (swing - np.sin(phase))
        return total

    def point(self, east_m: float, north_m: float) -> NDArray[np.float64]:
        """Return the (east, north, up) of the ground at a place."""
        up = self.height_m(np.array(east_m), np.array(north_m))
        return np.array([east_m, north_m, float(up)])


def plan_terrain(rng: np.random.Generator, *, relief_m: float) -> Terrain:
    """Return random gentle hills of about `relief_m` above and below the origin."""
    waves = []
    for share in (0.6, 0.3, 0.1):
        length_m = 60 + 400 * share * rng.uniform(0.7, 1.3)
        heading = rng.uniform(0, 2 * np.pi)
        pace = 2 * np.pi / length_m
        waves.append(
            (
                relief_m * share,
                pace * float(np.sin(heading)),
                pace * float(np.cos(heading)),
                float(rng.uniform(0, 2 * np.pi)),
            )
        )
    return Terrain(waves=tuple(waves))


def hit_ground(
    terrain: Terrain, origin: NDArray[np.float64], rays: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the (..., 2) east and north at which rays from `origin` meet the ground.

    Rays that look up or only just down meet it very far away.
    """
    down = np.minimum(rays[..., 2], -1e-3)
    ground = np.zeros(rays.shape[:-1])
    for _ in range(_RAY_STEPS):
        reach = (ground - origin[2]) / down
        east = origin[0] + reach * rays[..., 0]
        north = origin[1] + reach * rays[..., 1]
        ground = terrain.height_m(east, north)
    return np.stack([east, north], axis=-1)
