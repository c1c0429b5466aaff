"""`skypatrol serve` with a worker: a flight is inspected whoever is killed or stopped."""

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.service.api.sending import FLIGHT, digest_of
from tests.service.serving.served import Served, serving

pytestmark = pytest.mark.slow
WORKER = "worker"  # `python -m service worker`


def send_photos(client: httpx.Client, photos: list[Path]) -> None:
    client.post("/v1/flights", json={"id": FLIGHT, "name": "x"}).raise_for_status()
    for photo in photos:
        data = photo.read_bytes()
        place = f"/v1/flights/{FLIGHT}/files/{photo.name}"
        client.put(place, content=data, headers=digest_of(data)).raise_for_status()
    client.post(f"/v1/flights/{FLIGHT}/complete").raise_for_status()


def follow_until(served: Served, kind: str) -> None:
    """Return when the flight has an event of a kind, over as many streams as it takes."""
    last = "0"
    while True:
        with served.client() as client:
            place = f"/v1/flights/{FLIGHT}/events"
            with client.stream("GET", place, headers={"Last-Event-ID": last}) as stream:
                for line in stream.iter_lines():
                    name, _, value = line.partition(": ")
                    last = value if name == "id" else last
                    if (name, value) == ("event", kind):
                        return


def test_a_worker_that_dies_is_started_again_and_a_stop_gives_its_jobs_back(
    tmp_path: Path, model_folder: Path, write_drone_photo: Callable[..., Path]
) -> None:
    photos = [
        write_drone_photo(
            tmp_path / f"{number}.jpg", number=number, north_m=20.0 * number, spots_px=((300, 225),)
        )
        for number in range(8)
    ]
    options = ("--workers", "1")
    environment = {
        "SKYPATROL_MODEL": str(model_folder),
        "SKYPATROL_PRIVACY": "off",  # its detectors take seconds to load
        "SKYPATROL_RESERVE_BYTES": "0",
    }
    with serving(tmp_path / "data", *options, environment=environment) as served:
        served.wait_for_line("worker-1 started")
        os.kill(served.find_process(WORKER), signal.SIGKILL)
        served.wait_for_line("worker-1 was ended by SIGKILL")
        with served.client() as client:
            send_photos(client, photos)
        follow_until(served, "photo_inspected")
        assert served.stop() == 0
    # What the worker had claimed waits for the next one, and not for a lease to run out.
    with closing(sqlite3.connect(tmp_path / "data" / "store.sqlite")) as store:
        claimed = store.execute("SELECT count(*) FROM jobs WHERE state = 'claimed'").fetchone()
    assert claimed == (0,)

    with serving(tmp_path / "data", *options, environment=environment) as again:
        again.key = served.key
        follow_until(again, "concluded")
        with again.client() as client:
            flight = client.get(f"/v1/flights/{FLIGHT}").json()
            assert flight["files"]["accepted"] == len(photos)
            assert client.get(f"/v1/flights/{FLIGHT}/findings").json()["features"]
            assert client.get("/readyz").json()["workers"] == "ok"
            figures = client.get("/metrics").text
        assert 'skypatrol_photos_inspected_total{outcome="accepted"}' in figures
        assert "skypatrol_queue_oldest_seconds" in figures
        assert again.stop() == 0
