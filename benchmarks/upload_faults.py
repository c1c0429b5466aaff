"""Uploads over lines that are cut, to a server that is killed: is all there, once, and how fast?

    python -m benchmarks.upload_faults [--quick] [--only faults|slow] [--write PAGE] [--folder DIR]

Two runs of `skypatrol upload` as people start it, against `skypatrol serve` with its default store:
photos over loopback with cuts and kills, and photos over a slow line that is cut every 4 MB.
Prints figures; exits 0 when all that must hold do. Each part may be run alone: the page keeps the
other part's figures.
"""

import argparse
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.bad_line import BadLine, running_line
from benchmarks.running_server import RunningServer
from benchmarks.uploads.client_run import run_client
from benchmarks.uploads.figures import Figures, write_results
from benchmarks.uploads.kept import ALL_THERE_ONCE, Kept, read_kept
from benchmarks.uploads.photo_card import time_hash_copy_fsync, write_card
from inference.reading.read_photo import read_photo_metadata

MB = 1_000_000
MOST_MEMORY_BYTES = 300 * MB
LEAST_SHARE = 0.5
MOST_SENT = 1.3
PARTS = {"faults": "Cuts and kills on loopback", "slow": "Slow line"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Photos over loopback, with cuts and kills."""

    photos: int
    photo_bytes: int
    cuts: int
    kills: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowLine:
    """Photos over a line that is slow and cut all the time; bytes a second, bytes between cuts."""

    photos: int
    photo_bytes: int
    rate: float
    cut_every: float


FAULTS = Faults(photos=1000, photo_bytes=8 * MB, cuts=20, kills=2)
SLOW = SlowLine(photos=50, photo_bytes=8 * MB, rate=1.0 * MB, cut_every=4.0 * MB)
# The same shape: a cut for each half photo, a rate that fills eight seconds.
QUICK_FAULTS = Faults(photos=60, photo_bytes=4 * MB, cuts=5, kills=1)
QUICK_SLOW = SlowLine(photos=8, photo_bytes=1 * MB, rate=1.0 * MB, cut_every=0.5 * MB)


def run_faults(folder: Path, size: Faults, figures: Figures) -> None:
    """Upload over loopback with cuts and kills, between two measures of the plain work."""
    card, total = folder / "card", size.photos * size.photo_bytes
    hashes = write_card(card, photos=size.photos, photo_bytes=size.photo_bytes, seed=1)
    for name in list(hashes)[:3]:
        read_photo_metadata(card / name)  # raises where it is no photo
    plain_s = [time_hash_copy_fsync(card, folder / "copies")]
    server = RunningServer(data=folder / "data")
    kills = [total * (number + 1) / (size.kills + 1) for number in range(size.kills)]
    try:  # before it starts: who interrupts the start leaves no server behind
        server.start()
        line = BadLine(
            to_host="127.0.0.1", to_port=server.port, cut_every=total / (size.cuts + 1), seed=2,
            most_cuts=size.cuts,
        )  # fmt: skip
        with running_line(line), killing(server, line, kills) as away_s:
            run = run_client(card, f"http://127.0.0.1:{line.port}", server.key, folder / "state")
    finally:
        server.stop()
    plain_s.append(time_hash_copy_fsync(card, folder / "copies"))
    at_work_s = run.seconds - sum(away_s)
    figures.tell(
        f"{size.photos} photos of {size.photo_bytes / MB:.0f} MB, cuts and kills",
        f"{line.cuts}, {len(away_s)}",
    )
    figures.tell("bytes that passed, of the photos' bytes", f"{line.passed_bytes / total:.3f}")
    figures.tell(
        "hash, copy and fsync in one process, before and after",
        ", ".join(f"{total / MB / seconds:.0f}" for seconds in plain_s) + " MB/s",
    )
    figures.tell("upload, the server's absence counted", f"{total / MB / run.seconds:.0f} MB/s")
    figures.tell("upload, while a server was there", f"{total / MB / at_work_s:.0f} MB/s")
    figures.tell(
        "seconds of a core a GB: client, server",
        f"{run.cpu_s / total * 1e9:.2f}, {server.cpu_s / total * 1e9:.2f}",
    )
    judge_kept(read_kept(server.data, hashes), figures, what="files")
    for who, peak in (("client", run.peak_bytes), ("server", server.peak_bytes)):
        figures.judge(
            f"{who}'s memory, at most {MOST_MEMORY_BYTES / MB:.0f} MB",
            f"{peak / MB:.0f} MB",
            holds=0 < peak < MOST_MEMORY_BYTES,
        )
    share = sum(plain_s) / len(plain_s) / at_work_s
    figures.judge(
        f"speed as a share of hash, copy and fsync, at least {LEAST_SHARE}",
        f"{share:.2f}",
        holds=share >= LEAST_SHARE,
    )


def run_slow_line(folder: Path, size: SlowLine, figures: Figures) -> None:
    """Upload over a line that is slow and cut all the time."""
    card, total = folder / "slow-card", size.photos * size.photo_bytes
    hashes = write_card(card, photos=size.photos, photo_bytes=size.photo_bytes, seed=3)
    server = RunningServer(data=folder / "slow-data")
    try:
        server.start()
        line = BadLine(
            to_host="127.0.0.1", to_port=server.port, rate=size.rate, cut_every=size.cut_every
        )
        with running_line(line):
            run = run_client(card, f"http://127.0.0.1:{line.port}", server.key, folder / "state")
    finally:
        server.stop()
    figures.tell(
        f"slow line: {size.photos} photos of {size.photo_bytes / MB:.0f} MB at "
        f"{size.rate / MB:.0f} MB/s, cut every {size.cut_every / MB:g} MB",
        f"{run.seconds:.0f} s, {line.cuts} cuts",
    )
    judge_kept(read_kept(server.data, hashes), figures, what="slow line: files")
    sent = line.passed_bytes / total
    figures.judge(
        f"slow line: bytes sent, of the photos' bytes, at most {MOST_SENT}",
        f"{sent:.3f}",
        holds=sent <= MOST_SENT,
    )


def judge_kept(kept: Kept, figures: Figures, *, what: str) -> None:
    """Nothing may be missing, there twice, or damaged."""
    figures.judge(
        f"{what} lost, doubled, damaged",
        f"{kept.lost}, {kept.doubled}, {kept.damaged}",
        holds=kept == ALL_THERE_ONCE,
    )


@contextmanager
def killing(
    server: RunningServer, line: BadLine, at_bytes: Sequence[float]
) -> Iterator[list[float]]:
    """Kill the server each time so many bytes have passed, and start it again.

    Gives the list of how many seconds it was away.
    """
    away_s, ended = list[float](), threading.Event()

    def watch() -> None:
        for threshold in at_bytes:
            while line.passed_bytes < threshold:
                if ended.wait(0.02):
                    return
            started_s = time.perf_counter()
            server.kill()
            server.start()
            away_s.append(time.perf_counter() - started_s)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield away_s
    finally:
        ended.set()
        thread.join()


def scale_faults(faults: Faults, photos: int) -> Faults:
    """Return a run with so many photos and as many bytes between cuts and kills."""
    share = photos / faults.photos
    return replace(
        faults,
        photos=photos,
        cuts=max(1, round(faults.cuts * share)),
        kills=round(faults.kills * share),
    )


def main(chosen: argparse.Namespace) -> int:
    """Run what was asked for, print and keep the figures, and return 0 where all hold."""
    faults, slow = (QUICK_FAULTS, QUICK_SLOW) if chosen.quick else (FAULTS, SLOW)
    if chosen.photos is not None:
        faults = scale_faults(faults, chosen.photos)
    # The default of SIGTERM and SIGHUP would leave 25 GB and a server behind.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    holds = True
    for part in PARTS if chosen.only is None else (chosen.only,):
        figures = Figures()
        with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="upload-faults-") as folder:
            if part == "faults":
                run_faults(Path(folder), faults, figures)
            else:
                run_slow_line(Path(folder), slow, figures)
        holds = holds and figures.holds
        if chosen.write is not None:
            write_results(
                chosen.write,
                figures.lines,
                title="Uploads over bad lines",
                command="upload_faults",
                part=PARTS[part],
            )
    return 0 if holds else 1


def parse_arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller numbers, about a minute")
    parser.add_argument("--only", choices=tuple(PARTS), help="one of the two runs")
    parser.add_argument(
        "--photos", type=int, help="of the run with cuts and kills, which become fewer likewise"
    )
    parser.add_argument("--write", type=Path, metavar="PAGE", help="keep the figures in Markdown")
    parser.add_argument("--folder", type=Path, help="on the disk to measure; 25 GB must be free")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(parse_arguments()))
