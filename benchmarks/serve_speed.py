"""Photos a minute through the service, beside `inspect` alone, and how soon a finding is told.

    python -m benchmarks.serve_speed [--quick] [--write PAGE]

The same rendered flight, turn by turn: `skypatrol inspect` on a folder, and the same photos as
other files sent over HTTP to `skypatrol serve` with one worker, until the flight is concluded (its
findings can be read), and until its pictures are drawn. Faces and plates are hidden in these by
default, which `inspect` does not do: a second service without it (unhidden) tells what that costs.
Prints figures, the target last; exits 0 when it holds.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from benchmarks.faults.flights import make_other_files
from benchmarks.faults.odd_files import draw_photo
from benchmarks.faults.persistent_client import NoAnswerError, PersistentClient
from benchmarks.running_server import REPOSITORY, RunningServer
from benchmarks.uploads.figures import Figures, write_results
from datasets.scenes.flight import render_flight
from datasets.scenes.plans import demo_plan, scene_camera

TITLE = "The service beside `inspect`"
LEAST_SHARE = 0.9
SERVED = ("serve, concluded", "serve, drawn", "unhidden, concluded", "unhidden, drawn")
_SEED = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    width_px: int
    photos: int
    rounds: int


FULL = Size(width_px=4000, photos=9, rounds=3)
QUICK = Size(width_px=2400, photos=6, rounds=1)


@dataclass(slots=True)
class Seconds:
    """What each round took: `by_way` by who did it."""

    by_way: dict[str, list[float]] = field(default_factory=dict)

    def add(self, way: str, seconds: float) -> None:
        """Note a round."""
        self.by_way.setdefault(way, []).append(seconds)

    def median(self, way: str) -> float:
        """Return the middle one."""
        return statistics.median(self.by_way[way])


def render_card(folder: Path, size: Size) -> dict[str, bytes]:
    """Return the photos of the demonstration flight, all or the first ones."""
    plan = demo_plan()
    camera = scene_camera(size.width_px, size.width_px * 3 // 4)
    shots = plan.shots[: size.photos]
    render_flight(replace(plan, camera=camera, shots=shots), folder, seed=_SEED)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.JPG"))}


def time_inspect(photos: Mapping[str, bytes], folder: Path) -> float:
    """Return the seconds of `skypatrol inspect` on photos, its start too."""
    card = folder / "card"
    card.mkdir(parents=True)
    for name, data in photos.items():
        (card / name).write_bytes(data)
    command = [sys.executable, "-m", "service", "inspect", str(card), "--out", str(folder / "out")]
    started_s = time.perf_counter()
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    seconds = time.perf_counter() - started_s
    if done.returncode not in (0, 2):
        raise RuntimeError(f"inspect ended with {done.returncode}: {done.stderr.decode()[-500:]}")
    return seconds


def time_flight(client: PersistentClient, photos: Mapping[str, bytes]) -> tuple[float, float]:
    """Return the seconds from the first byte sent until a flight is concluded, and until drawn."""
    started_s = time.perf_counter()
    flight = client.send_flight(photos)
    concluded = client.wait_for(flight, drawn=False)
    concluded_s = time.perf_counter() - started_s
    if not concluded or not client.wait_for(flight):
        raise NoAnswerError(f"flight {flight} was not concluded")
    return concluded_s, time.perf_counter() - started_s


def time_first_finding(client: PersistentClient, photo: bytes) -> float:
    """Return the seconds from a photo's arrival until its event with sightings has come.

    The service is at rest before, and the client listens already.
    """
    told, heard = threading.Event(), list[float]()
    flight = client.ask("POST", "/v1/flights", json={"name": "one", "kind": "drone"}).json()["id"]
    address = f"{client.server.url}/v1/flights/{flight}/events"
    headers = {"Authorization": f"Bearer {client.server.key}"}

    def listen() -> None:
        with httpx.stream("GET", address, headers=headers, timeout=60) as stream:
            for line in stream.iter_lines():
                told.set()
                if line == "event: photo_inspected":
                    heard.append(time.perf_counter())
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    told.wait(30)
    client.put_file(flight, "one.jpg", photo)
    arrived_s = time.perf_counter()
    listener.join(60)
    if not heard:
        raise NoAnswerError("no event of the photo came")
    return heard[0] - arrived_s


@contextmanager
def serving(data: Path, **variables: str) -> Iterator[PersistentClient]:
    """Start a service with one worker; wait until it works; leave nothing of it behind."""
    server = RunningServer(
        data=data, workers=1, variables={"SKYPATROL_RATE": "1000:4000"} | variables
    )
    server.start()
    try:
        client = PersistentClient(server)
        time_flight(client, {"first.jpg": draw_photo(1)})
        yield client
    finally:
        server.kill()


def measure(folder: Path, size: Size, figures: Figures) -> None:
    """Take turns, and tell medians."""
    photos = render_card(folder / "rendered", size)
    seconds = Seconds()
    with (
        serving(folder / "standard") as standard,
        serving(folder / "unhidden", SKYPATROL_PRIVACY="off") as unhidden,
    ):
        for number in range(1, size.rounds + 1):
            small = {"one.jpg": draw_photo(number)}
            seconds.add("start", time_inspect(small, folder / f"start-{number}"))
            seconds.add("inspect", time_inspect(photos, folder / f"inspect-{number}"))
            for way, client in (("serve", standard), ("unhidden", unhidden)):
                concluded_s, drawn_s = time_flight(client, make_other_files(photos, number))
                seconds.add(f"{way}, concluded", concluded_s)
                seconds.add(f"{way}, drawn", drawn_s)
            one = make_other_files(photos, 1000 + number)[min(photos)]
            seconds.add("first", time_first_finding(standard, one))
    tell(seconds, size, figures)


def tell(seconds: Seconds, size: Size, figures: Figures) -> None:
    """Print what was measured, the target last."""
    alone_s = seconds.median("inspect") - seconds.median("start")
    height_px = size.width_px * 3 // 4
    figures.tell("photos a flight, of", f"{size.photos}, {size.width_px} x {height_px} px")
    figures.tell("rounds, of which the medians are told", str(size.rounds))
    for way, what, taken_s in (
        ("inspect", "inspect, its start counted", seconds.median("inspect")),
        ("inspect", "inspect, less the time that it takes for one small photo", alone_s),
        *((way, way, seconds.median(way)) for way in SERVED),
    ):
        spread = ", ".join(f"{one:.1f}" for one in seconds.by_way[way])
        figures.tell(f"{what}: photos a minute", f"{60 * size.photos / taken_s:.1f} ({spread} s)")
    figures.tell(
        "first finding told after a photo has arrived, the service at rest",
        f"{seconds.median('first'):.2f} s",
    )
    for way in SERVED:
        share = alone_s / seconds.median(way)
        figures.tell(f"{way}: photos a minute, of inspect less one small photo", f"{share:.2f}")
    share = seconds.median("inspect") / seconds.median(SERVED[0])
    figures.judge(
        f"{SERVED[0]}: photos a minute, of inspect with its start, at least {LEAST_SHARE}",
        f"{share:.2f}",
        holds=share >= LEAST_SHARE,
    )


def main() -> int:
    """Measure, print the figures, and return 0 where the target holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small flight, about a minute")
    parser.add_argument("--rounds", type=int, help="turns, of which the medians are told")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="keep the figures in Markdown")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no server is left
    size, figures = QUICK if chosen.quick else FULL, Figures()
    size = replace(size, rounds=chosen.rounds or size.rounds)
    with tempfile.TemporaryDirectory(prefix="serve-speed-") as folder:
        measure(Path(folder), size, figures)
    if chosen.write is not None:
        write_results(chosen.write, figures.lines, title=TITLE, command="serve_speed")
    return 0 if figures.holds else 1


if __name__ == "__main__":
    sys.exit(main())
