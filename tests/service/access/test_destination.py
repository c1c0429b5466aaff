import ipaddress

import pytest

from service.access.addresses import AllowedPlaces, parse_allowed
from service.access.destination import parse_destination
from service.access.errors import OutgoingRefusedError

NOTHING = AllowedPlaces()


def test_a_plain_url_leads_where_it_says() -> None:
    place = parse_destination("https://Tracker.Example:8443/hook?x=1#y", allowed=NOTHING)

    assert (place.host, place.port, place.address) == ("tracker.example", 8443, None)
    assert place.origin == "https://tracker.example:8443"


def test_messages_show_no_path() -> None:
    place = parse_destination("https://tracker.example/hook/secret", allowed=NOTHING)

    assert place.origin == "https://tracker.example:443"


def test_a_dot_at_the_end_is_the_same_host() -> None:
    assert parse_destination("https://tracker.example./", allowed=NOTHING).host == "tracker.example"


def test_names_in_chinese_become_ascii() -> None:
    assert parse_destination("https://例子.中国/", allowed=NOTHING).host == "xn--fsqu00a.xn--fiqs8s"


@pytest.mark.parametrize(
    "url",
    [
        # No https, no http.
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com:70/_x",
        "//example.com/",
        "example.com",
        "https:example.com",
        "https:///path",
        "https://",
        "",
        # Users and passwords, also as a disguise of the host.
        "https://user:pass@example.com/",
        "https://user@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:443@127.0.0.1/",
        # Read differently by different programs.
        "https://example.com\\@127.0.0.1/",
        "https:\\\\127.0.0.1\\",
        "https://example.com/a\\b",
        "https://example.com /",
        "https://exam\tple.com/",
        "https://example.com/\r\nHost: 127.0.0.1",
        "https://example.com/\u2028",
        "https://example.com\u200b/",
        # Addresses in spellings that resolvers understand, decimal, octal, hexadecimal, short.
        "https://2130706433/",
        "https://017700000001/",
        "https://0x7f000001/",
        "https://0x7f.0x0.0x0.0x1/",
        "https://0177.0.0.1/",
        "https://127.0.0.01/",
        "https://127.1/",
        "https://127.0.1/",
        "https://127.0.0.1.1/",
        "https://127.0.0.256/",
        "https://example.0x7f/",
        "https://0/",
        # Letters that turn into digits or dots.
        "https://①②⑦.⓪.⓪.①/",
        "https://127。0。0。01/",
        # Escapes and zones.
        "https://%31%32%37.0.0.1/",
        "https://ex%61mple.com/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::1/",
        "https://::1/",
        "https://[127.0.0.1]/",
        "https://[v1.x]/",
        # Names of the network that the server is in.
        "https://localhost/",
        "https://intranet:8443/",
        # Ports that are none.
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:-1/",
        "https://example.com:x/",
        # Names that are none.
        "https://a..example.com/",
        "https://" + "a" * 64 + ".com/",
        "https://exa$mple.com/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    with pytest.raises(OutgoingRefusedError):
        parse_destination(url, allowed=NOTHING)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://127.0.0.1/", "127.0.0.1"),
        (
            "https://１２７.0.0.1/",
            "127.0.0.1",
        ),  # wide digits: if read at all, then as what they are
        ("https://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"),
        ("https://127.0.0.1#@example.com/", "127.0.0.1"),
        ("https://127.0.0.1?@example.com/", "127.0.0.1"),
        ("https://[::1]:8443/", "::1"),
        ("https://[0:0:0:0:0:0:0:1]/", "::1"),
    ],
)
def test_addresses_are_read_as_addresses_or_not_at_all(url: str, address: str) -> None:
    try:
        place = parse_destination(url, allowed=NOTHING)
    except OutgoingRefusedError:
        return
    assert place.address == ipaddress.ip_address(address)


def test_short_names_can_be_opened() -> None:
    allowed = parse_allowed(["tracker", "wiki:8443"])

    assert parse_destination("http://tracker:1234/", allowed=allowed).host_allowed
    assert parse_destination("https://wiki:8443/", allowed=allowed).host_allowed
    with pytest.raises(OutgoingRefusedError):
        parse_destination("https://wiki/", allowed=allowed)
