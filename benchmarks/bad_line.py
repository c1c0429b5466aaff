"""A bad line: a TCP proxy that is slow and is cut every so many bytes, by a seed.

    python -m benchmarks.bad_line --to 127.0.0.1:8010 --port 9010 --rate 1e6 --cut-every 4e6

All connections share the rate and are cut together, as on one modem. What is counted is what has
passed in the direction of the server.
"""

import argparse
import asyncio
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK_BYTES = 16 << 10
# Kernels would else take megabytes that have not passed the line yet.
BUFFER_BYTES = 64 << 10


@dataclass
class BadLine:
    """A line to one server, and what has passed over it.

    Attributes:
        rate: Bytes a second towards the server, over all connections; None for no limit.
        cut_every: Bytes between cuts; each time another number from half of it to one and a half
            of it where `seed` is given. None for no cuts of itself.
        most_cuts: After so many it holds; None for no end.
        down_s: How long nobody gets through after a cut.
    """

    to_host: str
    to_port: int
    rate: float | None = None
    cut_every: float | None = None
    seed: int | None = None
    most_cuts: int | None = None
    down_s: float = 0.0
    port: int = 0
    passed_bytes: int = 0
    cuts: int = 0
    connections: int = 0
    _left: float = 0.0
    _free_at_s: float = 0.0
    _down_until_s: float = 0.0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _random: random.Random = field(default_factory=random.Random)
    _loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, *, started: threading.Event | None = None) -> None:
        """Carry connections until cancelled."""
        self._loop = asyncio.get_running_loop()
        if self.seed is not None:
            self._random.seed(self.seed)
        self._left = self._next_run()
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.port = listener.getsockname()[1]
        server = await asyncio.start_server(self._carry, sock=listener, limit=CHUNK_BYTES)
        if started is not None:
            started.set()
        async with server:
            await server.serve_forever()

    def cut(self) -> None:
        """Cut all connections now; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        self.cuts += 1
        self._left = self._next_run()
        self._down_until_s = asyncio.get_running_loop().time() + self.down_s
        for writer in self._open:
            writer.transport.abort()

    def _next_run(self) -> float:
        if self.cut_every is None or (self.most_cuts is not None and self.cuts >= self.most_cuts):
            return float("inf")
        return self.cut_every * (1.0 if self.seed is None else self._random.uniform(0.5, 1.5))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asyncio.get_running_loop().time() < self._down_until_s:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection(self.to_host, self.to_port, limit=CHUNK_BYTES)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        mine = {writer, there[1]}
        self._open |= mine
        try:
            await asyncio.gather(
                self._pump(reader, there[1], counted=True),
                self._pump(there[0], writer, counted=False),
            )
        finally:
            self._open -= mine
            for end in mine:
                end.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        with suppress(OSError):
            while piece := await reader.read(CHUNK_BYTES):
                if counted:
                    await self._wait_turn(len(piece))
                    self.passed_bytes += len(piece)
                    self._left -= len(piece)
                writer.write(piece)
                await writer.drain()
                if counted and self._left <= 0:
                    self._cut()
        with suppress(OSError, RuntimeError):
            if writer.can_write_eof():
                writer.write_eof()

    async def _wait_turn(self, byte_count: int) -> None:
        """Wait until the line, which all share, has carried what came before."""
        if self.rate is None:
            return
        now_s = asyncio.get_running_loop().time()
        self._free_at_s = max(self._free_at_s, now_s) + byte_count / self.rate
        await asyncio.sleep(self._free_at_s - now_s)


@contextmanager
def running_line(line: BadLine) -> Iterator[BadLine]:
    """Give a line that carries in a thread of its own; its port is known by then."""
    started = threading.Event()
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda *_: None)  # connections that break are what it is for
    task = loop.create_task(line.serve(started=started))

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        for other in asyncio.all_tasks(loop):
            other.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not started.wait(10):
        raise RuntimeError("the line does not start")
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(10)


def main() -> None:
    """Carry until Ctrl-C, and tell then what has passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", required=True, metavar="HOST:PORT")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, metavar="BYTES_A_SECOND")
    parser.add_argument("--cut-every", type=float, metavar="BYTES")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--down", type=float, default=0.0, metavar="SECONDS")
    chosen = parser.parse_args()
    host, _, port = chosen.to.rpartition(":")
    line = BadLine(
        to_host=host,
        to_port=int(port),
        rate=chosen.rate,
        cut_every=chosen.cut_every,
        seed=chosen.seed,
        down_s=chosen.down,
        port=chosen.port,
    )
    with running_line(line):
        print(f"http://127.0.0.1:{line.port}", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
    print(f"{line.passed_bytes} bytes passed in {line.connections} connections, {line.cuts} cuts")


if __name__ == "__main__":
    main()
