"""A card of photos made by a seed, and the plain work that an upload is compared with."""

import hashlib
import io
import os
import shutil
import time
from pathlib import Path

import numpy as np
from PIL import Image

_COMMENT_BYTES = 65_533  # the most that a segment of JPEG holds


def write_card(folder: Path, *, photos: int, photo_bytes: int, seed: int) -> dict[str, str]:
    """Write photos of a drone, each another; return their hashes by name."""
    random = np.random.default_rng(seed)
    picture = io.BytesIO()
    pixels = random.integers(40, 90, (450, 600, 3), np.uint8)
    Image.fromarray(pixels).save(picture, "JPEG", quality=85, exif=_drone_exif())
    jpeg, hashes = picture.getvalue(), {}
    for number in range(photos):
        name = f"DCIM/{100 + number // 999}MEDIA/DJI_{1 + number % 999:04}.JPG"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = _padded(jpeg, photo_bytes, random)
        path.write_bytes(content)
        hashes[name] = hashlib.sha256(content).hexdigest()
    # What is not on the disk yet would be written while something else is measured.
    os.sync()
    return hashes


def time_hash_copy_fsync(card: Path, folder: Path) -> float:
    """Return the seconds that one process takes to hash, copy and keep the card's files."""
    folder.mkdir()
    taken_s = 0.0
    for path in sorted(card.rglob("*.JPG")):
        target = folder / path.name
        started_s = time.perf_counter()
        with path.open("rb") as source:
            hashlib.file_digest(source, "sha256")
            source.seek(0)
            with target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
                copy.flush()
                os.fsync(copy.fileno())
        taken_s += time.perf_counter() - started_s
        target.unlink()
    folder.rmdir()
    return taken_s


def _drone_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "DJI", "FC9999"
    exif.get_ifd(0x8769).update({0x9003: "2026:05:04 03:02:01", 0xA405: 24})
    return exif


def _padded(jpeg: bytes, byte_count: int, random: np.random.Generator) -> bytes:
    """Return a JPEG with comments of noise behind its first marker, so long as is asked for."""
    pieces, left = [jpeg[:2]], byte_count - len(jpeg)
    while left >= 4:
        count = min(_COMMENT_BYTES, left - 4)
        pieces.append(b"\xff\xfe" + (count + 2).to_bytes(2, "big") + random.bytes(count))
        left -= count + 4
    return b"".join([*pieces, jpeg[2:]])
