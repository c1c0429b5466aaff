"""Pictures that are there twice, to the byte or to the eye, above all in two splits."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.labelled_picture import LabelledPicture
from datasets.picture_set import SPLITS
from datasets.sets.findings import Finding
from datasets.sets.perceptual_hash import find_alike
from datasets.sets.picture_facts import PictureFacts

FactsOfWhole = Mapping[str, PictureFacts]


def split_rank(split: str) -> int:
    """Return the place of a split; of a pair, the picture of the later one is to be moved."""
    return SPLITS.index(split) if split in SPLITS else len(SPLITS)


def check_same(pictures: Sequence[LabelledPicture], facts: FactsOfWhole) -> Iterator[Finding]:
    """Yield pictures whose file equals an earlier one's, byte by byte."""
    by_hash: dict[str, list[LabelledPicture]] = {}
    for picture in pictures:
        if picture.path in facts:
            by_hash.setdefault(facts[picture.path].sha256, []).append(picture)
    for equal in by_hash.values():
        first, *others = sorted(equal, key=lambda entry: (split_rank(entry.split), entry.path))
        for picture in others:
            crosses = picture.split != first.split
            yield Finding(
                code="same_across_splits" if crosses else "same_twice",
                message=f"the same file, {first.split} and {picture.split}",
                picture=picture.path,
                other=first.path,
            )


@dataclass(frozen=True, slots=True, order=True)
class _Nearest:
    """The picture that looks most like another one; sorts by how much."""

    bits: int
    path: str
    split: str


def check_alike(
    pictures: Sequence[LabelledPicture], facts: FactsOfWhole, *, alike_bits: int
) -> Iterator[Finding]:
    """Yield pictures that look like one of another split, or of another group of their split.

    One finding a picture and kind, with the one that it is most like. Within a group likeness
    is what the group is for; equal files are `check_same`'s.
    """
    known = [picture for picture in pictures if picture.path in facts]
    known.sort(key=lambda picture: (split_rank(picture.split), picture.path))
    hashes = [facts[picture.path].looks for picture in known]
    _, groups = np.unique([picture.group for picture in known], return_inverse=True)
    nearest: dict[tuple[str, str], _Nearest] = {}
    for index, alike, bits in find_alike(hashes, max_bits=alike_bits):
        apart = groups[alike] != groups[index]
        for other, differing in zip(alike[apart], bits[apart], strict=True):
            first, second = known[index], known[int(other)]
            if facts[first.path].sha256 == facts[second.path].sha256:
                continue
            kind = "splits" if first.split != second.split else "groups"
            candidate = _Nearest(int(differing), first.path, first.split)
            key = (second.path, f"alike_across_{kind}")
            nearest[key] = min(candidate, nearest.get(key, candidate))
    splits = {picture.path: picture.split for picture in known}
    for (path, code), found in sorted(nearest.items()):
        message = f"{found.bits} of 64 bits differ, {found.split} and {splits[path]}"
        yield Finding(code=code, message=message, picture=path, other=found.path)
