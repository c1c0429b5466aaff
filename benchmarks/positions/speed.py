"""Rays on a surface model in a second, against a loop over orthority's `pixel_to_world_z`.

orthority casts rays on a level only. Its user finds the ground by a loop: a level, the model's
height there, that level, until it moves by less than a centimetre. So a point at a wall may never
settle, and what it settles on is not always what the camera sees first.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.positions.peers import (
    ROUNDS,
    loop_on_model,
    orthority_camera,
    read_orthority_cameras,
)
from benchmarks.positions.truth_phantom import read_heights
from inference.geometry.locate import locate_pixels
from inference.geometry.view import View

RAYS = 200_000
LOOP_RAYS = 1_000
TURNS = 3


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Rays a second of one processor's time; the best of some turns.

    Time of the processor and not of the clock, so that other work on the machine does not count.

    Attributes:
        ours: All at once.
        loop: orthority's loop, a point after the other, as its user writes it; None without it.
        loop_at_once: The same loop over arrays of all points that have not settled yet.
        settled: Share of the points for which the loop settles.
        met: Share of the points for which ours meet the model.
    """

    ours: float
    met: float
    loop: float | None = None
    loop_at_once: float | None = None
    settled: float | None = None


def measure_speed(view: View, photo: Path, surface: Path, *, with_loop: bool) -> Speed:
    """Return the speeds on random pixels of a photo, the model in memory for both."""
    size = (view.camera.width_px - 1, view.camera.height_px - 1)
    pixels = np.random.default_rng(1).uniform(0.0, 1.0, (RAYS, 2)) * size
    met = np.isfinite(locate_pixels(view, pixels)[:, 0])
    ours = RAYS / _seconds(lambda: locate_pixels(view, pixels))
    if not with_loop:
        return Speed(ours=ours, met=float(met.mean()))
    camera = orthority_camera(read_orthority_cameras([photo]), photo)
    heights = read_heights(surface)
    few = pixels[:LOOP_RAYS]
    settled = np.isfinite(loop_on_model(camera, heights, pixels)[:, 0])
    one_by_one = _seconds(
        lambda: [loop_on_model(camera, heights, pixel[None]) for pixel in few], turns=1
    )
    at_once = _seconds(lambda: loop_on_model(camera, heights, pixels))
    return Speed(
        ours=ours,
        met=float(met.mean()),
        loop=LOOP_RAYS / one_by_one,
        loop_at_once=RAYS / at_once,
        settled=float(settled.mean()),
    )


def speed_text(speed: Speed) -> list[str]:
    """Return the lines of the table."""
    lines = [f"ours, all at once: {speed.met:.1%} meet the model, {speed.ours:,.0f} rays a second"]
    if speed.loop is None or speed.loop_at_once is None or speed.settled is None:
        return lines
    return [
        *lines,
        f"orthority's loop, point by point: {speed.loop:,.0f} rays a second",
        f"orthority's loop over arrays: {speed.settled:.1%} settle within {ROUNDS} rounds, "
        f"{speed.loop_at_once:,.0f} rays a second",
    ]


def _seconds(work: Callable[[], object], *, turns: int = TURNS) -> float:
    best = float("inf")
    for _ in range(turns):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best
