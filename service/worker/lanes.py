"""Threads that take jobs: receipts are not kept waiting by the detector, nor it by archives."""

import logging
from collections.abc import Callable, Collection, Iterator
from threading import Event, Thread

from sqlalchemy.exc import DBAPIError

from inference.detection.read_ahead import read_ahead
from service.store.jobs import Job, JobKind
from service.worker.claims import Claims
from service.worker.conclude import conclude_flight
from service.worker.depict import depict
from service.worker.endings import Effect, Ending, do_job
from service.worker.gate import Gate
from service.worker.inspect_photos import finish_reading, read_job
from service.worker.receive import receive
from service.worker.unpack import unpack
from service.worker.workshop import Workshop

POLL_S = 0.25
LONGEST_PAUSE_S = 30.0
CLAIMED_AT_ONCE = 2  # photos: more would wait in vain where others have nothing to do

_LOG = logging.getLogger(__name__)


class Lane(Thread):
    """Takes jobs of some kinds, those that come first in the list before others."""

    def __init__(
        self,
        name: str,
        kinds: Collection[JobKind],
        *,
        shop: Workshop,
        claims: Claims,
        gate: Gate,
        stopping: Event,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._kinds = tuple(kinds)
        self._shop = shop
        self._claims = claims
        self._gate = gate
        self._stopping = stopping
        self._pause_s = 0.0  # the last one; longer each time until something works
        self._is_to_pause = False
        self._waits = dict[int, int]()  # how often a job was put off

    def run(self) -> None:
        """Take jobs until asked to stop."""
        while not self._stopping.is_set():
            try:
                did_something = self._take_turn()
            except DBAPIError as error:
                _LOG.warning("the store does not answer: %s", type(error.orig).__name__)
                self._slow_down()
                did_something = False
            if self._is_to_pause:
                self._stopping.wait(self._pause_s)
                self._is_to_pause = False
            elif not did_something:
                self._stopping.wait(POLL_S)

    def _take_turn(self) -> bool:
        """Do what is due, and return whether anything was."""
        if self._claims.is_any_due(self._kinds, tried=True):
            # It may have killed its worker: nobody else's job shall die with it.
            with self._gate.alone():
                jobs = self._claims.take(self._kinds, tried=True)
                self._do_all(jobs)
            return bool(jobs)
        with self._gate.together():
            return self._do_fresh()

    def _do_fresh(self) -> bool:
        for kind in self._kinds:
            if jobs := self._claims.take([kind], tried=False):
                self._do_all(jobs)
                return True
        return False

    def _do_all(self, jobs: Collection[Job]) -> None:
        for job in jobs:
            self._do(job, lambda job=job: self._compute(job))  # type: ignore[misc]

    def _do(self, job: Job, compute: Callable[[], Effect]) -> None:
        try:
            ending = do_job(self._shop, job, compute, waits=self._waits.get(job.id, 0))
        finally:
            self._claims.drop(job)
        if ending is Ending.PUT_OFF and job.kind is not JobKind.CONCLUDE:
            self._waits[job.id] = self._waits.get(job.id, 0) + 1
            self._slow_down()
            return
        self._waits.pop(job.id, None)
        self._pause_s = 0.0

    def _slow_down(self) -> None:
        self._pause_s = min(max(2 * self._pause_s, 1.0), LONGEST_PAUSE_S)
        self._is_to_pause = True

    def _compute(self, job: Job) -> Effect:
        if job.kind is JobKind.RECEIVE:
            return receive(self._shop, job)
        if job.kind is JobKind.UNPACK:
            return unpack(self._shop, job, self._stopping.is_set)
        if job.kind is JobKind.CONCLUDE:
            return conclude_flight(self._shop, job)
        if job.kind is JobKind.DEPICT:
            return depict(self._shop, job)
        return finish_reading(self._shop, read_job(self._shop, job))


class InspectionLane(Lane):
    """Reads the next photos while the detector works on one."""

    def _do_fresh(self) -> bool:
        did_something, threads = False, self._shop.threads
        reading = read_ahead(
            self._claim_on(), lambda job: read_job(self._shop, job), threads=threads, ahead=threads
        )
        for job, read in reading:
            did_something = True
            if self._stopping.is_set():
                self._claims.release(job)
                continue
            self._do(job, lambda read=read: finish_reading(self._shop, read.result()))  # type: ignore[misc]
        return did_something

    def _claim_on(self) -> Iterator[Job]:
        """Yield jobs as long as there are any and nobody waits for the gate."""
        while not (self._stopping.is_set() or self._gate.is_wanted_alone or self._is_to_pause):
            if self._claims.is_any_due(self._kinds, tried=True):
                return
            jobs = self._claims.take(self._kinds, limit=CLAIMED_AT_ONCE, tried=False)
            if not jobs:
                return
            yield from jobs


def make_lanes(shop: Workshop, claims: Claims, *, gate: Gate, stopping: Event) -> list[Lane]:
    """Return the threads of a worker, not started."""
    kinds = {
        "receipts": (JobKind.RECEIVE,),
        "flights": (JobKind.CONCLUDE, JobKind.UNPACK, JobKind.DEPICT),
    }
    lanes = [
        Lane(name, some, shop=shop, claims=claims, gate=gate, stopping=stopping)
        for name, some in kinds.items()
    ]
    inspection = InspectionLane(
        "inspection", (JobKind.INSPECT,), shop=shop, claims=claims, gate=gate, stopping=stopping
    )
    return [*lanes, inspection]
