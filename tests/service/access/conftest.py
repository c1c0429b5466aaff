from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.service.access.local_server import LocalServer, StartServer, reply, serving


@pytest.fixture
def start_server() -> Iterator[StartServer]:
    """Return a function that starts a server which runs until the test ends."""
    with ExitStack() as stack:

        def start(
            answer: Callable[[BaseHTTPRequestHandler], None] = reply,
            *,
            host: str = "127.0.0.1",
            port: int = 0,
            wrap: Callable[[ThreadingHTTPServer], None] | None = None,
        ) -> LocalServer:
            server = LocalServer(answer)
            return stack.enter_context(serving(server, host=host, port=port, wrap=wrap))

        yield start
