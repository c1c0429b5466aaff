"""What a URL says that a user typed in: where a call would go, or why none is made."""

import ipaddress
from dataclasses import dataclass

import httpx

from service.access.addresses import Address, AllowedPlaces, is_host_name
from service.access.errors import OutgoingRefusedError

_LONGEST_URL = 2048
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a call goes.

    Attributes:
        host: In ASCII, without a dot at its end; for addresses without brackets.
        address: Where the URL names an address rather than a name.
        host_allowed: Whether an administrator opened this name.
    """

    url: httpx.URL
    host: str
    port: int
    address: Address | None
    host_allowed: bool

    @property
    def origin(self) -> str:
        """Scheme, host and port: paths of webhooks are secret, so messages show this only."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.url.scheme}://{shown}:{self.port}"


def parse_destination(text: str, *, allowed: AllowedPlaces) -> Destination:
    """Return where a URL leads; the same parser then makes the call, so both read it alike.

    Raises:
        OutgoingRefusedError: It is no plain http or https URL.
    """
    if len(text) > _LONGEST_URL:
        raise OutgoingRefusedError(f"the URL is longer than {_LONGEST_URL} characters")
    # Programs differ in what they make of these, and such differences hide where a URL leads.
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in text):
        raise OutgoingRefusedError("the URL holds blanks, control characters or backslashes")
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii").lower().removesuffix(".")
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise OutgoingRefusedError(f"not a URL: {_first_line(error)}") from error
    if url.scheme not in _PORTS:
        raise OutgoingRefusedError("only https URLs can be called")
    if "@" in _authority(text) or url.userinfo:
        raise OutgoingRefusedError("the URL holds a user or password: give them separately")
    port = _PORTS[url.scheme] if url.port is None else url.port
    if not 0 < port < 65536:
        raise OutgoingRefusedError(f"there is no port {port}")
    address = _parse_host(host)
    host_allowed = address is None and allowed.has_host(host, port)
    if address is None and "." not in host and not host_allowed:
        raise OutgoingRefusedError(f"{host!r} is a name of this network, not a full one")
    return Destination(url=url, host=host, port=port, address=address, host_allowed=host_allowed)


def _parse_host(host: str) -> Address | None:
    """Return the address that a host is, or None for a name."""
    if not host:
        raise OutgoingRefusedError("the URL names no host")
    if "%" in host:
        raise OutgoingRefusedError("the host holds a zone or an escape")
    if is_host_name(host):
        return None
    try:
        # Takes one spelling only: four decimal numbers without leading zeros, or plain IPv6.
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError as error:
        raise OutgoingRefusedError(f"{host!r} is no host name and no plain address") from error


def _authority(text: str) -> str:
    """Return what stands between // and the path, as written."""
    rest = text.partition("//")[2]
    return min((rest.partition(mark)[0] for mark in "/?#"), key=len)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
