"""The supervisor: `python -m service.serving DESCRIPTOR STOP_SECONDS`.

`skypatrol serve` prepares all and becomes this: a small process, since it holds its memory as long
as the service runs.
"""

import asyncio
import signal
import sys
from types import FrameType

from service.observing.logs import configure_logging
from service.serving.children import Child, Supervisor
from service.settings import read_server_settings

# What children get of the time to stop: the rest is for them to tell that they have.
_SHARE_OF_CHILDREN = 0.8
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def list_children(*, descriptor: int, worker_processes: int, stop_s: float) -> list[Child]:
    """Return the API and the workers."""
    child_stop_s = f"{_SHARE_OF_CHILDREN * stop_s:g}"
    api = [sys.executable, "-m", "service.serving.api_process", str(descriptor), child_stop_s]
    worker = [sys.executable, "-m", "service", "worker"]
    return [
        Child(name="api", command=api, descriptors=(descriptor,)),
        *(
            Child(name=f"worker-{number}", command=worker)
            for number in range(1, worker_processes + 1)
        ),
    ]


async def supervise(children: list[Child], *, stop_s: float) -> bool:
    """Keep children running until a signal; return whether all ended by themselves then."""
    supervisor = Supervisor(children, stop_s=stop_s)
    loop = asyncio.get_running_loop()

    def stop(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(supervisor.stop)

    # Not the loop's own handlers: it takes them away at its end, and one more signal after that
    # would leave no exit code of ours.
    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    try:
        return await supervisor.run()
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def main() -> int:
    """Supervise; return the exit code: 1 where something had to be killed in the end."""
    descriptor, stop_s = int(sys.argv[1]), float(sys.argv[2])
    settings = read_server_settings()
    configure_logging(level=settings.log_level, log_format=settings.log_format, process="serve")
    children = list_children(
        descriptor=descriptor, worker_processes=settings.worker_processes, stop_s=stop_s
    )
    return 0 if asyncio.run(supervise(children, stop_s=stop_s)) else 1


if __name__ == "__main__":
    sys.exit(main())
