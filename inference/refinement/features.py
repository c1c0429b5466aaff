"""Points of a photo by which other photos of the same ground are recognised."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """Points with what they look like.

    Attributes:
        pixels: (N, 2) float32 photo pixels as decoded, unturned.
        descriptors: (N, 128) uint8.
    """

    pixels: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
