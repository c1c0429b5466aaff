"""A fixed part of the pictures, each source in proportion."""

from collections.abc import Sequence

import numpy as np

from datasets.labelled_picture import LabelledPicture


def choose_subset(
    pictures: Sequence[LabelledPicture], count: int, *, seed: int, least_per_source: int = 10
) -> list[LabelledPicture]:
    """Return `count` pictures, or all where there are fewer; the same for the same seed.

    Args:
        pictures: To choose from; their order does not matter.
        count: Wanted.
        seed: Of the choice.
        least_per_source: Small sources give so many (or all they have) before the rest is shared
            out in proportion: a class may live in one of them alone.
    """
    by_source: dict[str, list[LabelledPicture]] = {}
    for picture in sorted(pictures, key=lambda p: (p.source, p.sha256, p.path)):
        by_source.setdefault(picture.source, []).append(picture)
    sizes = {source: len(entries) for source, entries in by_source.items()}
    shares = share_out(sizes, count, least=least_per_source)
    rng = np.random.default_rng(seed)
    chosen = []
    for source, entries in by_source.items():
        places = rng.permutation(len(entries))[: shares[source]]
        chosen += [entries[place] for place in sorted(places)]
    return chosen


def share_out(sizes: dict[str, int], count: int, *, least: int) -> dict[str, int]:
    """Return how many of `count` each takes: its least, then in proportion to what it has left.

    The largest remainders get what rounding leaves (Hamilton's method).
    """
    count = min(count, sum(sizes.values()))
    shares = {name: min(size, least) for name, size in sizes.items()}
    if sum(shares.values()) > count:
        return _by_remainder(sizes, count)
    left = {name: sizes[name] - shares[name] for name in sizes}
    more = _by_remainder(left, count - sum(shares.values()))
    return {name: shares[name] + more[name] for name in sizes}


def _by_remainder(sizes: dict[str, int], count: int) -> dict[str, int]:
    total = max(sum(sizes.values()), 1)
    exact = {name: size * count / total for name, size in sizes.items()}
    shares = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(sizes, key=lambda name: (shares[name] - exact[name], name))
    for name in by_remainder[: count - sum(shares.values())]:
        shares[name] += 1
    return shares
