"""Random kills of API and workers, broken files, a full disk: is every file answered, once?

    python -m benchmarks.fault_campaign [--quick] [--shared DIR] [--folder DIR]

Flights are sent to `skypatrol serve` while its processes are ended by SIGKILL at random moments.
Then the store, the bytes and all answers are held against what was sent. Prints figures, the
targets last; exits 0 when all of them hold.
"""

import argparse
import base64
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from benchmarks.odd_files import draw_photo, make_broken_archives, make_odd_files
from benchmarks.running_server import RunningServer
from benchmarks.upload_faults import Figures

PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done."""

    kills: int
    photos_a_flight: int
    odd_files: int


FULL = Size(kills=200, photos_a_flight=40, odd_files=1000)
QUICK = Size(kills=6, photos_a_flight=10, odd_files=40)


@dataclass
class Client:
    """Sends files until each is there, whatever happens to the server.

    Attributes:
        sent: What has arrived: SHA-256 by flight and name.
        leaks: Answers that show a traceback, or 5xx that are no problem document.
    """

    server: RunningServer
    sent: dict[tuple[str, str], str] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    tries: int = 0
    full: threading.Event = field(default_factory=threading.Event)  # set by the first 507

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        """Return the answer; ask again as long as the server is away or says that it is."""
        ends_at_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at_s:
            self.tries += 1
            headers = {"Authorization": f"Bearer {self.server.key}"}
            headers |= options.get("headers", {})  # type: ignore[arg-type]
            rest = {name: value for name, value in options.items() if name != "headers"}
            try:
                answer = httpx.request(
                    method, self.server.url + path, headers=headers, timeout=30, **rest  # type: ignore[arg-type]
                )  # fmt: skip
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            self._look_for_leaks(answer)
            if answer.status_code == 507:
                self.full.set()
            if answer.status_code < 500 and answer.status_code != 429:
                return answer
            time.sleep(0.3)
        raise SystemExit(f"{method} {path}: no answer for {PATIENCE_S:.0f} s")

    def send_flight(self, files: dict[str, bytes]) -> str:
        """Declare a flight, send its files, say that all are there; return its id."""
        flight = str(_uuid7())
        self.ask("POST", "/v1/flights", json={"id": flight, "name": flight, "kind": "drone"})
        for name, data in files.items():
            digest = hashlib.sha256(data).digest()
            headers = {"Content-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:"}
            path = f"/v1/flights/{flight}/files/{name}"
            answer = self.ask("PUT", path, content=data, headers=headers)
            if answer.status_code not in (200, 201):
                raise SystemExit(f"{name}: {answer.status_code} {answer.text}")
            self.sent[flight, name] = digest.hex()
        self.ask("POST", f"/v1/flights/{flight}/complete")
        return flight

    def _look_for_leaks(self, answer: httpx.Response) -> None:
        kind = answer.headers.get("content-type", "")
        if "Traceback" in answer.text or (answer.status_code >= 500 and "problem+json" not in kind):
            self.leaks.append(f"{answer.status_code} {answer.text[:200]}")


def _uuid7() -> uuid.UUID:
    stamp = int(time.time() * 1000) << 80
    rest = uuid.uuid4().int & ((1 << 76) - 1) & ~(3 << 62) | (2 << 62)
    return uuid.UUID(int=stamp | (7 << 76) | rest)


class Killer(threading.Thread):
    """Ends a process of the server, or all, at random moments."""

    def __init__(self, server: RunningServer, *, kills: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._random = np.random.default_rng(seed)
        self.left = kills

    def run(self) -> None:
        """Kill so often as asked for."""
        while self.left:
            time.sleep(float(self._random.uniform(0.2, 2.5)))
            children = self._server._children()
            self.left -= 1
            if children and self._random.random() < 0.5:
                with suppress(ProcessLookupError):
                    os.kill(int(self._random.choice(children)), signal.SIGKILL)
                continue
            # All at once, and anew: the supervisor waits longer and longer for one that ends.
            self._server.kill()
            self._server.start()


def wait_until_done(client: Client, flights: list[str]) -> None:
    """Return when every flight is concluded and nothing of it is left to do."""
    ends_at_s = time.monotonic() + PATIENCE_S
    for flight in flights:
        while True:
            state = client.ask("GET", f"/v1/flights/{flight}").json()
            if state["state"] == "concluded" and state["jobs_left"] == 0:
                break
            if time.monotonic() > ends_at_s:
                print("not done:", state, flush=True)
                return
            time.sleep(0.5)


def judge(data: Path, client: Client, flights: list[str], figures: Figures) -> None:
    """Hold the store and the bytes against what was sent."""
    with closing(sqlite3.connect(f"file:{data / 'store.sqlite'}?mode=ro", uri=True)) as store:
        files = store.execute(
            "SELECT flight_id, name, sha256, state, outcome, reasons_json FROM files"
        ).fetchall()
        told = store.execute(
            "SELECT flight_id, json_extract(data_json, '$.name'), count(*) FROM flight_events "
            "WHERE kind = 'photo_inspected' GROUP BY 1, 2"
        ).fetchall()
        failed = store.execute(
            "SELECT kind, key, code, detail FROM jobs WHERE state = 'failed'"
        ).fetchall()
        concluded = {row[0] for row in store.execute(
            "SELECT id FROM flights WHERE state = 'concluded'"
        )}  # fmt: skip
    there = {(flight, name): row for flight, name, *row in files}
    lost = [
        key for key, sha256 in client.sent.items()
        if key not in there or there[key][0] != sha256 or there[key][1] != "settled"
        or not _is_kept(data, sha256)
    ]  # fmt: skip
    silent = [
        key for key, (_, _, outcome, reasons) in there.items()
        if outcome == "rejected" and reasons == "[]"
    ]  # fmt: skip
    doubled = [row for row in told if row[2] > 1]
    for row in failed[:10]:
        figures.tell("failed job", str(row))
    figures.judge("files lost or without an answer", str(len(lost)), holds=not lost)
    figures.judge("files rejected without a reason", str(len(silent)), holds=not silent)
    figures.judge("photos inspected twice in effect", str(len(doubled)), holds=not doubled)
    figures.judge("jobs given up", str(len(failed)), holds=not failed)
    missing = len(set(flights) - concluded)
    figures.judge("flights not concluded", str(missing), holds=not missing)
    figures.judge(
        "answers with a traceback, 5xx without a problem document",
        str(len(client.leaks)),
        holds=not client.leaks,
    )


def _is_kept(data: Path, sha256: str) -> bool:
    path = data / "blobs" / sha256[:2] / sha256
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def run_kills(folder: Path, size: Size, odd: Path | None, figures: Figures) -> None:
    """Send flights while processes are killed, until so many kills were done."""
    server = RunningServer(
        data=folder / "data", workers=2,
        variables={"SKYPATROL_RATE": "1000:4000", "SKYPATROL_RESERVE_BYTES": "0"},
    )  # fmt: skip
    server.start()
    client, killer = Client(server), Killer(server, kills=size.kills, seed=1)
    killer.start()
    flights, number = list[str](), 0
    flights.append(client.send_flight(make_odd_files(size.odd_files, folder=odd, seed=2)))
    flights.append(client.send_flight(make_broken_archives(seed=3)))
    while killer.left or number == 0:
        some = range(number, number + size.photos_a_flight)
        flights.append(client.send_flight({f"{one:05}.jpg": draw_photo(one) for one in some}))
        number += size.photos_a_flight
        wait_until_done(client, flights[-1:])
    killer.join()
    wait_until_done(client, flights)
    server.stop()
    figures.tell("kills, flights, files sent", f"{size.kills}, {len(flights)}, {len(client.sent)}")
    figures.tell("requests, those in vain counted", str(client.tries))
    judge(server.data, client, flights, figures)


def run_full_disk(folder: Path, figures: Figures) -> None:
    """Send a flight to a server whose disk is full, and give it room after a while."""
    data = folder / "small"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(data)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        figures.tell("full disk", "not tried: a file system cannot be mounted here")
        return
    try:
        server = RunningServer(
            data=data, workers=1, variables={"SKYPATROL_RESERVE_BYTES": "0"}
        )  # fmt: skip
        server.start()
        client = Client(server)
        more = ["mount", "-o", "remount,size=400m", str(data)]

        def give_room() -> None:
            if client.full.wait(PATIENCE_S):
                time.sleep(5.0)
                subprocess.run(more, check=True)

        room = threading.Thread(target=give_room, daemon=True)
        room.start()
        photos = {f"{one:05}.jpg": draw_photo(one) for one in range(5000, 5000 + 24)}
        flights = [client.send_flight(photos)]
        wait_until_done(client, flights)
        server.stop()
        figures.judge("the disk was full", str(client.full.is_set()), holds=client.full.is_set())
        figures.tell("full disk: files, requests", f"{len(client.sent)}, {client.tries}")
        judge(data, client, flights, figures)
    finally:
        subprocess.run(["umount", "-l", str(data)], check=False)


def main() -> None:
    """Run the campaign, print the figures, and exit with 0 where all hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few kills, about a minute")
    parser.add_argument("--shared", type=Path, help="reference data, for its photos/odd")
    parser.add_argument("--folder", type=Path, help="where to work")
    chosen = parser.parse_args()
    size, figures = QUICK if chosen.quick else FULL, Figures()
    odd = None if chosen.shared is None else chosen.shared / "photos" / "odd"
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="fault-campaign-") as folder:
        run_full_disk(Path(folder), figures)
        run_kills(Path(folder), size, odd, figures)
    sys.exit(0 if figures.holds else 1)


if __name__ == "__main__":
    main()
