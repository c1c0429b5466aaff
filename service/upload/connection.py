"""Requests to the server: what answers mean for whoever asks, and what may be sent where."""

import json
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

import certifi
import httpx

from service.access.secrets import Secret
from service.errors import CannotStartError
from service.printable import printable_text
from service.upload.backoff import parse_retry_after
from service.upload.errors import (
    PATIENT_STATUSES,
    LineDownError,
    RefusedError,
    ServerBusyError,
    UploadStoppedError,
)

CONNECT_S = 20.0
# Longer than heartbeats of the events are apart, and than a busy server takes to keep a file.
SILENCE_S = 60.0
_MAX_ANSWER_BYTES = 64 << 20
_LONGEST_MESSAGE = 300
# Linux keeps unsent bytes by the megabyte; with this bound what we count as sent has left (but
# for what the network itself holds), and a cut costs that much less.
_UNSENT_BYTES = 128 << 10

Body = bytes | Iterable[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A good answer: status below 300.

    Attributes:
        data: Of a JSON body; None where it is none.
    """

    status: int
    headers: Mapping[str, str]
    data: object


class Connection:
    """To one server, with one key. Threads may share it."""

    def __init__(
        self, server: str, key: Secret, *, ca_file: Path | None = None, language: str = "en"
    ) -> None:
        """Prepare it; nothing is sent yet.

        Args:
            server: As `parse_server_address` returns it.
            key: Sent to this server and to none other.
            ca_file: Certificates to trust in addition, PEM.
            language: Of messages, where the server has them.

        Raises:
            CannotStartError: The certificates cannot be read.
        """
        self._server = server
        self._origin = _origin(server)
        self._client = httpx.Client(
            # Never: a redirect could take the key elsewhere, and photos with it.
            follow_redirects=False,
            timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S),
            transport=httpx.HTTPTransport(
                verify=_tls(ca_file),
                limits=httpx.Limits(max_connections=None, keepalive_expiry=30.0),
                socket_options=_socket_options(),
            ),
            headers={
                "Authorization": f"Bearer {key.reveal()}",
                "Accept-Language": language,
                "User-Agent": "skypatrol-upload",
            },
        )

    def close(self) -> None:
        """Give up all that is open; requests in other threads fail."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        data: object = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and return its good answer.

        Args:
            method: Of HTTP.
            path: Below the server's address, `/v1/...`, or an address that the server gave.
            data: To be sent as JSON.
            body: In place of data; its length belongs into the headers.
            headers: More of them.

        Raises:
            LineDownError: The line was cut, or nobody answers.
            ServerBusyError: The server asks to come back.
            RefusedError: The server does not take this.
            UploadStoppedError: Nothing at all goes on: key, address or certificate are wrong.
        """
        sent_headers = dict(headers or {})
        if data is not None:
            body = json.dumps(data, ensure_ascii=False).encode()
            sent_headers["Content-Type"] = "application/json"
        request = self._client.build_request(
            method, self._url(path), content=body, headers=sent_headers
        )
        with _telling_line(self._server):
            response = self._client.send(request, stream=True)
            try:
                text = _read_bounded(response)
            finally:
                response.close()
        return self._judge(response, text)

    @contextmanager
    def stream(self, path: str, *, headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """Give the lines of an answer as they come.

        Raises:
            LineDownError: While it is opened or read.
            ServerBusyError: As `ask`, as are the others.
            RefusedError: Likewise.
            UploadStoppedError: Likewise.
        """
        with _telling_line(self._server):
            request = self._client.build_request("GET", self._url(path), headers=dict(headers))
            response = self._client.send(request, stream=True)
            try:
                if response.status_code != 200:
                    self._judge(response, _read_bounded(response))
                yield response.iter_lines()
            finally:
                response.close()

    def _url(self, path: str) -> str:
        if path.startswith("/"):
            return self._server + path
        if _origin(path) != self._origin:
            raise UploadStoppedError("elsewhere", server=self._server, where=_short(path))
        return path

    def follow(self, location: str, *, path: str) -> str:
        """Return the whole address of a Location that answered a request for `path`.

        Proxies in front often name the server's inner host: only the path of it counts, and what
        stands in front of it in the address that the person gave.
        """
        parts = urlsplit(urljoin(self._server + path, location))
        base = urlsplit(self._server).path
        below = parts.path if parts.path.startswith(f"{base}/") else base + parts.path
        return f"{self._origin}{below}" + (f"?{parts.query}" if parts.query else "")

    def _judge(self, response: httpx.Response, text: bytes) -> Answer:
        status = response.status_code
        data = _parse_json(text)
        if status < 300:
            return Answer(status=status, headers=response.headers, data=data)
        _stop_if_hopeless(response, data, server=self._server)
        detail, code = _problem_text(response, data)
        if status in PATIENT_STATUSES or (status >= 500 and status != 501):
            asked = parse_retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC))
            raise ServerBusyError(detail, status=status, wait_s=asked)
        raise RefusedError(detail, status=status, code=code)


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """Return what checks certificates: the system's list, that of certifi, and one's own."""
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise CannotStartError(f"--ca-file {ca_file} cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _socket_options() -> list[tuple[int, int, int]]:
    options = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        options.append((socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES))
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # A modem that loses its network tells nobody: without this it takes a quarter of an hour.
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SILENCE_S * 1000)))
    return options


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@contextmanager
def _telling_line(server: str) -> Iterator[None]:
    """Say what an error of the line means."""
    try:
        yield
    except httpx.ConnectError as error:
        _raise_connect_error(error, server)
    except httpx.TimeoutException as error:
        raise LineDownError("line_silent", detail=_words(error)) from error
    except (httpx.ProxyError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise UploadStoppedError("cannot_ask", server=server, detail=_words(error)) from error
    except (httpx.TransportError, httpx.StreamError) as error:
        raise LineDownError("line_cut", detail=_words(error)) from error


def _raise_connect_error(error: httpx.ConnectError, server: str) -> NoReturn:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise UploadStoppedError(
                "certificate_unknown", server=server, detail=cause.verify_message
            ) from error
        if isinstance(cause, ssl.SSLError) and "WRONG_VERSION" in str(cause):
            raise UploadStoppedError("no_https", server=server) from error
        # A network that is away says "try again"; this name has been looked up and is not there.
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME:
            raise LineDownError("no_such_host", server=server) from error
        cause = cause.__cause__ or cause.__context__
    raise LineDownError("cannot_reach", server=server, detail=_words(error)) from error


def _words(error: Exception) -> str:
    return _short(str(error) or type(error).__name__)


def _short(text: str) -> str:
    return printable_text(" ".join(text.split()))[:_LONGEST_MESSAGE]


def _read_bounded(response: httpx.Response) -> bytes:
    pieces, size = list[bytes](), 0
    for piece in response.iter_bytes():
        pieces.append(piece)
        size += len(piece)
        if size > _MAX_ANSWER_BYTES:
            raise UploadStoppedError("no_skypatrol", detail="an answer without an end")
    return b"".join(pieces)


def _parse_json(text: bytes) -> object:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed


def _problem_text(response: httpx.Response, data: object) -> tuple[str, str]:
    """Return what a problem says (RFC 9457), and its code."""
    status = f"HTTP {response.status_code}"
    if not isinstance(data, dict):
        return status, ""
    words = [str(data[key]) for key in ("title", "detail") if isinstance(data.get(key), str)]
    return _short(": ".join(words) or status), str(data.get("code", ""))


def _stop_if_hopeless(response: httpx.Response, data: object, *, server: str) -> None:
    """Raise where the whole upload cannot go on, whatever was asked."""
    status = response.status_code
    detail, _ = _problem_text(response, data)
    if status < 400:
        where = _short(response.headers.get("Location", "?"))
        raise UploadStoppedError("redirected", server=server, where=where)
    if status == 401:
        raise UploadStoppedError("key_unknown", detail=detail)
    if status == 403:
        raise UploadStoppedError("key_not_allowed", detail=detail)
    # Answers to HEAD have no body that could tell who speaks.
    is_ours = isinstance(data, dict) or response.request.method == "HEAD"
    if status in (404, 405) and not is_ours:
        raise UploadStoppedError("no_skypatrol", detail=f"HTTP {status}")
