"""The API in a process of its own, on a real socket: killed, started again, measured."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from service.access.keys import mint_key
from service.access.roles import Role
from service.serving.listener import describe_address, open_listener
from service.store.engine import open_engine, writing
from service.store.keys import add_key


class LiveApi:
    """One API process after the other behind one socket."""

    def __init__(self, folder: Path, url: str, settings: Mapping[str, str]) -> None:
        self.data = folder / "data"
        self.url = url
        self._log = folder / "api.log"
        self._listener = open_listener("127.0.0.1", 0)
        self.address = describe_address(self._listener)
        own = {"SKYPATROL_DATA": str(self.data), "SKYPATROL_DATABASE": url}
        standard = {"SKYPATROL_RESERVE_BYTES": "0", "SKYPATROL_RATE": "10000"}
        self._environment = {**os.environ, **own, **standard, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def incoming(self) -> Path:
        return self.data / "incoming"

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def start(self) -> None:
        number = self._listener.fileno()
        command = [sys.executable, "-m", "service.serving.api_process", str(number), "5"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, pass_fds=[number], env=self._environment, stdout=log, stderr=log
            )
        while True:
            assert self._process.poll() is None, self.log()
            try:
                httpx.get(f"{self.address}/healthz", timeout=60.0)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._listener.close()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def peak_bytes(self) -> int:
        """Return the most memory that the process has had so far."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024

    def thread_count(self) -> int:
        assert self._process is not None
        return len(list(Path(f"/proc/{self._process.pid}/task").iterdir()))

    def new_key(self, *roles: Role, name: str = "somebody") -> dict[str, str]:
        minted = mint_key(name=name, roles=roles, units=None, now=datetime.now(UTC))
        engine = open_engine(self.url)
        with writing(engine) as session:
            add_key(session, minted.key)
        engine.dispose()
        return {"Authorization": f"Bearer {minted.text.reveal()}"}

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60.0)

    @contextmanager
    def client(self, key: Mapping[str, str]) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.address, headers=key, timeout=60.0) as client:
            yield client


def raw_request(
    method: str, path: str, headers: Mapping[str, str], *, length: int | None = None
) -> bytes:
    """Return the head of a request as it goes over the line."""
    lines = [f"{method} {path} HTTP/1.1", "Host: test"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def read_answer(connection: socket.socket) -> bytes:
    """Return all that comes until the other side closes, or has answered once and for all."""
    answer = b""
    while True:
        try:
            piece = connection.recv(65536)
        except (ConnectionResetError, TimeoutError):
            return answer
        answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        if not piece or (length and len(body) >= int(length[1])):
            return answer
