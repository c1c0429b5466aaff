"""`skypatrol serve` as a process that can be killed and started again on the same port."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

KEY = re.compile(r"sp_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")
REPOSITORY = Path(__file__).resolve().parents[1]
START_S = 120.0


@dataclass
class RunningServer:
    """A service over a folder.

    Attributes:
        data: Folder of all that it keeps.
        workers: Processes that inspect.
        variables: More of the environment, such as limits.
        key: Of its administrator, known from the first start on.
        peak_bytes: The most memory that its API process had, over all starts.
        cpu_s: Seconds of a core that its API processes took, those that were ended.
    """

    data: Path
    workers: int = 0
    variables: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    key: str = ""
    peak_bytes: int = 0
    cpu_s: float = 0.0
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Return when it answers."""
        if not self.port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
        self.data.mkdir(parents=True, exist_ok=True)
        log = self.data / "serve.log"
        command = [sys.executable, "-m", "service", "serve", "--data", str(self.data)]
        command += ["--port", str(self.port), "--workers", str(self.workers)]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=out, start_new_session=True, cwd=REPOSITORY,
                env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | dict(self.variables),
            )  # fmt: skip
        until_s = time.monotonic() + START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"the server does not start: {log.read_text()[-2000:]}")
            time.sleep(0.1)
        found = KEY.search(log.read_text(encoding="utf-8"))
        if found:
            self.key = found[0]

    def kill(self) -> None:
        """End all its processes as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an administrator does."""
        self._end(signal.SIGTERM)

    def _note_use(self) -> None:
        """Look at what its API process, which is about to be ended, has taken."""
        for process in self.list_children():
            try:
                command = Path(f"/proc/{process}/cmdline").read_bytes()
            except OSError:
                continue  # it has ended by itself
            if b"api_process" in command:
                self.peak_bytes = max(self.peak_bytes, peak_memory_bytes(process))
                self.cpu_s += cpu_seconds(process)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if number is signal.SIGKILL and self._process.poll() is None:
            # So that it starts no other process between the look at its processes and their end.
            os.kill(self._process.pid, signal.SIGSTOP)
        processes = [self._process.pid, *self.list_children()]
        self._note_use()
        for process in processes[: 1 if number is signal.SIGTERM else None]:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                continue
        self._process.wait(60)
        self._process = None

    def list_children(self) -> list[int]:
        """Return the numbers of its processes: API and workers."""
        if self._process is None:
            return []
        pid = self._process.pid
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        except OSError:
            return []
        return [int(child) for child in text.split()]

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False


def peak_memory_bytes(process: int) -> int:
    """Return the most memory that a process has had; 0 where it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def cpu_seconds(process: int) -> float:
    """Return the seconds of a core that a process has had; 0 where it is gone."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    # Behind the name, which may hold anything, in parentheses (proc(5): utime is field 14).
    fields = status.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
