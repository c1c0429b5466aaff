"""Processes that are started again when they end, and stopped together."""

import asyncio
import logging
import os
import signal
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from service.serving.attached import attached_command

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait before a process that ended is started again.

    Attributes:
        first_s: After its first end; twice as long after each further one.
        most_s: The longest wait.
        calm_s: Who lived so long begins anew with `first_s`.
    """

    first_s: float = 0.5
    most_s: float = 30.0
    calm_s: float = 60.0

    def wait_s(self, ends_in_a_row: int) -> float:
        """Return the wait after so many ends in a row, from 1."""
        return min(self.most_s, self.first_s * 2.0 ** min(ends_in_a_row - 1, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A program to keep running.

    Attributes:
        command: Its absolute path and its arguments.
        descriptors: Of open files that it inherits.
    """

    name: str
    command: Sequence[str]
    descriptors: Collection[int] = ()


class Supervisor:
    """Keeps children running until it is told to stop."""

    def __init__(
        self, children: Sequence[Child], *, stop_s: float, backoff: Backoff | None = None
    ) -> None:
        """Prepare.

        Args:
            children: Started all at once.
            stop_s: How long they may take to end when asked; then they are killed.
            backoff: None for the standard one.
        """
        self._children = children
        self._stop_s = stop_s
        self._backoff = backoff or Backoff()
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> bool:
        """Keep them running until `stop`; return whether all ended by themselves then."""
        keepers = [asyncio.create_task(self._keep(child)) for child in self._children]
        failed = asyncio.gather(*keepers)
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((failed, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not self._stopping.is_set():  # a keeper ends only by a fault of ours
            self.stop()
        self._send(signal.SIGTERM)
        ended_well = await self._wait_or_kill(failed)
        await failed
        return ended_well

    def stop(self) -> None:
        """Ask all to end; asked again, kill them."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    async def _keep(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        ends = 0
        while not self._stopping.is_set():
            begun_s = loop.time()
            code = await self._run_once(child)
            if self._stopping.is_set():
                return
            ends = 1 if loop.time() - begun_s >= self._backoff.calm_s else ends + 1
            wait_s = self._backoff.wait_s(ends)
            _LOG.error("%s %s; started again in %.1f s", child.name, _describe(code), wait_s)
            await _wait_at_most(self._stopping, wait_s)

    async def _run_once(self, child: Child) -> int:
        """Start a child and return how it ended."""
        process = await asyncio.create_subprocess_exec(
            *attached_command(child.command, to=os.getpid()),
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=tuple(child.descriptors),
            # Ctrl-C at a terminal goes to all of its group: ours alone tells them to stop.
            start_new_session=True,
        )
        _LOG.info("%s started as process %d", child.name, process.pid)
        self._running[child.name] = process
        if self._stopping.is_set():  # meanwhile, and it was not asked to end
            process.terminate()
        try:
            return await process.wait()
        finally:
            del self._running[child.name]

    async def _wait_or_kill(self, ended: "asyncio.Future[list[None]]") -> bool:
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait((ended, hurry), timeout=self._stop_s, return_when="FIRST_COMPLETED")
        hurry.cancel()
        if ended.done():
            return True
        _LOG.warning("still running and killed now: %s", ", ".join(sorted(self._running)))
        self._send(signal.SIGKILL)
        return False

    def _send(self, number: signal.Signals) -> None:
        for process in self._running.values():
            # The session's other processes too: those that a child has started itself.
            os.killpg(process.pid, number) if number == signal.SIGKILL else process.terminate()


async def _wait_at_most(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


def _describe(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
