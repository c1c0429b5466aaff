from datetime import UTC, datetime

import pytest

from service.access.authenticate import authenticate, read_bearer
from service.access.errors import NotAuthenticatedError
from service.access.keys import mint_key
from service.access.roles import Caller, Role

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
MINTED = mint_key(name="laptop", roles=[Role.OPERATOR], units=None, now=NOW)
PERSON = Caller(id="oidc:li", name="Li", roles=frozenset({Role.REVIEWER}), units=None)


def verify_token(token: str, now: datetime) -> Caller:
    if token != "a.b.c" or now != NOW:
        raise NotAuthenticatedError("wrong token")
    return PERSON


def test_a_key_and_a_token_come_the_same_way() -> None:
    find_key = {MINTED.key.id: MINTED.key}.get
    by_key = authenticate(
        f"Bearer {MINTED.text.reveal()}", find_key=find_key, verify_token=verify_token, now=NOW
    )
    by_token = authenticate("bearer  a.b.c ", find_key=find_key, verify_token=verify_token, now=NOW)

    assert by_key.name == "laptop"
    assert by_token == PERSON


def test_without_an_issuer_tokens_open_nothing() -> None:
    with pytest.raises(NotAuthenticatedError):
        authenticate("Bearer a.b.c", find_key=lambda _: None, verify_token=None, now=NOW)


def test_a_wrong_key_is_never_tried_as_a_token() -> None:
    def fail(token: str, now: datetime) -> Caller:
        raise AssertionError("asked the issuer about a key")

    with pytest.raises(NotAuthenticatedError):
        authenticate("Bearer sp_1_2", find_key=lambda _: None, verify_token=fail, now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "a.b.c",
        "Bearer a b",
        "Bearer a\tb",
        "Bearer é",
        "Bearer " + "a" * 20_000,
    ],
)
def test_other_headers_are_no_credential(header: str | None) -> None:
    with pytest.raises(NotAuthenticatedError):
        read_bearer(header)
