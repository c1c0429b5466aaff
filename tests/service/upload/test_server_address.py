"""A key goes to the address that a person meant, encrypted, or nowhere."""

import pytest

from service.errors import CannotStartError
from service.upload.server_address import is_this_machine, parse_server_address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://skypatrol.example", "https://skypatrol.example"),
        ("https://skypatrol.example/", "https://skypatrol.example"),
        ("https://skypatrol.example:8443/city/", "https://skypatrol.example:8443/city"),
        (" skypatrol.example ", "https://skypatrol.example"),
        ("http://127.0.0.1:8010", "http://127.0.0.1:8010"),
        ("http://localhost:8010", "http://localhost:8010"),
        ("http://[::1]:8010", "http://[::1]:8010"),
    ],
)
def test_addresses_are_taken_as_written(written: str, address: str) -> None:
    assert parse_server_address(written) == address


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("http://skypatrol.example", "sends the key in clear"),
        ("http://192.168.1.5:8010", "sends the key in clear"),
        ("http://localhost.example", "sends the key in clear"),
        ("ftp://skypatrol.example", "no address"),
        ("https://", "no address"),
        ("", "no address"),
        ("https://sky patrol.example", "no address"),
        ("https://skypatrol.example:port", "no address"),
        ("https://[::1", "no address"),
        ("https://me:secret@skypatrol.example", "user or password"),
        ("https://skypatrol.example/?key=1", "behind ?"),
    ],
)
def test_others_are_refused(written: str, complaint: str) -> None:
    with pytest.raises(CannotStartError, match=complaint.replace("?", r"\?")) as refused:
        parse_server_address(written)
    assert "secret" not in str(refused.value)


def test_http_to_others_is_a_choice() -> None:
    assert parse_server_address("http://10.0.0.5", allow_http=True) == "http://10.0.0.5"


def test_only_loopback_is_this_machine() -> None:
    assert is_this_machine("127.8.0.1")
    assert not is_this_machine("10.0.0.1")
    assert not is_this_machine("127.0.0.1.example")
