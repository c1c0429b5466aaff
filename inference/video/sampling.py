"""Which frames of a video are worth a look: those that show new ground."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shapely import make_valid
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

Ring = tuple[tuple[float, float], ...]  # longitude, latitude; the first point repeated at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingSettings:
    """When the next frame is taken.

    Attributes:
        max_overlap: Share of a frame's ground that the last frame showed, too.
        look_step_s: Between moments that are judged.
        min_step_s: Two frames are never closer.
        max_step_s: Nor further apart, though the drone hovers: light and traffic change.
        blind_step_s: Between frames where it is not known what they show of the ground.
        max_end_overlap: The last frame is taken unless the one before shows this share of it.
        max_frames: Of one video.
    """

    max_overlap: float = 0.6
    look_step_s: float = 0.25
    min_step_s: float = 0.5
    max_step_s: float = 10.0
    blind_step_s: float = 2.0
    max_end_overlap: float = 0.9
    max_frames: int = 2000


DEFAULT_SAMPLING = SamplingSettings()


def plan_frames(
    frame_count: int,
    frame_rate: float,
    footprint_at: Callable[[float], Ring | None],
    *,
    settings: SamplingSettings = DEFAULT_SAMPLING,
) -> list[int]:
    """Return the numbers of the frames to look at, from 0, in order.

    Args:
        frame_count: Of the video.
        frame_rate: Frames a second.
        footprint_at: What a frame shows of the ground, by its time in seconds, or None.
        settings: When the next frame is taken.
    """
    step = max(1, round(settings.look_step_s * frame_rate))
    chosen: list[int] = []
    last_s, last_shape = 0.0, None
    for number in range(0, frame_count, step):
        time_s = number / frame_rate
        if chosen and time_s - last_s < settings.min_step_s - 1e-9:
            continue
        shape = _shape(footprint_at(time_s))
        is_last = number + step >= frame_count
        if not chosen or _is_due(time_s - last_s, last_shape, shape, settings, is_last=is_last):
            chosen.append(number)
            last_s, last_shape = time_s, shape
    return thin_out(chosen, settings.max_frames)


def thin_out(numbers: Sequence[int], most: int) -> list[int]:
    """Return at most so many of the numbers, evenly spread, the first among them."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[index * len(numbers) // most] for index in range(most)]


def overlap(first: BaseGeometry, second: BaseGeometry) -> float:
    """Return the shared part of two areas as a share of the larger one.

    The larger one, so that zooming in or out counts as something new. A share stays the same in
    any scale of the axes, so degrees will do.
    """
    larger = max(first.area, second.area)
    return float(first.intersection(second).area / larger) if larger > 0.0 else 0.0


def _is_due(
    elapsed_s: float,
    last: BaseGeometry | None,
    shape: BaseGeometry | None,
    settings: SamplingSettings,
    *,
    is_last: bool,
) -> bool:
    """Tell whether a frame is taken; behind the last one nothing shows what is new on it."""
    if last is None or shape is None:
        return is_last or elapsed_s >= settings.blind_step_s - 1e-9
    most = settings.max_end_overlap if is_last else settings.max_overlap
    return elapsed_s >= settings.max_step_s - 1e-9 or overlap(last, shape) < most


def _shape(ring: Ring | None) -> BaseGeometry | None:
    return None if ring is None else make_valid(Polygon(ring))
