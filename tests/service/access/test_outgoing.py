import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.access.addresses import parse_allowed
from service.access.errors import (
    OutgoingAnswerTooLargeError,
    OutgoingFailedError,
    OutgoingRefusedError,
)
from service.access.outgoing import (
    OutgoingRules,
    check_url,
    fetch_body,
    resolve_host,
    send_outgoing,
)
from tests.service.access.local_server import StartServer, reply

LOOPBACK = parse_allowed(["127.0.0.1"])


class Names:
    """A stand-in for the resolver: gives one list of addresses after the other, then the last."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def make_rules(**changes: object) -> OutgoingRules:
    defaults: dict[str, object] = {"allowed": LOOPBACK, "resolve": Names(["127.0.0.1"])}
    return OutgoingRules(**(defaults | changes))  # type: ignore[arg-type]


@contextmanager
def raw_server(*pieces: bytes, then: threading.Event) -> Iterator[int]:
    """Sends pieces to whoever connects, then waits; for answers that no HTTP library would make."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            try:
                connection.recv(65536)
                for piece in pieces:
                    connection.sendall(piece)
            except OSError:
                return
            then.wait()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        then.set()
        listening.close()


# Where calls go


def test_an_opened_address_is_called(start_server: StartServer) -> None:
    server = start_server()

    answer = send_outgoing("GET", f"{server.url}/x?y=1", rules=make_rules())

    assert (answer.status, answer.body) == (200, b"ok")
    assert server.seen[0].path == "/x?y=1"


def test_without_being_opened_it_is_not(start_server: StartServer) -> None:
    server = start_server()

    with pytest.raises(OutgoingRefusedError):
        send_outgoing("GET", server.url, rules=OutgoingRules())
    assert server.seen == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1%1", "0.0.0.0"],
)
def test_names_that_lead_inside_are_refused(address: str) -> None:
    rules = OutgoingRules(resolve=Names([address]))

    with pytest.raises(OutgoingRefusedError, match="leads to an address that is") as caught:
        check_url("https://tracker.example/", rules=rules)
    assert address not in str(caught.value)
    with pytest.raises(OutgoingRefusedError):
        send_outgoing("GET", "https://tracker.example/", rules=rules)


def test_one_address_inside_spoils_a_name() -> None:
    rules = OutgoingRules(resolve=Names(["93.184.216.34", "10.0.0.1"]))

    with pytest.raises(OutgoingRefusedError):
        check_url("https://tracker.example/", rules=rules)


def test_literal_addresses_are_checked_without_a_resolver() -> None:
    names = Names(["93.184.216.34"])
    rules = OutgoingRules(resolve=names)

    for url in ("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/"):
        with pytest.raises(OutgoingRefusedError):
            check_url(url, rules=rules)
    assert check_url("https://93.184.216.34/x", rules=rules) == "https://93.184.216.34/x"
    assert names.asked == []


def test_the_systems_resolver_is_not_asked_about_numbers_in_disguise() -> None:
    for host in ("2130706433", "0x7f000001", "127.1", "0177.0.0.1"):
        with pytest.raises(OutgoingRefusedError):
            check_url(f"https://{host}/", rules=OutgoingRules())


def test_localhost_by_the_systems_resolver_is_inside() -> None:
    assert all(ipaddress.ip_address(a).is_loopback for a in resolve_host("localhost", 443))
    with pytest.raises(OutgoingRefusedError):
        check_url("https://localhost.localdomain/", rules=OutgoingRules(resolve=resolve_localhost))


def resolve_localhost(host: str, port: int) -> list[str]:
    return resolve_host("localhost", port)


def test_a_name_that_changes_after_it_was_registered_is_refused(start_server: StartServer) -> None:
    server = start_server()
    rules = OutgoingRules(resolve=Names(["93.184.216.34"], ["127.0.0.1"]))
    url = f"https://tracker.example:{server.port}/"

    check_url(url, rules=rules)
    with pytest.raises(OutgoingRefusedError, match="loopback"):
        send_outgoing("GET", url, rules=rules)
    assert server.seen == []


def test_the_connection_goes_to_the_address_that_was_checked(start_server: StartServer) -> None:
    checked = start_server(lambda handler: reply(handler, b"checked"))
    other = start_server(
        lambda handler: reply(handler, b"other"), host="127.0.0.2", port=checked.port
    )
    names = Names(["127.0.0.1"], ["127.0.0.2"])

    answer = send_outgoing(
        "GET", f"http://tracker.example:{checked.port}/", rules=make_rules(resolve=names)
    )

    assert answer.body == b"checked"
    assert names.asked == ["tracker.example"]
    assert other.seen == []
    assert checked.seen[0].headers["host"] == f"tracker.example:{checked.port}"


def test_the_next_address_is_tried_where_one_does_not_answer(start_server: StartServer) -> None:
    server = start_server()
    rules = make_rules(
        allowed=parse_allowed(["127.0.0.0/8"]), resolve=Names(["127.0.0.3", "127.0.0.1"])
    )

    answer = send_outgoing(
        "POST", f"http://tracker.example:{server.port}/", rules=rules, body=b"issue"
    )

    assert answer.status == 200
    assert server.seen[0].body == b"issue"


def test_an_opened_host_may_be_inside(start_server: StartServer) -> None:
    server = start_server()
    rules = make_rules(allowed=parse_allowed([f"tracker:{server.port}"]))

    assert send_outgoing("GET", f"http://tracker:{server.port}/", rules=rules).status == 200
    metadata = make_rules(allowed=rules.allowed, resolve=Names(["169.254.169.254"]))
    with pytest.raises(OutgoingRefusedError, match="metadata"):
        send_outgoing("GET", f"http://tracker:{server.port}/", rules=metadata)


def test_without_tls_only_opened_places_are_called() -> None:
    with pytest.raises(OutgoingRefusedError, match="https only"):
        check_url("http://tracker.example/", rules=OutgoingRules(resolve=Names(["93.184.216.34"])))


def test_proxies_of_the_environment_are_not_used(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = start_server(), start_server()
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    send_outgoing("GET", server.url, rules=make_rules())

    assert len(server.seen) == 1
    assert proxy.seen == []


def test_a_host_without_address_may_have_one_later() -> None:
    def fail(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror("Name or service not known")

    for resolve in (fail, Names([]), Names(["not an address"])):
        with pytest.raises(OutgoingFailedError):
            check_url("https://tracker.example/", rules=OutgoingRules(resolve=resolve))


# Redirects


def redirect_to(location: str, *, status: int = 302) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/end":
            reply(handler, b"end")
        else:
            reply(handler, status=status, Location=location)

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_an_open_place_is_followed(start_server: StartServer, status: int) -> None:
    server = start_server(redirect_to("/end", status=status))

    answer = send_outgoing(
        "GET", f"{server.url}/start", rules=make_rules(), headers={"Authorization": "Bearer x"}
    )

    assert answer.body == b"end"
    assert answer.url == f"{server.url}/end"
    # The same host goes on knowing who asks.
    assert server.seen[1].headers["authorization"] == "Bearer x"


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:{port}/",
        "https://127.0.0.2:{port}/",
        "//127.0.0.2:{port}/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:{port}/",
        "http://2130706434:{port}/",
        "http://0x7f000002:{port}/",
        "http://127.0.0.1:{port}@127.0.0.2:{port}/",
        "http://127.0.0.1:{port}\\@127.0.0.2:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/",
        "http:// 127.0.0.2/",
    ],
)
def test_a_redirect_to_the_inside_is_not_followed(start_server: StartServer, location: str) -> None:
    target: list[str] = []
    server = start_server(lambda handler: reply(handler, status=302, Location=target[0]))
    inside = start_server(host="127.0.0.2", port=server.port)
    target.append(location.format(port=server.port))

    with pytest.raises(OutgoingRefusedError):
        send_outgoing("GET", server.url, rules=make_rules())
    assert len(server.seen) == 1
    assert inside.seen == []


def test_a_name_is_checked_again_at_each_redirect(start_server: StartServer) -> None:
    server = start_server(redirect_to("/end"))
    inside = start_server(host="127.0.0.2", port=server.port)
    names = Names(["127.0.0.1"], ["127.0.0.2"])

    with pytest.raises(OutgoingRefusedError):
        send_outgoing(
            "GET", f"http://tracker.example:{server.port}/", rules=make_rules(resolve=names)
        )
    assert names.asked == ["tracker.example"] * 2
    assert inside.seen == []


def test_another_host_does_not_get_the_credential(start_server: StartServer) -> None:
    other = start_server()
    server = start_server(redirect_to(f"{other.url}/end"))

    send_outgoing(
        "GET",
        f"{server.url}/start",
        rules=make_rules(),
        headers={"Authorization": "Bearer x", "X-Api-Key": "y", "Accept": "text/plain"},
    )

    assert server.seen[0].headers["authorization"] == "Bearer x"
    assert not {"authorization", "x-api-key"} & set(other.seen[0].headers)
    assert other.seen[0].headers["accept"] == "text/plain"


def test_redirects_come_to_an_end(start_server: StartServer) -> None:
    server = start_server(redirect_to("/start"))

    with pytest.raises(OutgoingRefusedError, match="more than 3"):
        send_outgoing("GET", f"{server.url}/start", rules=make_rules())
    assert len(server.seen) == 4


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_what_is_posted_is_never_sent_on(start_server: StartServer, status: int) -> None:
    server = start_server(redirect_to("/end", status=status))

    with pytest.raises(OutgoingRefusedError, match="redirect"):
        send_outgoing("POST", f"{server.url}/start", rules=make_rules(), body=b"issue")
    assert len(server.seen) == 1


# How much and how long


def test_an_answer_as_large_as_allowed_comes_through_and_no_larger(
    start_server: StartServer,
) -> None:
    server = start_server(lambda handler: reply(handler, b"x" * 100))

    assert len(fetch_body(server.url, rules=make_rules(max_bytes=100))) == 100
    with pytest.raises(OutgoingAnswerTooLargeError):
        fetch_body(server.url, rules=make_rules(max_bytes=99))


def test_an_answer_without_end_is_cut_off(start_server: StartServer) -> None:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:  # until the other side hangs up
            handler.wfile.write(b"x" * 65536)

    server = start_server(pour)

    with pytest.raises(OutgoingAnswerTooLargeError):
        fetch_body(server.url, rules=make_rules(max_bytes=1000))


def test_a_bomb_in_gzip_is_not_unpacked(start_server: StartServer) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    server = start_server(lambda handler: reply(handler, bomb, Content_Encoding="gzip"))

    with pytest.raises(OutgoingAnswerTooLargeError, match="compressed"):
        fetch_body(server.url, rules=make_rules())
    assert server.seen[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 200 OK\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",),
    ],
)
def test_an_answer_that_stops_half_way_is_given_up(pieces: tuple[bytes, ...]) -> None:
    with (
        raw_server(*pieces, then=threading.Event()) as port,
        pytest.raises(OutgoingFailedError, match=r"within 0.3 s|ReadTimeout"),
    ):
        fetch_body(f"http://127.0.0.1:{port}/", rules=make_rules(timeout_s=0.3))


@contextmanager
def dripping_server(start: bytes, piece: bytes) -> Iterator[int]:
    """Serve an answer that comes a little at a time."""
    stop = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(start)
                for _ in range(100):  # five seconds: ten times what the call may take
                    if not stop.wait(0.05):
                        connection.sendall(piece)
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        stop.set()
        listening.close()


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_is_given_up(start: bytes, piece: bytes) -> None:
    # Each drip comes in time for itself: only the time for the whole ends this.
    with (
        dripping_server(start, piece) as port,
        pytest.raises(OutgoingFailedError, match=r"within 0.5 s"),
    ):
        fetch_body(f"http://127.0.0.1:{port}/", rules=make_rules(timeout_s=0.5))


def test_a_resolver_that_hangs_is_left_behind() -> None:
    stop, finished = threading.Event(), threading.Event()

    def hang(host: str, port: int) -> Sequence[str]:
        stop.wait(timeout=10)
        finished.set()
        return []

    with pytest.raises(OutgoingFailedError, match=r"within 0.3 s"):
        send_outgoing(
            "GET", "https://tracker.example/", rules=make_rules(resolve=hang, timeout_s=0.3)
        )
    assert not finished.is_set()
    stop.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000,
    ],
)
def test_nonsense_is_no_answer(answer: bytes) -> None:
    with (
        raw_server(answer, then=threading.Event()) as port,
        pytest.raises(OutgoingFailedError),
    ):
        fetch_body(f"http://127.0.0.1:{port}/", rules=make_rules(timeout_s=5))


def test_nobody_there_is_told_without_the_path() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    with pytest.raises(OutgoingFailedError) as caught:
        send_outgoing("GET", f"http://127.0.0.1:{port}/hook/secret", rules=make_rules())
    assert "secret" not in str(caught.value)


def test_another_status_is_an_answer_and_no_body(start_server: StartServer) -> None:
    server = start_server(lambda handler: reply(handler, b"no", status=503))

    assert send_outgoing("GET", server.url, rules=make_rules()).status == 503
    with pytest.raises(OutgoingFailedError, match="503"):
        fetch_body(server.url, rules=make_rules())


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "inside"},
        {"content-length": "5"},
        {"Transfer-Encoding": "chunked"},
        {"A": "b\r\nC: d"},
    ],
)
def test_headers_that_say_who_is_asked_are_not_the_callers(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="header"):
        send_outgoing("GET", "http://127.0.0.1:1/", rules=make_rules(), headers=headers)


# Certificates


def write_certificate(folder: Path, host: str) -> Path:
    """Write a certificate of its own for a host, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{host}.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def test_the_certificate_must_be_of_the_name_and_not_of_the_address(
    start_server: StartServer, tmp_path: Path
) -> None:
    certificate = write_certificate(tmp_path, "tracker.example")

    def wrap(http: ThreadingHTTPServer) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        http.socket = context.wrap_socket(http.socket, server_side=True)

    server = start_server(wrap=wrap)
    rules = make_rules(tls=ssl.create_default_context(cafile=str(certificate)))

    answer = send_outgoing("GET", f"https://tracker.example:{server.port}/", rules=rules)
    assert answer.status == 200
    for host in ("other.example", "127.0.0.1"):
        with pytest.raises(OutgoingFailedError):
            send_outgoing("GET", f"https://{host}:{server.port}/", rules=rules)
    # Nobody vouches for it where the public authorities count.
    with pytest.raises(OutgoingFailedError):
        send_outgoing("GET", f"https://tracker.example:{server.port}/", rules=make_rules())
    assert len(server.seen) == 1
