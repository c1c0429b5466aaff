"""Random kills of API and workers, broken files, a full disk: is every file answered, once?

    python -m benchmarks.fault_campaign [--quick] [--kills N] [--shared DIR] [--folder DIR]
        [--write PAGE]

Flights are sent to `skypatrol serve` while its processes are ended by SIGKILL at random moments.
Then the store, the bytes and all answers are held against what was sent, and findings against
those of the same flight without kills. Prints figures, the targets last; exits 0 when all hold.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.faults.flights import make_other_files, render_photos
from benchmarks.faults.judge import judge_files, judge_findings, judge_work
from benchmarks.faults.killer import Killer, wait_for_end
from benchmarks.faults.odd_files import draw_photo, make_broken_archives, make_odd_files
from benchmarks.faults.persistent_client import PATIENCE_S, NoAnswerError, PersistentClient
from benchmarks.running_server import RunningServer
from benchmarks.uploads.figures import Figures, write_results

ODD_A_FLIGHT = 50
TITLE = "Kills, broken files, a full disk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done."""

    kills: int
    odd_files: int
    photos_on_full_disk: int


FULL = Size(kills=200, odd_files=1000, photos_on_full_disk=40)
QUICK = Size(kills=6, odd_files=30, photos_on_full_disk=24)


@contextmanager
def serving(server: RunningServer) -> Iterator[RunningServer]:
    """Start a server, and leave nothing of it behind."""
    server.start()
    try:
        yield server
    finally:
        server.kill()


def run_kills(folder: Path, size: Size, odd: Path | None, figures: Figures) -> None:
    """Send flights while processes are killed, until so many kills were done."""
    photos = render_photos(folder / "card")
    server = RunningServer(
        data=folder / "data",
        workers=1,
        variables={"SKYPATROL_RATE": "1000:4000", "SKYPATROL_RESERVE_BYTES": "0"},
    )
    with serving(server):
        client = PersistentClient(server)
        calm = client.send_flight(photos)
        client.wait_for(calm)
        killer = Killer(server, kills=size.kills, seed=1, on_trouble=client.give_up)
        killer.start()
        started_s = time.monotonic()
        odd_cards = [
            make_broken_archives(seed=3),
            *split(make_odd_files(size.odd_files, folder=odd, seed=2), ODD_A_FLIGHT),
        ]
        flights, odd_flights = list[str](), list[str]()
        try:
            # In turn, so that kills hit the inspection of sound photos and that of broken ones.
            while not killer.is_done or not flights:
                flights.append(client.send_flight(make_other_files(photos, len(flights))))
                if odd_cards:
                    odd_flights.append(client.send_flight(odd_cards.pop()))
                client.wait_for(flights[-1])
            wait_for_end(killer)
            odd_flights += [client.send_flight(card) for card in odd_cards]
        finally:
            killer.end()
        figures.judge(
            f"kills: of {size.kills} restarts and kills, not survived by the server",
            str(killer.left),
            holds=not killer.left,
        )
        late = [flight for flight in [*odd_flights, *flights] if not client.wait_for(flight)]
        figures.tell(
            "kills: flights, files, requests (in vain ones too), seconds",
            f"{len(flights) + len(odd_flights) + 1}, {len(client.sent)}, {client.tries}, "
            f"{time.monotonic() - started_s:.0f}",
        )
        figures.judge("kills: flights not concluded", str(len(late)), holds=not late)
        judge_files(client, [calm, *odd_flights, *flights], figures, what="kills")
        judge_findings(client, calm, flights, figures, what="kills")
        judge_work(server.data, figures, what="kills")


def split(files: dict[str, bytes], count: int) -> list[dict[str, bytes]]:
    """Return files in parts of so many."""
    names = list(files)
    return [
        {name: files[name] for name in names[start : start + count]}
        for start in range(0, len(names), count)
    ]


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Give a folder a file system of 4 MB of its own; False where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def run_full_disk(folder: Path, size: Size, figures: Figures) -> None:
    """Send a flight to a server whose disk is full, and give it room after a while."""
    data = folder / "small"
    data.mkdir()
    with small_disk(data) as mounted:
        if not mounted:
            figures.tell("full disk", "not tried: a file system cannot be mounted here")
            return
        server = RunningServer(data=data, workers=1, variables={"SKYPATROL_RESERVE_BYTES": "0"})
        with serving(server):
            client = PersistentClient(server)

            def give_room() -> None:
                if client.full.wait(PATIENCE_S):
                    time.sleep(3.0)
                    more = ["mount", "-o", "remount,size=400m", str(data)]
                    subprocess.run(more, check=True)

            threading.Thread(target=give_room, daemon=True).start()
            numbers = range(5000, 5000 + size.photos_on_full_disk)
            flight = client.send_flight({f"{one:05}.jpg": draw_photo(one) for one in numbers})
            done = client.wait_for(flight)
            full = client.full.is_set()
            figures.tell("full disk: files, requests", f"{len(client.sent)}, {client.tries}")
            figures.judge("full disk: it was full, and was told", str(full), holds=full)
            figures.judge("full disk: flight concluded", str(done), holds=done)
            judge_files(client, [flight], figures, what="full disk")
            judge_work(data, figures, what="full disk")


def main() -> int:
    """Run the campaign, print the figures, and return 0 where all hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few kills, about a minute")
    parser.add_argument("--kills", type=int, metavar="N", help="another number of kills")
    parser.add_argument("--shared", type=Path, help="reference data, for its photos/odd")
    parser.add_argument("--folder", type=Path, help="where to work")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="keep the figures in Markdown")
    chosen = parser.parse_args()
    # So that nothing is left running or mounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    size, figures = QUICK if chosen.quick else FULL, Figures()
    if chosen.kills is not None:
        size = replace(size, kills=chosen.kills)
    odd = None if chosen.shared is None else chosen.shared / "photos" / "odd"
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="fault-campaign-") as folder:
        try:
            run_full_disk(Path(folder), size, figures)
            run_kills(Path(folder), size, odd, figures)
        except (NoAnswerError, RuntimeError) as error:
            figures.judge("the campaign came to its end", str(error), holds=False)
    if chosen.write is not None:
        write_results(chosen.write, figures.lines, title=TITLE, command="fault_campaign")
    return 0 if figures.holds else 1


if __name__ == "__main__":
    sys.exit(main())
