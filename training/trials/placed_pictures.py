"""Labelled pictures of several sets side by side, each with the folder that holds its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import PictureSet
from training.trials.subset import choose_subset


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPicture:
    """A labelled picture and the folder of the set that holds its file."""

    picture: LabelledPicture
    folder: Path

    @property
    def file(self) -> Path:
        """Where the picture's file lies."""
        return self.folder / self.picture.path


def place_pictures(picture_set: PictureSet) -> list[PlacedPicture]:
    """Return the pictures of a set with the folder in which they are."""
    return [PlacedPicture(picture=p, folder=picture_set.folder) for p in picture_set.pictures]


def choose_placed(placed: Sequence[PlacedPicture], count: int, *, seed: int) -> list[PlacedPicture]:
    """Return a fixed part of the pictures, see `choose_subset`."""
    by_picture = {id(entry.picture): entry for entry in placed}
    chosen = choose_subset([entry.picture for entry in placed], count, seed=seed)
    return [by_picture[id(picture)] for picture in chosen]
