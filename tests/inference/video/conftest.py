"""Videos drawn for the tests, each frame with its number painted in."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.detector import Image

BITS, CELL_PX = 8, 24
WIDTH_PX, HEIGHT_PX, FRAME_RATE = BITS * CELL_PX, 64, 10.0


def paint_number(number: int) -> Image:
    """Return a picture of white and black cells that are the number's bits."""
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), 30, dtype=np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            picture[:, bit * CELL_PX : (bit + 1) * CELL_PX] = 220
    return picture


@pytest.fixture
def read_number() -> Callable[[Image], int]:
    """Return a function that gives the number painted in a picture."""

    def read(picture: Image) -> int:
        cells = picture[:, CELL_PX // 2 :: CELL_PX].mean(axis=(0, 2))
        return sum(1 << bit for bit in range(BITS) if cells[bit] > 125)

    return read


@pytest.fixture
def write_video(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a video of numbered frames, or of the pictures given."""

    def write(
        name: str = "flight.MP4", *, frames: int = 60, pictures: list[Image] | None = None
    ) -> Path:
        path = tmp_path / name
        shown = pictures or [paint_number(number) for number in range(frames)]
        rows, columns = shown[0].shape[:2]
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(path), codec, FRAME_RATE, (columns, rows))
        for picture in shown:
            writer.write(picture)
        writer.release()
        return path

    return write
