"""Uploads over lines that are cut, to a server that is killed: is all there, once, and how fast?

    python -m benchmarks.upload_faults [--quick] [--folder DIR]

Two runs of `skypatrol upload` as people start it, against `skypatrol serve` with its default store:
photos over loopback with cuts and kills, and photos over a slow line that is cut every 4 MB. Prints
the figures of issue "the service takes flights in"; exits 0 when all of them hold.
"""

import argparse
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.bad_line import BadLine, running_line
from benchmarks.running_server import REPOSITORY, RunningServer, peak_memory_bytes
from inference.reading.read_photo import read_photo_metadata

MB = 1_000_000
MOST_MEMORY_BYTES = 300 * MB
LEAST_SHARE = 0.5
MOST_SENT = 1.3
COMMENT_BYTES = 65_533  # the most that a segment of JPEG holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done."""

    photos: int
    photo_bytes: int
    cuts: int
    kills: int
    slow_photos: int
    slow_photo_bytes: int
    slow_rate: float
    slow_cut_every: float


FULL = Size(
    photos=1000, photo_bytes=8 * MB, cuts=20, kills=2,
    slow_photos=50, slow_photo_bytes=8 * MB, slow_rate=1.0 * MB, slow_cut_every=4.0 * MB,
)  # fmt: skip
# The same shape: a cut for each half photo, a rate that fills eight seconds.
QUICK = Size(
    photos=60, photo_bytes=4 * MB, cuts=5, kills=1,
    slow_photos=8, slow_photo_bytes=1 * MB, slow_rate=1.0 * MB, slow_cut_every=0.5 * MB,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRun:
    """What a run of the client told and took."""

    summary: dict[str, Any]
    seconds: float
    peak_bytes: int


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
    return hashes


def _drone_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "DJI", "FC9999"
    exif.get_ifd(0x8769).update({0x9003: "2026:05:04 03:02:01", 0xA405: 24})
    return exif


def _padded(jpeg: bytes, byte_count: int, random: np.random.Generator) -> bytes:
    """Return a JPEG with comments of noise behind its first marker, so long as is asked for."""
    pieces, left = [jpeg[:2]], byte_count - len(jpeg)
    while left >= 4:
        count = min(COMMENT_BYTES, left - 4)
        pieces.append(b"\xff\xfe" + (count + 2).to_bytes(2, "big") + random.bytes(count))
        left -= count + 4
    return b"".join([*pieces, jpeg[2:]])


def time_hash_copy_fsync(card: Path, folder: Path) -> float:
    """Return the seconds that one process takes to hash, copy and keep the card's files."""
    started = time.perf_counter()
    for path in sorted(card.rglob("*.JPG")):
        target = folder / path.name
        with path.open("rb") as source:
            hashlib.file_digest(source, "sha256")
            source.seek(0)
            with target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
                copy.flush()
                os.fsync(copy.fileno())
        target.unlink()
    return time.perf_counter() - started


def run_client(card: Path, url: str, key: str, state: Path) -> ClientRun:
    """Upload a card and return what the client told at its end."""
    command = [sys.executable, "-m", "service", "upload", str(card), "--server", url, "--json"]
    surroundings = os.environ | {
        "SKYPATROL_KEY": key,
        "SKYPATROL_UPLOADS": str(state),
        "SKYPATROL_ANSWERS_S": "0",
    }
    started, peak_bytes = time.perf_counter(), 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=surroundings, cwd=REPOSITORY, text=True
    ) as client:
        told = list[str]()
        reader = threading.Thread(target=lambda: told.append(client.stdout.read()))  # type: ignore[union-attr]
        reader.start()
        while client.poll() is None:
            peak_bytes = max(peak_bytes, peak_memory_bytes(client.pid))
            time.sleep(0.1)
        reader.join()
    seconds = time.perf_counter() - started
    if client.returncode not in (0, 2):  # without a worker no file has its answer
        raise SystemExit(f"the client ended with {client.returncode}")
    return ClientRun(summary=json.loads(told[0]), seconds=seconds, peak_bytes=peak_bytes)


@contextmanager
def killing(server: RunningServer, line: BadLine, at_bytes: list[float]) -> Iterator[list[float]]:
    """Kill the server each time so many bytes have passed, and start it again.

    Gives the list of how long it was away.
    """
    away_s, ended = list[float](), threading.Event()

    def watch() -> None:
        for threshold in at_bytes:
            while line.passed_bytes < threshold:
                if ended.wait(0.02):
                    return
            started = time.perf_counter()
            server.kill()
            server.start()
            away_s.append(time.perf_counter() - started)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield away_s
    finally:
        ended.set()
        thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the server holds in the end, judged from its store and its blobs."""

    lost: int
    doubled: int
    damaged: int


def read_kept(data: Path, hashes: dict[str, str]) -> Kept:
    """Hold the store and the bytes against what was on the card."""
    with closing(sqlite3.connect(f"file:{data / 'store.sqlite'}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT name, sha256, state FROM files").fetchall()
        stored = Counter(
            sha256 for (sha256,) in store.execute(
                "SELECT sha256 FROM blobs WHERE stored_at IS NOT NULL"
            )
        )  # fmt: skip
    there = Counter((name, sha256) for name, sha256, state in rows if state != "announced")
    blobs = [path for path in (data / "blobs").rglob("*") if path.is_file()]
    found = Counter(_sha256(path) for path in blobs)
    wanted = set(hashes.values())
    return Kept(
        lost=sum(
            there[name, sha256] == 0 or stored[sha256] == 0 or found[sha256] == 0
            for name, sha256 in hashes.items()
        ),
        doubled=sum(count - 1 for counts in (there, stored, found) for count in counts.values())
        + len(set(there) - set(hashes.items())),
        damaged=sum(path.name != _sha256(path) for path in blobs) + len(set(found) - wanted),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(slots=True)
class Figures:
    """Lines to print, the targets last."""

    holds: bool = True

    def tell(self, what: str, figure: str) -> None:
        print(f"{what:<66} {figure}", flush=True)

    def judge(self, what: str, figure: str, *, holds: bool) -> None:
        self.holds = self.holds and holds
        self.tell(f"{'holds' if holds else 'MISSES'}  {what}", figure)


def run_faults(folder: Path, size: Size, figures: Figures) -> None:
    """Photos over loopback, with cuts and kills."""
    card = folder / "card"
    hashes = write_card(card, photos=size.photos, photo_bytes=size.photo_bytes, seed=1)
    total = size.photos * size.photo_bytes
    for name in list(hashes)[:3]:
        read_photo_metadata(card / name)  # raises where it is no photo
    plain_s = time_hash_copy_fsync(card, folder)
    server = RunningServer(data=folder / "data")
    server.start()
    line = BadLine(
        to_host="127.0.0.1", to_port=server.port, cut_every=total / (size.cuts + 1), seed=2,
        most_cuts=size.cuts,
    )  # fmt: skip
    kills = [total * (number + 1) / (size.kills + 1) for number in range(size.kills)]
    try:
        with running_line(line), killing(server, line, kills) as away_s:
            run = run_client(card, f"http://127.0.0.1:{line.port}", server.key, folder / "state")
    finally:
        server.stop()
    kept = read_kept(server.data, hashes)
    at_work_s = run.seconds - sum(away_s)
    figures.tell(f"{size.photos} photos of {size.photo_bytes / MB:.0f} MB", f"{total / MB:.0f} MB")
    figures.tell("cuts, kills", f"{line.cuts}, {len(away_s)}")
    figures.tell(
        "bytes that passed the line, of the photos' bytes", f"{line.passed_bytes / total:.3f}"
    )
    figures.tell("hash, copy and fsync in one process", f"{total / MB / plain_s:.0f} MB/s")
    figures.tell("upload, the server's absence counted", f"{total / MB / run.seconds:.0f} MB/s")
    figures.tell("upload, while a server was there", f"{total / MB / at_work_s:.0f} MB/s")
    figures.judge("files lost", str(kept.lost), holds=kept.lost == 0)
    figures.judge("files or bytes doubled", str(kept.doubled), holds=kept.doubled == 0)
    figures.judge("bytes damaged", str(kept.damaged), holds=kept.damaged == 0)
    for who, peak in (("client", run.peak_bytes), ("server", server.peak_bytes)):
        figures.judge(
            f"{who}'s memory, at most {MOST_MEMORY_BYTES / MB:.0f} MB",
            f"{peak / MB:.0f} MB",
            holds=0 < peak < MOST_MEMORY_BYTES,
        )
    share = plain_s / at_work_s
    figures.judge(
        f"speed as a share of hash, copy and fsync, at least {LEAST_SHARE}",
        f"{share:.2f}",
        holds=share >= LEAST_SHARE,
    )


def run_slow_line(folder: Path, size: Size, figures: Figures) -> None:
    """Photos over a line that is slow and cut all the time."""
    card = folder / "slow-card"
    hashes = write_card(card, photos=size.slow_photos, photo_bytes=size.slow_photo_bytes, seed=3)
    total = size.slow_photos * size.slow_photo_bytes
    server = RunningServer(data=folder / "slow-data")
    server.start()
    line = BadLine(
        to_host="127.0.0.1", to_port=server.port, rate=size.slow_rate,
        cut_every=size.slow_cut_every,
    )  # fmt: skip
    try:
        with running_line(line):
            run = run_client(card, f"http://127.0.0.1:{line.port}", server.key, folder / "state")
    finally:
        server.stop()
    kept = read_kept(server.data, hashes)
    figures.tell(
        f"{size.slow_photos} photos of {size.slow_photo_bytes / MB:.0f} MB at "
        f"{size.slow_rate / MB:.0f} MB/s, cut every {size.slow_cut_every / MB:g} MB",
        f"{run.seconds:.0f} s, {line.cuts} cuts",
    )
    figures.judge(
        "slow line: lost, doubled, damaged",
        f"{kept.lost}, {kept.doubled}, {kept.damaged}",
        holds=kept == Kept(lost=0, doubled=0, damaged=0),
    )
    sent = line.passed_bytes / total
    figures.judge(
        f"slow line: bytes sent, of the photos' bytes, at most {MOST_SENT}",
        f"{sent:.3f}",
        holds=sent <= MOST_SENT,
    )


def main() -> None:
    """Run both, print the figures, and exit with 0 where all hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller numbers, about a minute")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; 25 GB must be free")
    chosen = parser.parse_args()
    size, figures = QUICK if chosen.quick else FULL, Figures()
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="upload-faults-") as folder:
        run_slow_line(Path(folder), size, figures)
        run_faults(Path(folder), size, figures)
    sys.exit(0 if figures.holds else 1)


if __name__ == "__main__":
    main()
