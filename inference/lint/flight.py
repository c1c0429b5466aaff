"""What makes a photo's geometry doubtful beside the other photos of its camera."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise

import numpy as np

from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.merging.flights import FlightPhoto, camera_key
from inference.reading.metadata import NO_TIME
from inference.receipt import Reason, ReasonCode

Lint = Callable[[Sequence[FlightPhoto]], dict[str, Reason]]

# Three photos of a moving aircraft or a walking person never agree to the last digit.
MIN_FROZEN_PHOTOS = 3
MIN_FROZEN_TIME = timedelta(seconds=10)
# One digit more than street maps need; coarser coordinates were rounded on purpose.
FINE_DECIMALS = 5

MAX_MIRROR_DISTANCE_DEG = 0.5
MIN_MIRROR_DEG = 1.0  # nearer to the equator or the zero meridian both sides are one place

# Faster than small drones and city traffic; a receiver's own jumps are metres.
MAX_SPEED_M_S = 60.0
MIN_JUMP_M = 300.0
MAX_CLIMB_M_S = 25.0
MIN_CLIMB_M = 60.0

# File numbers grow with time. A camera that counts anew, or two cards in one folder, break that for
# many photos at once, and then the numbers say nothing.
MIN_CLOCK_JUMP = timedelta(minutes=30)
MAX_JUMPED_SHARE = 0.2
NUMBERS = re.compile(r"\d{1,18}")


def lint_photos(photos: Iterable[FlightPhoto]) -> dict[str, tuple[Reason, ...]]:
    """Return the reasons by SHA-256; photos without any are left out.

    All photos of a camera are looked at together and not flight by flight: a clock that jumped
    has put a photo into another flight.
    """
    by_camera: dict[tuple[str, ...], list[FlightPhoto]] = defaultdict(list)
    for photo in photos:
        if photo.metadata.registered is None:  # a fixed camera's position stands still rightly
            by_camera[camera_key(photo.metadata)].append(photo)
    found: dict[str, list[Reason]] = defaultdict(list)
    for members in by_camera.values():
        for lint in LINTS:
            for sha256, reason in lint(members).items():
                found[sha256].append(reason)
    return {sha256: tuple(reasons) for sha256, reasons in found.items()}


def find_frozen(photos: Sequence[FlightPhoto]) -> dict[str, Reason]:
    """Return the photos of which several carry the very same, finely stated position."""
    timed = _in_order_of_time(photos)
    found = {}
    for place, run in groupby(timed, key=_place):
        members = list(run)
        if place is None or len(members) < MIN_FROZEN_PHOTOS or not _is_finely_stated(place):
            continue
        duration = _time_between(members[0], members[-1])
        if duration < MIN_FROZEN_TIME:  # a burst
            continue
        detail = f"{len(members)} photos in {duration.total_seconds():.0f} s at {place}"
        found.update(dict.fromkeys((photo.sha256 for photo in members), detail))
    return _reasons(found, ReasonCode.GPS_FROZEN)


def find_mirrored(photos: Sequence[FlightPhoto]) -> dict[str, Reason]:
    """Return the photos that lie at the mirrored place of most others."""
    placed = [(photo.sha256, place) for photo in photos if (place := _place(photo)) is not None]
    if len(placed) < MIN_FROZEN_PHOTOS:
        return {}
    places = np.array([place for _, place in placed])
    middle = np.median(places, axis=0)
    # On the date line, too, both signs of the longitude are one place.
    from_line = np.minimum(np.abs(middle), [np.inf, 180.0 - abs(middle[1])])
    found = {}
    for (sha256, _), place in zip(placed, places, strict=True):
        mirrored = (np.sign(place) != np.sign(middle)) & (from_line > MIN_MIRROR_DEG)
        near = np.abs(np.where(mirrored, -place, place) - middle) < MAX_MIRROR_DISTANCE_DEG
        if mirrored.any() and near.all():
            found[sha256] = f"{place[0]:.5f}, {place[1]:.5f}; the others are at " + (
                f"{middle[0]:.5f}, {middle[1]:.5f}"
            )
    return _reasons(found, ReasonCode.HEMISPHERE_SUSPECT)


def find_off_track(photos: Sequence[FlightPhoto]) -> dict[str, Reason]:
    """Return the photos that neither neighbour in time could have been reached from."""
    timed = [photo for photo in _in_order_of_time(photos) if _place(photo) is not None]
    impossible = [_impossible_step(first, second) for first, second in pairwise(timed)]
    found = {}
    for index, photo in enumerate(timed):
        around = impossible[max(index - 1, 0) : index + 1]
        # The one of two that jumps cannot be told; of three it is the middle one.
        if len(timed) > 2 and len(around) > 0 and all(around) and _is_alone(index, impossible):
            found[photo.sha256] = str(around[0])
    return _reasons(found, ReasonCode.DISAGREES_WITH_NEIGHBOURS)


def find_clock_jumps(photos: Sequence[FlightPhoto]) -> dict[str, Reason]:
    """Return the photos whose time does not grow with the numbers in the names."""
    found: dict[str, str] = {}
    for members in _numbered_runs(photos):
        times = [_time(photo) for photo in members]
        kept = longest_growing(times)
        jumps = [
            (photo.sha256, abs(time - times[min(kept, key=lambda other: abs(other - row))]))
            for row, (photo, time) in enumerate(zip(members, times, strict=True))
            if row not in kept
        ]
        if len(jumps) <= MAX_JUMPED_SHARE * len(members):
            found |= {
                sha256: f"{jump} from the photos around it by number"
                for sha256, jump in jumps
                if jump > MIN_CLOCK_JUMP
            }
    return _reasons(found, ReasonCode.TIME_JUMP)


def longest_growing(times: Sequence[datetime]) -> set[int]:
    """Return the rows of the longest part that never falls (patience sorting, Fredman 1975)."""
    ends: list[datetime] = []  # the least last value of a growing part of each length
    rows: list[int] = []
    previous: list[int | None] = []
    for row, time in enumerate(times):
        length = bisect_right(ends, time)
        previous.append(rows[length - 1] if length else None)
        ends[length : length + 1] = [time]
        rows[length : length + 1] = [row]
    kept = set[int]()
    at = rows[-1] if rows else None
    while at is not None:
        kept.add(at)
        at = previous[at]
    return kept


LINTS: tuple[Lint, ...] = (find_mirrored, find_frozen, find_off_track, find_clock_jumps)


def _reasons(details: dict[str, str], code: ReasonCode) -> dict[str, Reason]:
    return {sha256: Reason(code=code, detail=detail) for sha256, detail in details.items()}


def _place(photo: FlightPhoto) -> tuple[float, float] | None:
    metadata = photo.metadata
    if metadata.latitude_deg is None or metadata.longitude_deg is None:
        return None
    return metadata.latitude_deg, metadata.longitude_deg


def _is_finely_stated(place: tuple[float, float]) -> bool:
    return any(round(value, FINE_DECIMALS) != value for value in place)


def _in_order_of_time(photos: Sequence[FlightPhoto]) -> list[FlightPhoto]:
    """Return photos with a time, once for each shutter release."""
    timed = [photo for photo in photos if photo.metadata.captured_at is not None]
    timed.sort(key=lambda photo: (_time(photo), photo.sha256))
    releases = set[str]()
    kept = []
    for photo in timed:
        release = photo.metadata.capture_uuid
        if release is None or release not in releases:
            kept.append(photo)
        if release is not None:
            releases.add(release)
    return kept


def _time(photo: FlightPhoto) -> datetime:
    return photo.metadata.captured_at or NO_TIME


def _time_between(first: FlightPhoto, second: FlightPhoto) -> timedelta:
    return _time(second) - _time(first)


def _impossible_step(first: FlightPhoto, second: FlightPhoto) -> str | None:
    """Return why nothing that flies or drives gets from one photo to the next, or None."""
    # Times in EXIF are often whole seconds.
    seconds = _time_between(first, second).total_seconds() + 1.0
    start, end = _place(first), _place(second)
    if start is None or end is None:
        return None
    frame = EnuFrame(latitude_deg=start[0], longitude_deg=start[1])
    distance_m = float(np.linalg.norm(wgs84_to_enu(frame, [[*end, 0.0]])[0]))
    if distance_m > max(MIN_JUMP_M, MAX_SPEED_M_S * seconds):
        return f"{distance_m:.0f} m from its neighbour within {seconds:.0f} s"
    heights = first.metadata.relative_altitude_m, second.metadata.relative_altitude_m
    if heights[0] is None or heights[1] is None:
        return None
    climb_m = abs(heights[1] - heights[0])
    if climb_m > max(MIN_CLIMB_M, MAX_CLIMB_M_S * seconds):
        return f"{climb_m:.0f} m above or below its neighbour within {seconds:.0f} s"
    return None


def _is_alone(index: int, impossible: Sequence[str | None]) -> bool:
    """Tell whether the photos beside the neighbours fit these: then it is this one that jumps."""
    beyond = [place for place in (index - 2, index + 1) if 0 <= place < len(impossible)]
    return all(impossible[place] is None for place in beyond)


def _numbered_runs(photos: Sequence[FlightPhoto]) -> list[list[FlightPhoto]]:
    """Return the timed photos of each folder by the numbers in their names."""
    folders: dict[str, list[tuple[tuple[int, ...], str, FlightPhoto]]] = defaultdict(list)
    for photo in photos:
        numbers = tuple(map(int, NUMBERS.findall(photo.name.rpartition("/")[2])))
        if numbers and photo.metadata.captured_at is not None:
            folders[photo.folder].append((numbers, photo.sha256, photo))
    return [[member[2] for member in sorted(members)] for members in folders.values()]
