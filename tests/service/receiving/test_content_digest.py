"""Content-Digest, with the examples of RFC 9530 and what is none."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.receiving.content_digest import format_content_digest, parse_content_digest
from service.receiving.errors import BadDigestError

# RFC 9530, appendix B.1: {"hello": "world"} and a line feed.
HELLO = b'{"hello": "world"}\n'
SHA256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
SHA512 = (
    "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCs"
    "yRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"
)


def test_the_rfcs_examples_are_read() -> None:
    assert parse_content_digest(f"{SHA256},\t{SHA512}") == {
        "sha256": hashlib.sha256(HELLO).digest(),
        "sha512": hashlib.sha512(HELLO).digest(),
    }


def test_unknown_and_unsafe_algorithms_are_passed_over() -> None:
    assert parse_content_digest("md5=:AAAA:, sha=:AAAA:, new-1=:AA==:") == {}


def test_missing_padding_and_parameters_do_not_matter() -> None:
    bare = SHA256.replace("=:", ":", 2).replace("sha-256:", "sha-256=:")
    assert parse_content_digest(bare + ";q=1") == parse_content_digest(SHA256)


@pytest.mark.parametrize(
    "field",
    [
        "",
        "sha-256",
        "sha-256=abc",
        "sha-256=:!!:",
        "sha-256=:AAAA:",
        "SHA-256" + SHA256[7:],
        SHA256 + ",",
        "sha-256=:A:",
        SHA256 + ", " + "x" * 2000,
    ],
)
def test_what_is_none_is_told(field: str) -> None:
    with pytest.raises(BadDigestError):
        parse_content_digest(field)


@given(field=st.text(alphabet="sha-256512=:, \tAB/+;é\0", max_size=80))
def test_any_field_is_read_or_told(field: str) -> None:
    try:
        parse_content_digest(field)
    except BadDigestError:
        return


@given(data=st.binary(max_size=50))
def test_what_we_write_we_read(data: bytes) -> None:
    field = format_content_digest(hashlib.sha256(data).hexdigest())
    assert parse_content_digest(field) == {"sha256": hashlib.sha256(data).digest()}
