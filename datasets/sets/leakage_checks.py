"""Whether splits know of each other: shared groups, and pictures near in place and time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from datasets.labelled_picture import LabelledPicture
from datasets.sets.duplicate_checks import split_rank
from datasets.sets.findings import Finding, Limits

EARTH_RADIUS_M = 6_371_008.8  # mean; IUGG. Half a percent is enough for "near"


def check_groups(pictures: Sequence[LabelledPicture]) -> Iterator[Finding]:
    """Yield pictures whose group has pictures in an earlier split, too."""
    firsts: dict[str, LabelledPicture] = {}
    for picture in sorted(pictures, key=lambda entry: (split_rank(entry.split), entry.path)):
        first = firsts.setdefault(picture.group, picture)
        if first.split != picture.split:
            message = f"group {picture.group} is in {first.split} and {picture.split}"
            yield Finding(
                code="group_across_splits",
                message=message,
                picture=picture.path,
                other=first.path,
            )


def check_places(pictures: Sequence[LabelledPicture], limits: Limits) -> Iterator[Finding]:
    """Yield pictures that lie near one of an earlier split, with the worst such neighbour.

    Worst is one of about the same time, then the nearest. Pictures without a place are
    passed over: nothing is known of them.
    """
    placed = [
        picture
        for picture in pictures
        if picture.latitude is not None and picture.longitude is not None
    ]
    placed.sort(key=lambda picture: (split_rank(picture.split), picture.path))
    if not placed:
        return
    points = _points_on_sphere_m(placed)
    tree = cKDTree(points)
    for index, picture in enumerate(placed):
        rank = split_rank(picture.split)
        if rank == 0:
            continue
        neighbours = [
            _Neighbour(
                is_same_time=_is_same_time(picture, placed[other], limits.near_minutes),
                distance_m=float(np.linalg.norm(points[index] - points[other])),
                picture=placed[other],
            )
            for other in tree.query_ball_point(points[index], limits.near_m)
            if split_rank(placed[other].split) < rank
        ]
        if neighbours:
            yield _describe(picture, min(neighbours, key=_Neighbour.badness))


def minutes_apart(first: str | None, second: str | None) -> float | None:
    """Return the minutes between two ISO 8601 times.

    None if one is absent or no time, or only one has a zone. Two times without a zone are taken
    to be of one clock.
    """
    if first is None or second is None:
        return None
    try:
        times = datetime.fromisoformat(first), datetime.fromisoformat(second)
    except ValueError:  # `check_words` tells of it
        return None
    if (times[0].tzinfo is None) != (times[1].tzinfo is None):
        return None
    return abs((times[0] - times[1]).total_seconds()) / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Neighbour:
    is_same_time: bool
    distance_m: float
    picture: LabelledPicture

    def badness(self) -> tuple[bool, float, str]:
        return not self.is_same_time, self.distance_m, self.picture.path


def _is_same_time(first: LabelledPicture, second: LabelledPicture, near_minutes: float) -> bool:
    minutes = minutes_apart(first.captured_at, second.captured_at)
    return minutes is not None and minutes <= near_minutes


def _describe(picture: LabelledPicture, neighbour: _Neighbour) -> Finding:
    minutes = minutes_apart(picture.captured_at, neighbour.picture.captured_at)
    when = "at an unknown time" if minutes is None else f"{_describe_minutes(minutes)} apart"
    return Finding(
        code="near_in_place_and_time" if neighbour.is_same_time else "near_in_place",
        message=(
            f"{neighbour.distance_m:.0f} m and {when}, "
            f"{neighbour.picture.split} and {picture.split}"
        ),
        picture=picture.path,
        other=neighbour.picture.path,
    )


def _describe_minutes(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 24 * 60 else f"{minutes / (24 * 60):.0f} days"


def _points_on_sphere_m(pictures: Sequence[LabelledPicture]) -> NDArray[np.float64]:
    """Return (N, 3) points; straight lines between near ones are as long as ways on the ground."""
    degrees = [(picture.latitude or 0.0, picture.longitude or 0.0) for picture in pictures]
    latitude, longitude = np.radians(np.array(degrees)).T
    level = np.cos(latitude)
    return EARTH_RADIUS_M * np.stack(
        (level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)), axis=1
    )
