"""`skypatrol upload` as people start it, watched from outside."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.running_server import REPOSITORY, cpu_seconds, peak_memory_bytes

_LOOK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRun:
    """What a run of the client told and took.

    Attributes:
        summary: The object of `--json`.
        cpu_s: Seconds of a core.
    """

    summary: dict[str, Any]
    seconds: float
    cpu_s: float
    peak_bytes: int


def run_client(card: Path, url: str, key: str, state: Path) -> ClientRun:
    """Upload a card; nobody waits for answers, as no worker runs.

    Raises:
        RuntimeError: It ends as an upload that did not arrive does.
    """
    command = [sys.executable, "-m", "service", "upload", str(card), "--server", url, "--json"]
    surroundings = os.environ | {
        "SKYPATROL_KEY": key,
        "SKYPATROL_UPLOADS": str(state),
        "SKYPATROL_ANSWERS_S": "0",
    }
    started_s, told = time.perf_counter(), list[str]()
    peak_bytes, cpu_s = 0, 0.0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=surroundings, cwd=REPOSITORY, text=True
    ) as client:
        out = client.stdout
        reader = threading.Thread(target=lambda: told.append(out.read() if out else ""))
        reader.start()
        try:
            while client.poll() is None:
                peak_bytes = max(peak_bytes, peak_memory_bytes(client.pid))
                cpu_s = max(cpu_s, cpu_seconds(client.pid))
                time.sleep(_LOOK_S)
        finally:
            client.kill()  # who interrupts does not want to wait for the rest of the upload
        reader.join()
    if client.returncode not in (0, 2):  # 2: no file has its answer
        raise RuntimeError(f"the client ended with {client.returncode}")
    return ClientRun(
        summary=json.loads(told[0]),
        seconds=time.perf_counter() - started_s,
        cpu_s=cpu_s,
        peak_bytes=peak_bytes,
    )
