"""`skypatrol serve` as its user starts it: processes of their own, a real port, a real store."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from service.access.secrets import Secret

_ADDRESS = re.compile(r"listens on (http://\S+)")
_KEY = re.compile(r"sp_[0-9a-f]{16}_[A-Za-z0-9_-]{43}")
_TIMEOUT_S = 60.0


@dataclass
class Served:
    """A running service."""

    process: "subprocess.Popen[str]"
    url: str = ""
    key: Secret | None = None
    told: list[str] = field(default_factory=list)  # lines of standard output
    logged: list[str] = field(default_factory=list)  # lines of standard error

    def client(self, key: Secret | None = None) -> httpx.Client:
        """Return a client with the first key, or another."""
        used = key or self.key
        headers = {} if used is None else {"Authorization": f"Bearer {used.reveal()}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT_S)

    def find_process(self, module: str) -> int:
        """Return the process that runs a module, among those that the supervisor started."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().decode().split("\0")
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, UnicodeDecodeError):
                continue  # it has ended meanwhile
            if parent == self.process.pid and module in command:
                return int(folder.name)
        raise LookupError(module)

    def wait_for_line(self, text: str, *, times: int = 1) -> None:
        """Return when the log has told this so often."""
        done = threading.Event()
        for _ in range(int(_TIMEOUT_S / 0.05)):
            if sum(text in line for line in list(self.logged)) >= times:
                return
            assert self.process.poll() is None, "".join(self.logged)
            done.wait(0.05)
        raise AssertionError(f"never told: {text}\n{''.join(self.logged)}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(_TIMEOUT_S)


@contextmanager
def serving(
    data: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Give a service that has told where it listens; it is killed in the end if need be."""
    command = [sys.executable, "-m", "service", "serve", "--data", str(data), "--port", "0"]
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("SKYPATROL_")
    }
    process = subprocess.Popen(
        [*command, "--workers", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**inherited, **(environment or {})},
        cwd=Path(__file__).parents[3],
    )
    served = Served(process)
    assert process.stderr is not None
    assert process.stdout is not None
    threads = [threading.Thread(target=served.logged.extend, args=(process.stderr,), daemon=True)]
    threads[0].start()
    try:
        for line in process.stdout:
            served.told.append(line)
            if key := _KEY.search(line):
                served.key = Secret(key[0])
            if address := _ADDRESS.search(line):
                served.url = address[1]
                break
        else:
            process.wait(_TIMEOUT_S)
            threads[0].join()
            raise AssertionError("".join(served.logged))
        yield served
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        threads[0].join(_TIMEOUT_S)
        process.stdout.close()
        process.stderr.close()
