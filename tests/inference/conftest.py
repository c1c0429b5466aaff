"""Photos drawn for the tests of reading, with the metadata that a test wants."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

GPS_IFD, EXIF_IFD = 0x8825, 0x8769
MakePhoto = Callable[..., Path]

XMP_HEAD = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
)
XMP_TAIL = "/></rdf:RDF></x:xmpmeta>"


def draw_picture(width_px: int, height_px: int) -> Image.Image:
    """Return a smooth picture whose four corners differ, so that turning it shows."""
    red = np.linspace(0, 255, width_px)[None, :].repeat(height_px, axis=0)
    green = np.linspace(0, 255, height_px)[:, None].repeat(width_px, axis=1)
    pixels = np.stack([red, green, np.full_like(red, 60)], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))


def insert_segment(jpeg: bytes, payload: bytes, *, marker: int = 0xE1) -> bytes:
    """Return the JPEG with one more segment at its front."""
    head = bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big")
    return jpeg[:2] + head + payload + jpeg[2:]


@pytest.fixture
def make_photo(tmp_path: Path) -> MakePhoto:
    """Return a function that writes a JPEG and returns its path.

    Its arguments: `image`, `exif` and `gps` are EXIF tags by number for the three directories,
    `dji` are drone-dji attributes, `xmp` is a whole packet.
    """

    def make(
        *,
        name: str = "photo.jpg",
        size: tuple[int, int] = (96, 64),
        image: dict[int, Any] | None = None,
        exif: dict[int, Any] | None = None,
        gps: dict[int, Any] | None = None,
        dji: dict[str, str] | None = None,
        xmp: bytes | None = None,
    ) -> Path:
        tags = Image.Exif()
        tags.update(image or {})
        tags.get_ifd(EXIF_IFD).update(exif or {})
        tags.get_ifd(GPS_IFD).update(gps or {})
        file = BytesIO()
        has_tags = bool(image or exif or gps)
        draw_picture(*size).save(file, "JPEG", quality=92, **({"exif": tags} if has_tags else {}))
        data = file.getvalue()
        if dji is not None:
            attributes = " ".join(f'drone-dji:{key}="{value}"' for key, value in dji.items())
            xmp = (XMP_HEAD + attributes + XMP_TAIL).encode()
        if xmp is not None:
            data = insert_segment(data, b"http://ns.adobe.com/xap/1.0/\x00" + xmp)
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return make
