"""The purge of each day, in a thread of a process that serves."""

import logging
import threading
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from service.deployment import Deployment
from service.errors import ServiceError
from service.operating.purge import purge_if_due

FIRST_AFTER_S = 60.0  # what starts over and over must not purge each time
EVERY_S = 3600.0  # how often it is looked whether a day is over

_logger = logging.getLogger(__name__)


def start_purge_clock(
    deployment: Deployment,
    *,
    stopping: threading.Event,
    first_after_s: float = FIRST_AFTER_S,
    every_s: float = EVERY_S,
) -> threading.Thread:
    """Purge once a day until `stopping` is set; a purge that goes on then may be killed.

    Several processes may have such a clock: whoever comes first does it.
    """

    def run() -> None:
        wait_s = first_after_s
        while not stopping.wait(wait_s):
            _purge_once(deployment)
            wait_s = every_s

    thread = threading.Thread(target=run, name="purge-clock", daemon=True)
    thread.start()
    return thread


def _purge_once(deployment: Deployment) -> None:
    try:
        purge_if_due(deployment, now=datetime.now(UTC))
    except (ServiceError, SQLAlchemyError, OSError):
        _logger.exception("the daily purge failed; it is tried again in an hour")
