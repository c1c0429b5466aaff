"""The address of a server, checked before a key is sent to it."""

import ipaddress
from urllib.parse import urlsplit

from service.errors import CannotStartError


def parse_server_address(text: str, *, allow_http: bool = False) -> str:
    """Return the address without a slash at its end, such as `https://skypatrol.example/base`.

    Args:
        text: As a person wrote it; without a scheme it is taken for https.
        allow_http: Take http, too, for other machines than this one: everybody on the way could
            read the key.

    Raises:
        CannotStartError: It is no address of a server, or http to another machine.
    """
    written = text.strip()
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise CannotStartError(f"--server: {text!r} is no address: {error}") from error
    if parts.scheme not in ("https", "http") or not host or any(c.isspace() for c in written):
        raise CannotStartError(
            f"--server: {text!r} is no address such as https://skypatrol.example"
        )
    if "@" in parts.netloc:
        raise CannotStartError("--server holds a user or password: use SKYPATROL_KEY or --key-file")
    if parts.query or parts.fragment:
        raise CannotStartError(f"--server: {text!r} has a part behind ? or #; leave it out")
    if parts.scheme == "http" and not (allow_http or is_this_machine(host)):
        raise CannotStartError(
            f"--server: http sends the key in clear to {host}; use https (or --insecure-http)"
        )
    shown_host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown_host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def is_this_machine(host: str) -> bool:
    """Tell whether a host is this machine by its name alone; nobody is asked."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
