"""Several processes on one PostgreSQL share the work."""

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from service.deployment import Deployment
from service.store.engine import reading
from service.store.workers import list_workers
from tests.service.worker.stand_in_worker import open_data
from tests.service.worker.taken_in import (
    complete,
    declare,
    events,
    features,
    jobs_left,
    receipt,
    send_folder,
)

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[3]
PHOTOS = 24
WriteDronePhoto = Callable[..., Path]


@contextmanager
def working(data: Path, url: str, *, processes: int) -> Iterator[None]:
    """Let so many workers work; they are asked to stop in the end."""
    command = [sys.executable, "-m", "tests.service.worker.stand_in_worker", str(data), url]
    started = [subprocess.Popen([*command, "slow"], cwd=REPOSITORY) for _ in range(processes)]
    try:
        yield
    finally:
        for one in started:
            one.send_signal(signal.SIGTERM)
        assert [one.wait(60) for one in started] == [0] * processes


def wait_until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.1)


def count_workers(deployment: Deployment) -> int:
    with reading(deployment.engine) as session:
        return len(list_workers(session))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_three_processes_share_the_photos_of_a_flight(
    url: str, tmp_path: Path, write_drone_photo: WriteDronePhoto
) -> None:
    card = tmp_path / "card"
    for number in range(PHOTOS):
        write_drone_photo(card / f"{number:02}.jpg", number=number, east_m=20.0 * number)
    deployment = open_data(tmp_path / "data", url)
    flight = declare(deployment, "f")
    with working(tmp_path / "data", url, processes=3):
        wait_until(lambda: count_workers(deployment) == 3)
        send_folder(deployment, flight, card)
        complete(deployment, flight)
        wait_until(lambda: jobs_left(deployment) == 0)
    with reading(deployment.engine) as session:
        jobs = session.execute(text("SELECT kind, state, attempts, worker FROM jobs")).all()
    assert {(state, attempts) for _, state, attempts, _ in jobs} == {("done", 1)}
    shares = Counter(worker for kind, _, _, worker in jobs if kind == "inspect")
    assert len(shares) == 3
    assert sum(shares.values()) == PHOTOS
    told = Counter(event.data["name"] for event in events(deployment, flight, "photo_inspected"))
    assert told == Counter(list(receipt(deployment, flight)))
    assert len(events(deployment, flight, "concluded")) == 1
    assert features(deployment, flight) == []
    assert count_workers(deployment) == 0
    deployment.close()
