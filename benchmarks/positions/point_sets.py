"""Points in photos whose place on the ground is known, and the flights they belong to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.merging.flights import FlightPhoto
from inference.reading.read_photo import read_photo_metadata


@dataclass(frozen=True, kw_only=True, eq=False)
class PointSet:
    """Pixels of one photo and where they are.

    Attributes:
        photo: The file.
        pixels: (N, 2) photo pixels, (0, 0) the centre of the first.
        positions: (N, 3) latitude, longitude, height in the height model's datum.
    """

    photo: Path
    pixels: NDArray[np.float64]
    positions: NDArray[np.float64]


def read_flight_photo(path: Path) -> FlightPhoto:
    """Return a photo as the pipeline takes it."""
    return FlightPhoto(
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        metadata=read_photo_metadata(path),
        folder=str(path.parent),
        name=path.name,
    )


def offsets_m(
    places: Sequence[tuple[float, float]] | NDArray[np.float64], positions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (N, 2) metres east and north from the truth to (N, 2) latitudes and longitudes."""
    frame = EnuFrame(latitude_deg=float(positions[0, 0]), longitude_deg=float(positions[0, 1]))
    found = np.column_stack([np.asarray(places, dtype=np.float64)[:, :2], np.zeros(len(places))])
    truth = np.column_stack([positions[:, :2], np.zeros(len(positions))])
    return (wgs84_to_enu(frame, found) - wgs84_to_enu(frame, truth))[:, :2]
