"""Labelled pictures of several sets side by side, each with the place of its file."""

from collections.abc import Sequence

from datasets.picture_set import PictureSet
from training.chosen_pictures import PlacedPicture
from training.trials.subset import choose_subset


def place_pictures(picture_set: PictureSet) -> list[PlacedPicture]:
    """Return the pictures of a set with the place of their files."""
    return [PlacedPicture(picture=p, path=picture_set.path_of(p)) for p in picture_set.pictures]


def choose_placed(placed: Sequence[PlacedPicture], count: int, *, seed: int) -> list[PlacedPicture]:
    """Return a fixed part of the pictures, see `choose_subset`."""
    by_picture = {id(entry.picture): entry for entry in placed}
    chosen = choose_subset([entry.picture for entry in placed], count, seed=seed)
    return [by_picture[id(picture)] for picture in chosen]
