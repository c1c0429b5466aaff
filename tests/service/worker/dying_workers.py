"""Works with a stand-in for the model in processes that die, one after the other, till all is done.

Usage: python -m tests.service.worker.dying_workers DATA MANNER

MANNER: with `moments` each worker dies by SIGKILL at a later moment than the one before: before a
transaction is kept, or behind it. With `poison` a worker dies at each poisoned photo. Prints how
many have died. Forks of a process that has loaded all are there at once.
"""

import os
import signal
import sys
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, event, text

from models.detector import Detector
from service.store.engine import WRITES
from tests.service.inspecting.stand_in_inspection import BrightSpotDetector
from tests.service.worker.stand_in_worker import PoisonedDetector, open_data, open_shop
from tests.service.worker.taken_in import work_off

MOST_DEATHS = 200


def die_at(engine: Engine, moment: int) -> None:
    """Let this process die at the n-th beginning or end of a transaction that writes."""
    lock, passed = Lock(), 0

    def count(connection: Connection) -> None:
        nonlocal passed
        if not connection.get_execution_options().get(WRITES):
            return
        with lock:
            passed += 1
            if passed == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "begin", count)
    event.listen(engine, "commit", count)


def work_until_death(data: Path, *, moment: int | None, detector: Detector) -> None:
    deployment = open_data(data)
    if moment is not None:
        die_at(deployment.engine, moment)
    work_off(open_shop(deployment, detector))
    deployment.close()


def fork(data: Path, *, moment: int | None, detector: Detector) -> bool:
    """Return whether a worker has died before all was done."""
    child = os.fork()
    if child == 0:
        try:
            work_until_death(data, moment=moment, detector=detector)
        finally:
            sys.stderr.flush()
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return status != 0


def spare_attempts(data: Path) -> None:
    """Take back attempts: so many deaths in so few jobs would use them up."""
    deployment = open_data(data)
    with deployment.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET attempts = 1 WHERE attempts > 1"))
    deployment.close()


def main(data: Path, manner: str) -> int:
    """Return how many have died."""
    for deaths in range(MOST_DEATHS):
        if manner == "poison":
            died = fork(data, moment=None, detector=PoisonedDetector())
        else:
            spare_attempts(data)
            died = fork(data, moment=10 + 5 * deaths, detector=BrightSpotDetector())
        if not died:
            return deaths
    raise SystemExit(f"{MOST_DEATHS} workers have died")


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2]))
