"""The socket that the API answers on, opened before anything else is started.

It stays open while the API's process is started again: callers wait a moment rather than being
turned away.
"""

import socket
import sys

from service.errors import CannotStartError

_BACKLOG = 512


def open_listener(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes any that is free.

    Raises:
        CannotStartError: The address is none of this machine, or taken, or not for us.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise CannotStartError(f"SKYPATROL_HOST: {host!r} is no address: {error}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            # Connections of the process before may still be ending.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotStartError(
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "SKYPATROL_HOST and SKYPATROL_PORT say where"
        ) from error
    return listener


def describe_address(listener: socket.socket) -> str:
    """Return the URL under which this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # said, not bound
    host = everywhere.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
