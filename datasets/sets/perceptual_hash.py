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


def find_alike(
    hashes: Sequence[int], *, max_bits: int
) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.uint8]]]:
    """Yield places in `hashes`, later places that are alike, and the bits that differ.

    Hashes that differ in at most n bits agree in one of n + 1 parts (the pigeonhole
    principle; Norouzi et al., Fast Search in Hamming Space with Multi-Index Hashing, 2012,
    section 2), so only those that share a part are compared. A pair that shares several
    parts comes several times.

    Args:
        hashes: Of 64 bits.
        max_bits: Most bits in which a pair differs, from 0 to 63.
    """
    values = np.array(hashes, dtype=np.uint64)
    edges = np.linspace(0, BITS, max_bits + 2).astype(int)
    for low, high in pairwise(edges.tolist()):
        part = (values >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
        order = np.argsort(part, kind="stable")  # stable: places rise within a bucket
        starts = np.flatnonzero(np.diff(part[order])) + 1
        for bucket in np.split(order, starts):
            yield from _compare_bucket(values, bucket, max_bits)


def _compare_bucket(
    values: NDArray[np.uint64], bucket: NDArray[np.intp], max_bits: int
) -> Iterator[tuple[int, NDArray[np.intp], NDArray[np.uint8]]]:
    for start, place in enumerate(bucket[:-1]):
        others = bucket[start + 1 :]
        bits = np.bitwise_count(values[others] ^ values[place])
        alike = bits <= max_bits
        if alike.any():
            yield int(place), others[alike], bits[alike]
