"""Which process this is, in words that others on the same machine can check."""

import os
import socket
import uuid
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def read_host() -> str:
    """Return the machine since its start, and the list of processes that this one is in.

    Two containers may have one name; a pid means something within one list alone.
    """
    try:
        boot, namespace = _BOOT_ID.read_text().strip()[:8], _NAMESPACE.readlink().name
    except OSError:  # no Linux: nobody is taken for dead before its leases end
        return f"{socket.gethostname()} {uuid.uuid4().hex[:8]}"
    return f"{socket.gethostname()} {boot} {namespace}"


def new_worker_id() -> str:
    """Return a name that no other process has or had."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def is_alive(pid: int) -> bool:
    """Tell whether a process of this host runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
