"""The thread that shows that a worker lives, and looks after what dead ones have left."""

import logging
import os
from datetime import timedelta
from threading import Event, Thread

from sqlalchemy.exc import DBAPIError

from service.errors import ServiceError
from service.store.engine import reading, writing
from service.store.jobs import expire_claims
from service.store.workers import WorkerNote, forget_worker, list_workers, note_worker
from service.worker.claims import Claims
from service.worker.endings import end_lost_jobs
from service.worker.this_process import is_alive
from service.worker.workshop import Workshop

ROUND_S = 5.0
FORGOTTEN_AFTER = timedelta(days=1)
EXIT_HANGING = 70

_LOG = logging.getLogger(__name__)


class Keeper(Thread):
    """Goes around every few seconds, as long as the process works."""

    def __init__(
        self, shop: Workshop, claims: Claims, note: WorkerNote, *, stopping: Event
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self._shop = shop
        self._claims = claims
        self._note = note
        self._stopping = stopping
        self._last_beat = shop.now()

    def run(self) -> None:
        """Go around until asked to stop."""
        while not self._stopping.wait(ROUND_S):
            try:
                self.go_around()
            except (DBAPIError, ServiceError) as error:
                _LOG.warning("the store does not answer: %s", type(error).__name__)

    def go_around(self) -> None:
        """Do all that is due."""
        now = self._shop.now()
        self.note()
        if now - self._last_beat >= self._claims.lease / 4:
            self._claims.beat()
            self._last_beat = now
        self._free_claims_of_the_dead()
        end_lost_jobs(self._shop)
        if hanging := self._claims.find_hanging():
            # A thread cannot be ended from outside. The attempt counts, as after a crash.
            _LOG.critical("%s %s hangs; this worker ends", hanging[0].kind, hanging[0].key)
            os._exit(EXIT_HANGING)

    def note(self) -> None:
        """Write that this worker lives."""
        with writing(self._shop.deployment.engine) as session:
            seen_at = self._shop.now()
            values = {name: getattr(self._note, name) for name in WorkerNote.__dataclass_fields__}
            note_worker(session, WorkerNote(**values | {"seen_at": seen_at}))

    def _free_claims_of_the_dead(self) -> None:
        """End at once the leases of this machine's dead workers, and forget old ones' rows."""
        engine, now = self._shop.deployment.engine, self._shop.now()
        with reading(engine) as session:
            others = [one for one in list_workers(session) if one.id != self._note.id]
        dead = [one for one in others if one.host == self._note.host and not is_alive(one.pid)]
        old = [one for one in others if now - one.seen_at > FORGOTTEN_AFTER]
        if not dead and not old:
            return
        with writing(engine) as session:
            for one in dead:
                freed = expire_claims(session, worker=one.id, now=now)
                _LOG.warning("worker %s is dead; %d jobs of it are free", one.id, freed)
            for one in [*dead, *old]:
                forget_worker(session, one.id)
