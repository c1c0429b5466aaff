"""A program that ends when whoever started it does: `python -m service.serving.attached PID ...`.

The supervisor may be killed in a way that it can tell nobody. Processes that it leaves behind would
hold the port, and jobs that nobody restarts.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def attached_command(command: Sequence[str], *, to: int) -> list[str]:
    """Return the command that runs another one as long as the process `to`, its parent, lives."""
    return [sys.executable, "-m", "service.serving.attached", str(to), *command]


def main(arguments: Sequence[str]) -> None:
    """Become the program that the arguments name, behind the parent's number."""
    parent = int(arguments[0])
    if sys.platform == "linux":
        # It stays set over exec. Killed, not asked: all that is done here survives it.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before that was set
        sys.exit(1)
    os.execv(arguments[1], list(arguments[1:]))  # noqa: S606  # the supervisor's own command


if __name__ == "__main__":
    main(sys.argv[1:])
