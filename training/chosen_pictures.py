"""Which packed pictures a training is shown, and how often."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import PictureSet
from training.config import PictureChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPicture:
    """A picture of a pack, and where its file lies."""

    picture: LabelledPicture
    path: Path


def choose_pictures(pack: PictureSet, choice: PictureChoice, split: str) -> list[PlacedPicture]:
    """Return the pictures of a pack in one split that a choice names, in a fixed order.

    `limit` and `weight` are for the train split alone: a run is judged on all of val.
    """
    pictures = [
        PlacedPicture(picture=picture, path=pack.path_of(picture))
        for picture in pack.pictures
        if picture.split == split and (not choice.sources or picture.source in choice.sources)
    ]
    if split != "train":
        return pictures
    return weigh_pictures(limit_pictures(pictures, choice.limit), choice.weight)


def limit_pictures(pictures: Sequence[PlacedPicture], limit: int | None) -> list[PlacedPicture]:
    """Return at most so many pictures: always the same ones, whatever else changes in the set."""
    if limit is None or limit >= len(pictures):
        return list(pictures)
    chosen = set(map(_rank, sorted(pictures, key=_rank)[:limit]))
    return [picture for picture in pictures if _rank(picture) in chosen][:limit]


def weigh_pictures(pictures: Sequence[PlacedPicture], weight: float) -> list[PlacedPicture]:
    """Return each picture `weight` times; of a fraction, a fixed part of them once more."""
    whole = int(weight)
    rest = limit_pictures(pictures, round((weight - whole) * len(pictures)))
    return [*(picture for picture in pictures for _ in range(whole)), *rest]


def repeat_rare_pictures(
    pictures: Sequence[PlacedPicture], *, least_per_class: int, classes: Sequence[str]
) -> list[PlacedPicture]:
    """Return the pictures, those of rare classes repeated as whole copies.

    Args:
        pictures: In any number and order.
        least_per_class: Pictures that each class shall have, as near as whole copies come.
        classes: Those that count.
    """
    names = [{box.class_name for box in placed.picture.boxes} for placed in pictures]
    shown = [found & set(classes) for found in names]
    counts = Counter(name for found in shown for name in found)
    copies = [
        max((max(1, round(least_per_class / counts[name])) for name in found), default=1)
        for found in shown
    ]
    return [picture for picture, n in zip(pictures, copies, strict=True) for _ in range(n)]


def _rank(placed: PlacedPicture) -> str:
    return hashlib.sha256(f"choice {placed.picture.path}".encode()).hexdigest()
