"""The process of the API: `python -m service.serving.api_process DESCRIPTOR STOP_SECONDS`."""

import logging
import socket
import sys
import threading
from types import FrameType

import uvicorn

from service.api.app import create_app
from service.deployment import Deployment, open_deployment
from service.errors import CannotStartError
from service.freed_memory import keep_freed_memory
from service.observing.logs import configure_logging
from service.operating.purge_clock import start_purge_clock
from service.settings import read_server_settings

_LOG = logging.getLogger(__name__)
# Bytes of a request's first line and headers, before anybody looks at them.
_MAX_HEAD_BYTES = 64 << 10
_IDLE_S = 30


class ApiServer(uvicorn.Server):
    """A server that lets its routes know when it is asked to stop, so that streams end."""

    def __init__(self, config: uvicorn.Config, *, stopping: threading.Event) -> None:
        """Prepare."""
        super().__init__(config)
        self._stopping_routes = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note a signal."""
        self._stopping_routes.set()
        super().handle_exit(sig, frame)


def serve_api(deployment: Deployment, listener: socket.socket, *, stop_s: float) -> None:
    """Answer on the listener until a signal asks to stop."""
    app = create_app(deployment)
    proxies = deployment.settings.proxies
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        ws="none",
        http="h11",
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=max(1, int(stop_s)),
    )
    stopping = app.state.parts.stopping
    start_purge_clock(deployment, stopping=stopping)
    ApiServer(config, stopping=stopping).run(sockets=[listener])


def main() -> int:
    """Serve with the settings of the surroundings; return the exit code."""
    keep_freed_memory()
    listener = socket.socket(fileno=int(sys.argv[1]))
    stop_s = float(sys.argv[2])
    try:
        settings = read_server_settings()
        configure_logging(level=settings.log_level, log_format=settings.log_format, process="api")
        deployment = open_deployment(settings)
    except CannotStartError as error:
        _LOG.error("the API cannot start: %s", error)
        return 1
    try:
        serve_api(deployment, listener, stop_s=stop_s)
    finally:
        deployment.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
