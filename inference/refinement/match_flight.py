"""All matches between a flight's photos, with a bounded number of photos' features in memory."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from inference.geometry.view import View
from inference.receipt import NotPlaced
from inference.refinement.features import Features
from inference.refinement.matches import PairMatches, match_pair

FEATURES_KEPT = 256  # of 0.2 MB each

ReadFeatures = Callable[[str], Features | None]


def match_pairs(
    pairs: Sequence[tuple[str, str]],
    views: Mapping[str, View | NotPlaced],
    read_features: ReadFeatures,
) -> list[PairMatches]:
    """Return the matches of the pairs that have any, in the order of the pairs' names.

    Args:
        pairs: SHA-256 of two photos each.
        views: Of the photos, by SHA-256.
        read_features: Returns a photo's features; None where it has none.
    """
    read = _remember(read_features, count=FEATURES_KEPT)
    found = []
    # Sorted, so that a photo's pairs follow each other and its features are read once.
    for first, second in sorted(pairs):
        one, other = views[first], views[second]
        features_first, features_second = read(first), read(second)
        if features_first is None or features_second is None:
            continue
        cameras = None
        if isinstance(one, View) and isinstance(other, View):
            cameras = one.camera, other.camera
        matches = match_pair(first, features_first, second, features_second, cameras=cameras)
        if matches is not None:
            found.append(matches)
    return found


def _remember(read: ReadFeatures, *, count: int) -> ReadFeatures:
    """Return a reader that keeps what was asked for last."""
    kept: OrderedDict[str, Features | None] = OrderedDict()

    def read_once(sha256: str) -> Features | None:
        if sha256 not in kept:
            kept[sha256] = read(sha256)
            if len(kept) > count:
                kept.popitem(last=False)
        kept.move_to_end(sha256)
        return kept[sha256]

    return read_once
