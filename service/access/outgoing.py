"""Calls to URLs that users registered: only where they may go, only so long and so much.

Each call resolves the name once, checks every address it got and connects to one of these, so
that a name cannot show one address to the check and another to the connection (DNS rebinding).
Certificates are checked against the name. Proxies of the environment are not used: behind one,
nobody here would know where a call ends up.
"""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
import httpx

from service.access.addresses import Address, AllowedPlaces, why_closed
from service.access.destination import Destination, parse_destination
from service.access.errors import (
    OutgoingAnswerTooLargeError,
    OutgoingFailedError,
    OutgoingRefusedError,
)

# Returns the addresses of a host; raises OSError where there are none.
Resolve = Callable[[str, int], Sequence[str]]

_MAX_ADDRESSES = 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOLLOWED = frozenset({"GET", "HEAD"})
# A caller who could set these could say who is asked, or where a message ends.
_OUR_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "upgrade"}
)
# What may be shown to another host than the one it was meant for.
_HARMLESS_HEADERS = frozenset({"accept", "accept-language", "user-agent"})


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses of a host as the system's resolver has them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRules:
    """Where calls may go, and how long and how large they may get.

    Attributes:
        allowed: What an administrator opened inside; http without TLS is for these only.
        timeout_s: For a call as a whole: name, connection, redirects, answer.
        max_bytes: Of an answer's body.
        tls: None: the public authorities. For an authority of the city's own, a context that
            knows it.
    """

    allowed: AllowedPlaces = field(default_factory=AllowedPlaces)
    timeout_s: float = 10.0
    max_bytes: int = 1_000_000
    max_redirects: int = 3
    tls: ssl.SSLContext | None = None
    resolve: Resolve = resolve_host


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingAnswer:
    """What came back.

    Attributes:
        url: Where it came from in the end.
        headers: Names in small letters.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def check_url(text: str, *, rules: OutgoingRules) -> str:
    """Return a URL in its plain form if it may be called now.

    For the moment when a user registers it, to say at once what is wrong. It gives no licence
    for later: `fetch_outgoing` checks anew at each call.

    Raises:
        OutgoingRefusedError: It may not be called.
        OutgoingFailedError: Its host has no address.
    """
    place = parse_destination(text, allowed=rules.allowed)
    _check_addresses(place, _resolve(place, rules), rules=rules)
    return str(place.url)


async def fetch_outgoing(
    method: str,
    url: str,
    *,
    rules: OutgoingRules,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> OutgoingAnswer:
    """Call a URL and return the answer, whatever its status.

    GET and HEAD follow redirects, each checked like the first URL; other hosts than the first
    get none of the caller's headers. A redirect of anything else is refused: following it would
    send a body to where nobody meant it.

    Raises:
        OutgoingRefusedError: The URL, or where it leads, may not be called.
        OutgoingFailedError: No connection, no answer in time, or one that is too large.
        ValueError: A header that is not the caller's to set.
    """
    sent = _check_headers(headers or {})
    try:
        with anyio.fail_after(rules.timeout_s):
            async with httpx.AsyncClient(
                transport=PinnedTransport(rules),
                trust_env=False,
                follow_redirects=False,
                timeout=rules.timeout_s,
            ) as client:
                return await _follow(client, method.upper(), url, sent, body, rules)
    except TimeoutError as error:
        raise OutgoingFailedError(f"no full answer within {rules.timeout_s:g} s") from error
    except httpx.TransportError as error:
        raise OutgoingFailedError(f"no answer: {_describe(error)}") from error


def send_outgoing(
    method: str,
    url: str,
    *,
    rules: OutgoingRules,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> OutgoingAnswer:
    """Do what `fetch_outgoing` does, for callers that are not asynchronous."""

    async def call() -> OutgoingAnswer:
        return await fetch_outgoing(method, url, rules=rules, headers=headers, body=body)

    return anyio.run(call)


def fetch_body(url: str, *, rules: OutgoingRules) -> bytes:
    """Return what a URL gives with status 200.

    Raises:
        OutgoingRefusedError: The URL, or where it leads, may not be called.
        OutgoingFailedError: No answer, or another status.
    """
    answer = send_outgoing("GET", url, rules=rules)
    if answer.status != 200:
        raise OutgoingFailedError(f"the answer has status {answer.status}")
    return answer.body


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to the very addresses that were checked, under the name that was asked for."""

    def __init__(self, rules: OutgoingRules) -> None:
        """Prepare connections. None is kept: one address may serve several names."""
        self._rules = rules
        self._connections = httpx.AsyncHTTPTransport(
            verify=rules.tls or httpx.create_ssl_context(trust_env=False),
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Check where the request goes and send it there, to the first address that answers."""
        rules = self._rules
        place = parse_destination(str(request.url), allowed=rules.allowed)
        # Resolvers block; one that does not come back is left behind when the time is up.
        found = await anyio.to_thread.run_sync(_resolve, place, rules, abandon_on_cancel=True)
        addresses = _check_addresses(place, found, rules=rules)
        for i, address in enumerate(addresses):
            try:
                return await self._connections.handle_async_request(_pin(request, place, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if i + 1 == len(addresses):
                    raise
        raise OutgoingFailedError(f"{place.origin} has no address")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._connections.aclose()


def _pin(request: httpx.Request, place: Destination, address: Address) -> httpx.Request:
    """Return the request with the address in place of the name.

    The Host header has the name already; the certificate is checked against `sni_hostname`.
    """
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": place.host},
    )


def _resolve(place: Destination, rules: OutgoingRules) -> list[Address]:
    """Return the addresses of a destination."""
    if place.address is not None:
        return [place.address]
    try:
        found = [ipaddress.ip_address(text) for text in rules.resolve(place.host, place.port)]
    except (OSError, ValueError) as error:  # UnicodeError of wrong names is a ValueError
        raise OutgoingFailedError(f"the address of {place.host} cannot be found") from error
    if not found:
        raise OutgoingFailedError(f"{place.host} has no address")
    return found[:_MAX_ADDRESSES]


def _check_addresses(
    place: Destination, addresses: Sequence[Address], *, rules: OutgoingRules
) -> Sequence[Address]:
    """Return the addresses if all of them may be called: one bad one spoils the name."""
    for address in addresses:
        reason = why_closed(address, allowed=rules.allowed, host_allowed=place.host_allowed)
        if reason is not None:
            # The address itself is not told: that would tell strangers about the inside.
            raise OutgoingRefusedError(f"{place.host} leads to an address that is {reason}")
        opened = place.host_allowed or rules.allowed.has_address(address)
        if place.url.scheme != "https" and not opened:
            raise OutgoingRefusedError(f"{place.host} can be called by https only")
    return addresses


async def _follow(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: httpx.Headers,
    body: bytes | None,
    rules: OutgoingRules,
) -> OutgoingAnswer:
    """Call and follow redirects."""
    place = parse_destination(url, allowed=rules.allowed)
    for _ in range(rules.max_redirects + 1):
        request = client.build_request(method, place.url, headers=headers, content=body)
        response = await client.send(request, stream=True)
        try:
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                return await _read_answer(response, rules)
        finally:
            await response.aclose()
        if method not in _FOLLOWED:
            raise OutgoingRefusedError(f"{place.origin} answers with a redirect")
        following = _next_place(place, response.headers["location"], rules)
        if following.origin != place.origin:
            harmless = {k: v for k, v in headers.items() if k.lower() in _HARMLESS_HEADERS}
            headers = _check_headers(harmless)
        place = following
    raise OutgoingRefusedError(f"more than {rules.max_redirects} redirects")


def _next_place(place: Destination, location: str, rules: OutgoingRules) -> Destination:
    """Return where a redirect leads."""
    # As written first: putting it together with the old URL would mend what must be refused.
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in location):
        raise OutgoingRefusedError(f"{place.origin} redirects to no plain URL")
    try:
        joined = str(place.url.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise OutgoingRefusedError(f"{place.origin} redirects to no URL") from error
    following = parse_destination(joined, allowed=rules.allowed)
    if place.url.scheme == "https" and following.url.scheme != "https":
        raise OutgoingRefusedError(f"{place.origin} redirects away from https")
    return following


async def _read_answer(response: httpx.Response, rules: OutgoingRules) -> OutgoingAnswer:
    """Return the answer, having read no more than allowed."""
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity"):
        # We asked for it as it is. A few bytes may unpack to gigabytes.
        raise OutgoingAnswerTooLargeError("the answer is compressed although it was not to be")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > rules.max_bytes:
            raise OutgoingAnswerTooLargeError(f"the answer has over {rules.max_bytes} bytes")
    return OutgoingAnswer(
        status=response.status_code,
        url=str(response.request.url),
        headers={name.lower(): value for name, value in response.headers.items()},
        body=bytes(body),
    )


def _check_headers(headers: Mapping[str, str]) -> httpx.Headers:
    """Return the headers to send."""
    for name, value in headers.items():
        if name.lower() in _OUR_HEADERS:
            raise ValueError(f"the header {name} is not the caller's to set")
        if any(c in "\r\n\0" for c in name + value):
            raise ValueError(f"the header {name!r} holds a line break")
    return httpx.Headers({**headers, "accept-encoding": "identity"})


def _describe(error: httpx.TransportError) -> str:
    """Return what went wrong without a URL, whose path may be secret."""
    return type(error).__name__
