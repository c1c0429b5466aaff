"""Which points of two photos are the same point of the ground."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairMatches:
    """Points that two photos both show.

    Attributes:
        first: SHA-256 of one photo.
        second: SHA-256 of the other.
        pixels_first: (M, 2) photo pixels.
        pixels_second: (M, 2) photo pixels, row by row the same points.
    """

    first: str
    second: str
    pixels_first: NDArray[np.float64]
    pixels_second: NDArray[np.float64]
