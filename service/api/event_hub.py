"""Waiting for news of flights: one short query every half second, however many clients wait."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import anyio.to_thread
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.access.errors import LimitReachedError
from service.store.engine import reading
from service.store.events import read_last_numbers

POLL_S = 0.5
MAX_STREAMS = 2000
MAX_STREAMS_A_CALLER = 50
_RETRY_S = 5.0
_LOG = logging.getLogger(__name__)

# Returns the number of the latest event by flight; a flight that is gone is left out.
ReadNumbers = Callable[[Collection[str]], Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Waiter:
    flight_id: str
    number: int
    news: "asyncio.Future[bool]"


def make_event_hub(engine: Engine, *, is_stopping: Callable[[], bool]) -> "EventHub":
    """Return a hub for the flights of a store; its streams end when the process is to stop."""

    def read_numbers(flight_ids: Collection[str]) -> Mapping[str, int]:
        with reading(engine) as session:
            return read_last_numbers(session, flight_ids)

    return EventHub(read_numbers, is_stopping=is_stopping)


class EventHub:
    """Wakes those who wait for events of flights. For one event loop."""

    def __init__(
        self,
        read_numbers: ReadNumbers,
        *,
        is_stopping: Callable[[], bool],
        poll_s: float = POLL_S,
    ) -> None:
        """Start with nobody waiting; `read_numbers` is called in a thread."""
        self._read_numbers = read_numbers
        self._is_stopping = is_stopping
        self._poll_s = poll_s
        self._waiters = set[_Waiter]()
        self._streams = Counter[str]()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether the process is asked to stop: streams end, clients come again."""
        return self._is_stopping()

    def require_room(self, caller_id: str) -> None:
        """Do nothing where a caller may open another stream.

        Raises:
            LimitReachedError: There are too many.
        """
        mine = self._streams.get(caller_id, 0)
        if mine >= MAX_STREAMS_A_CALLER or self._streams.total() >= MAX_STREAMS:
            raise LimitReachedError("too many streams of events are open", retry_after_s=_RETRY_S)

    @contextmanager
    def counting(self, caller_id: str) -> Iterator[None]:
        """Count a stream of a caller as long as the block lasts."""
        self._streams[caller_id] += 1
        try:
            yield
        finally:
            self._streams[caller_id] -= 1
            if not self._streams[caller_id]:
                del self._streams[caller_id]

    async def wait_beyond(self, flight_id: str, number: int, *, timeout_s: float) -> bool:
        """Wait until a flight has an event with a higher number; return whether there may be one.

        False after `timeout_s`, and once the hub is closed. A flight that is gone counts as news.
        """
        if self.is_closed:
            return False
        news = asyncio.get_running_loop().create_future()
        waiter = _Waiter(flight_id=flight_id, number=number, news=news)
        self._waiters.add(waiter)
        self._begin()
        try:
            async with asyncio.timeout(timeout_s):
                return bool(await news)
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())

    async def _poll(self) -> None:
        while self._waiters and not self.is_closed:
            await self._look()
            await asyncio.sleep(self._poll_s)
        for waiter in self._waiters:
            if not waiter.news.done():
                waiter.news.set_result(False)

    async def _look(self) -> None:
        waiting = list(self._waiters)
        asked = sorted({waiter.flight_id for waiter in waiting})
        try:
            numbers = await anyio.to_thread.run_sync(self._read_numbers, asked)
        except SQLAlchemyError as error:  # the streams live on; the store may come back
            _LOG.warning("events: the store does not answer: %s", type(error).__name__)
            return
        for waiter in waiting:
            is_new = numbers.get(waiter.flight_id, waiter.number + 1) > waiter.number
            if is_new and not waiter.news.done():
                waiter.news.set_result(True)
