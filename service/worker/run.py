"""One worker: started, kept at work, stopped."""

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from sqlalchemy.exc import DBAPIError

from models.openvino_detector import Precision, read_openvino_detector
from models.registry import read_model
from service.deployment import open_deployment
from service.inspecting.job import InspectModel
from service.server_settings import ServerSettings
from service.settings import Settings
from service.store.engine import writing
from service.store.inspections import save_run
from service.store.workers import WorkerNote, forget_worker
from service.worker.claims import LEASE, Claims
from service.worker.gate import Gate
from service.worker.keeper import Keeper
from service.worker.lanes import make_lanes
from service.worker.this_process import new_worker_id, read_host
from service.worker.workshop import Workshop, open_workshop

# To end the jobs in hand when asked to stop; `serve` waits for 30 s before it kills.
STOP_S = 20.0

_LOG = logging.getLogger(__name__)


def run_worker(settings: ServerSettings, machine: Settings) -> None:
    """Do jobs until SIGTERM or SIGINT, then end those in hand and give the others back.

    Args:
        settings: Of the deployment.
        machine: Of this machine: registry of models, threads that read photos.

    Raises:
        CannotStartError: The store is of another version, or a setting or file is wrong.
        ModelError: There is no such model.
    """
    found = read_model(settings.model, registry=machine.registry)
    model = InspectModel(
        manifest=found.manifest,
        load=lambda precision: read_openvino_detector(found, precision=Precision(precision)),
    )
    deployment = open_deployment(settings)
    stopping = Event()
    try:
        with stopped_by_signals(stopping):
            shop = open_workshop(deployment, model, threads=machine.workers)
            _LOG.info("worker inspects with %s, run %s", model.manifest.id, shop.basis.run.id)
            work(shop, stopping)
    finally:
        deployment.close()


def work(shop: Workshop, stopping: Event, *, is_done: Callable[[], bool] = lambda: False) -> None:
    """Do jobs until asked to stop.

    Args:
        shop: What they are done with.
        stopping: Set by whoever wants it to end.
        is_done: Asked again and again; True ends the work, too.
    """
    worker = new_worker_id()
    claims, gate = Claims(shop, worker=worker, lease=LEASE), Gate()
    now = shop.now()
    note = WorkerNote(
        id=worker,
        host=read_host(),
        pid=os.getpid(),
        run_id=shop.basis.run.id,
        started_at=now,
        seen_at=now,
    )
    with writing(shop.deployment.engine) as session:
        save_run(session, shop.basis.run)
    at_end = Event()
    keeper = Keeper(shop, claims, note, stopping=at_end)
    keeper.go_around()
    keeper.start()
    lanes = make_lanes(shop, claims, gate=gate, stopping=stopping)
    for lane in lanes:
        lane.start()
    while not stopping.wait(0.2) and not is_done():
        if not all(lane.is_alive() for lane in lanes):
            _LOG.critical("a thread of the worker has ended by a fault of ours")
            break
    stopping.set()
    ends_at_s = time.monotonic() + STOP_S
    for lane in lanes:
        lane.join(max(0.0, ends_at_s - time.monotonic()))
    at_end.set()
    keeper.join()
    _leave(shop, claims, worker)


def _leave(shop: Workshop, claims: Claims, worker: str) -> None:
    """Give back what is still in hand: its attempt is not counted."""
    try:
        if released := claims.release_all():
            _LOG.info("%d jobs were given back", released)
        with writing(shop.deployment.engine) as session:
            forget_worker(session, worker)
    except DBAPIError:  # others find out
        _LOG.warning("the store does not answer; jobs in hand become free when their leases end")


@contextmanager
def stopped_by_signals(stopping: Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT ask to stop; a second SIGINT interrupts."""

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
