"""Photos and archives that are broken in every way that a seed gives: what cards really bring."""

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

Damage = Callable[[bytes, np.random.Generator], bytes]
HEADERS = (
    b"\xff\xd8\xff\xe1",
    b"II*\0",
    b"MM\0*",
    b"\x89PNG\r\n\x1a\n",
    b"\0\0\0\x18ftypheic",
    b"",
)


def draw_photo(number: int, *, width_px: int = 600, height_px: int = 450) -> bytes:
    """Return a photo of rough ground with a bright square, each number another."""
    random = np.random.default_rng(number)
    pixels = random.integers(40, 90, (height_px, width_px, 3), np.uint8)
    column, row = (int(random.integers(50, edge - 50)) for edge in (width_px, height_px))
    cv2.rectangle(pixels, (column - 20, row - 20), (column + 20, row + 20), (255,) * 3, -1)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "DJI", "FC9999"
    exif.get_ifd(0x8769).update({0x9003: "2026:05:04 03:02:01", 0xA405: 24})
    place = ((30.0, 15.0, float(number % 60)), (120.0, 9.0, float(number % 59)))
    exif.get_ifd(0x8825).update({1: "N", 2: place[0], 3: "E", 4: place[1]})
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "JPEG", quality=90, exif=exif)
    return packed.getvalue()


def cut_short(data: bytes, random: np.random.Generator) -> bytes:
    """Return the beginning of a file."""
    return data[: int(random.integers(0, len(data)))]


def flip_bits(data: bytes, random: np.random.Generator) -> bytes:
    """Return a file with some bits turned over."""
    changed = bytearray(data)
    for position in random.integers(0, len(changed), int(random.integers(1, 60))):
        changed[position] ^= 1 << int(random.integers(0, 8))
    return bytes(changed)


def swap_header(data: bytes, random: np.random.Generator) -> bytes:
    """Return a file that begins as one of another kind."""
    header = HEADERS[int(random.integers(0, len(HEADERS)))]
    return header + data[len(header) or 12 :]


def spoil_exif(data: bytes, random: np.random.Generator) -> bytes:
    """Return a file whose first kilobytes, where EXIF is, hold noise."""
    changed = bytearray(data)
    for position in random.integers(4, min(len(changed), 400), 40):
        changed[position] = int(random.integers(0, 256))
    return bytes(changed)


DAMAGES: Sequence[Damage] = (cut_short, flip_bits, swap_header, spoil_exif)


def make_odd_files(count: int, *, folder: Path | None, seed: int) -> dict[str, bytes]:
    """Return so many broken photos by name: the real ones of a folder, and what a seed makes."""
    random = np.random.default_rng(seed)
    real = []
    if folder is not None:
        real = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    real = [data for data in real if 16 < len(data) < 20_000_000]
    sources = [*real, *(draw_photo(number) for number in range(8))]
    odd = {f"odd/real-{index:03}.jpg": data for index, data in enumerate(real)}
    for index in range(len(odd), count):
        damage = DAMAGES[index % len(DAMAGES)]
        source = sources[int(random.integers(0, len(sources)))]
        odd[f"odd/{index:04}-{damage.__name__}.jpg"] = damage(source, random)
    return odd


def make_broken_archives(seed: int) -> dict[str, bytes]:
    """Return archives of photos that are broken, nested, climb out of their folder, or explode."""
    random = np.random.default_rng(seed)
    whole = _pack({"a.jpg": draw_photo(9001), "b.jpg": draw_photo(9002)})
    return {
        "zip/whole.zip": whole,
        "zip/cut.zip": whole[: len(whole) * 2 // 3],
        "zip/flipped.zip": flip_bits(whole, random),
        "zip/nested.zip": _pack({"inner.zip": whole, "c.jpg": draw_photo(9003)}),
        "zip/climbs.zip": _pack({"../../evil.jpg": draw_photo(9004)}),
        "zip/bomb.zip": _pack({"zeros.jpg": bytes(300_000_000)}),
        "zip/empty.zip": _pack({}),
    }


def _pack(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()
