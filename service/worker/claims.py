"""The jobs that this process holds: claimed, kept by a heartbeat, let go."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from threading import Lock

from service.errors import LeaseLostError
from service.store.engine import reading, writing
from service.store.jobs import Job, JobKind, claim, heartbeat, is_any_due, release
from service.worker.workshop import Workshop

LEASE = timedelta(seconds=120)

# Who takes longer hangs: nothing that is well takes a tenth of it.
LONGEST = {
    JobKind.RECEIVE: timedelta(minutes=15),
    JobKind.UNPACK: timedelta(hours=3),
    JobKind.INSPECT: timedelta(minutes=15),
    JobKind.CONCLUDE: timedelta(hours=6),
    JobKind.DEPICT: timedelta(minutes=30),
}

_LOG = logging.getLogger(__name__)


class Claims:
    """Claims of one process; its threads share it."""

    def __init__(self, shop: Workshop, *, worker: str, lease: timedelta = LEASE) -> None:
        self._engine = shop.deployment.engine
        self._now = shop.now
        self._worker = worker
        self._lease = lease
        self._lock = Lock()
        self._held = dict[int, tuple[Job, datetime]]()

    @property
    def lease(self) -> timedelta:
        """How long others leave a job to us without a heartbeat."""
        return self._lease

    def is_any_due(self, kinds: Collection[JobKind], *, tried: bool) -> bool:
        """Tell whether `take` would return any."""
        with reading(self._engine) as session:
            return is_any_due(session, kinds=kinds, now=self._now(), tried=tried)

    def take(self, kinds: Collection[JobKind], *, limit: int = 1, tried: bool) -> list[Job]:
        """Return jobs that are ours from now on; they are to be given to `drop` in the end."""
        if not self.is_any_due(kinds, tried=tried):  # without keeping anybody from writing
            return []
        with self._lock:
            held = dict(self._held)
            try:
                # Held before the claim counts for others: no moment without a heartbeat.
                with writing(self._engine) as session:
                    now = self._now()
                    jobs = claim(
                        session,
                        worker=self._worker,
                        kinds=kinds,
                        lease=self._lease,
                        now=now,
                        limit=limit,
                        tried=tried,
                    )
                    self._held.update({job.id: (job, now) for job in jobs})
            except BaseException:
                # No thread has it: where it was claimed all the same, its lease may end.
                self._held = held
                raise
        return jobs

    def drop(self, job: Job) -> None:
        """Forget a job that has ended in one way or another."""
        with self._lock:
            self._held.pop(job.id, None)

    def beat(self) -> None:
        """Prolong all leases; a job that somebody else has by now is none of ours any more."""
        for job, _ in self._copy():
            try:
                with writing(self._engine) as session:
                    heartbeat(session, job, lease=self._lease, now=self._now())
            except LeaseLostError:
                # Its thread finds out when it wants to write.
                _LOG.info("%s %s has ended, or is somebody else's", job.kind, job.key)

    def release_all(self) -> int:
        """Give back what is held, untried; return how many."""
        released = 0
        for job, _ in self._copy():
            released += self.release(job)
        return released

    def release(self, job: Job) -> bool:
        """Give a job back, untried; return False where somebody else has it already."""
        try:
            with writing(self._engine) as session:
                release(session, job, now=self._now())
        except LeaseLostError:
            return False
        finally:
            self.drop(job)
        return True

    def find_hanging(self) -> list[Job]:
        """Return the jobs that have been held for longer than any sound one takes."""
        now = self._now()
        return [job for job, since in self._copy() if now - since > LONGEST[job.kind]]

    def _copy(self) -> list[tuple[Job, datetime]]:
        with self._lock:
            return list(self._held.values())
