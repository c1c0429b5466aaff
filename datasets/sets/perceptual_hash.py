"""How a picture looks, as 64 bits, and which pictures look alike."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

HASHED_SIDE_PX = 32
KEPT_SIDE = 8  # lowest frequencies a side: 64 bits
BITS = 64


def hash_looks(pixels: NDArray[np.uint8]) -> int:
    """Return the perceptual hash of a picture: pictures that look alike differ in few bits.

    The signs of the lowest 8 x 8 frequencies of the discrete cosine transform against their
    median: pHash after Zauner, Implementation and Benchmarking of Perceptual Image Hash
    Functions (2010), section 3.2.1, with the constant term among them, as most libraries do.

    Args:
        pixels: (32, 32) brightness.
    """
    low = dctn(pixels.astype(np.float64))[:KEPT_SIDE, :KEPT_SIDE]
    bits = (low > np.median(low)).ravel()
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def find_near_pairs(hashes: Sequence[int], *, max_distance: int) -> Iterator[tuple[int, int, int]]:
    """Yield all pairs of equal or near hashes as (first, second, bits that differ).

    Hashes that differ in at most n bits agree in one of n + 1 parts (the pigeonhole
    principle; Norouzi et al., Fast Search in Hamming Space with Multi-Index Hashing, 2012),
    so only those that share a part are compared. Equal hashes are put together first, for
    a thousand blank pictures would be half a million pairs: each is paired with the first.

    Args:
        hashes: Of 64 bits.
        max_distance: Most bits in which a pair differs, from 0 to 63.
    """
    values, firsts, places = np.unique(
        np.array(hashes, dtype=np.uint64), return_index=True, return_inverse=True
    )
    for index, place in enumerate(places):
        if index != firsts[place]:
            yield int(firsts[place]), index, 0
    pairs = sorted(_pairs_of_unequal(values, max_distance))
    for first, second in pairs:
        distance = (int(values[first]) ^ int(values[second])).bit_count()
        ends = sorted((int(firsts[first]), int(firsts[second])))
        yield ends[0], ends[1], distance


def _pairs_of_unequal(values: NDArray[np.uint64], max_distance: int) -> set[tuple[int, int]]:
    edges = np.linspace(0, BITS, max_distance + 2).astype(int)
    found: set[tuple[int, int]] = set()
    for low, high in pairwise(edges):
        part = (values >> np.uint64(low)) & np.uint64((1 << int(high - low)) - 1)
        order = np.argsort(part, kind="stable")
        starts = np.flatnonzero(np.diff(part[order])) + 1
        for bucket in np.split(order, starts):
            found.update(_near_in_bucket(values, bucket, max_distance))
    return found


def _near_in_bucket(
    values: NDArray[np.uint64], bucket: NDArray[np.intp], max_distance: int
) -> Iterator[tuple[int, int]]:
    for place, first in enumerate(bucket[:-1]):
        others = bucket[place + 1 :]
        distances = np.bitwise_count(values[others] ^ values[first])
        for second in others[distances <= max_distance]:
            yield (int(first), int(second)) if first < second else (int(second), int(first))
