"""`skypatrol worker`: a process that does what the service is asked for."""

import os

import typer

from service.observing.logs import configure_logging
from service.settings import read_server_settings, read_settings
from service.worker.run import run_worker


def worker() -> None:
    """Inspect what was uploaded, until stopped: one process, beside others on one store.

    `serve` starts its own. More of them on other machines need SKYPATROL_DATABASE and
    SKYPATROL_BLOBS as `serve` has them. SIGTERM or Ctrl-C ends what was begun and gives the
    rest back; killed, what it had begun is done by others.
    """
    settings = read_server_settings()
    configure_logging(
        level=settings.log_level, log_format=settings.log_format, process=f"worker-{os.getpid()}"
    )
    run_worker(settings, read_settings())
    raise typer.Exit(0)
