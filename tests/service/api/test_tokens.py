"""Tokens of a real issuer on this machine, through the whole API."""

from collections.abc import Iterator
from dataclasses import replace

import jwt
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from service.access.addresses import parse_allowed
from service.access.oidc import OidcSettings
from service.server_settings import ServerSettings
from tests.service.access.issuer import (
    AUDIENCE,
    Issuer,
    PrivateKey,
    encode_part,
    make_rsa_key,
    public_jwk,
)
from tests.service.access.local_server import serving
from tests.service.api.conftest import TestClock

FIRST, SECOND = make_rsa_key(), make_rsa_key()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    issuer.keys = [public_jwk(FIRST, kid="first", use="sig")]
    with serving(issuer.server):
        yield issuer


@pytest.fixture
def server_settings(server_settings: ServerSettings, issuer: Issuer) -> ServerSettings:
    """Return settings of a service that takes the issuer's tokens."""
    oidc = OidcSettings(issuer=issuer.url, audience=AUDIENCE, units_claim=("units",))
    return replace(server_settings, oidc=oidc, outgoing=parse_allowed(["127.0.0.1"]))


def make_token(
    issuer: Issuer, clock: TestClock, *, key: PrivateKey = FIRST, kid: str = "first", **more: object
) -> str:
    now_s = clock.now.timestamp()
    claims: dict[str, object] = {
        "iss": issuer.url, "aud": AUDIENCE, "sub": "li", "iat": now_s, "exp": now_s + 600,
        "roles": ["skypatrol-operator"], "units": ["west"],
    }  # fmt: skip
    return jwt.encode(claims | more, key, algorithm="RS256", headers={"kid": kid})


def ask(client: TestClient, token: str, path: str = "/v1/flights") -> Response:
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def test_roles_and_units_come_from_the_token(
    client: TestClient, issuer: Issuer, clock: TestClock
) -> None:
    headers = {"Authorization": f"Bearer {make_token(issuer, clock)}"}

    flight = client.post("/v1/flights", json={"name": "x"}, headers=headers)
    other = client.post("/v1/flights", json={"name": "x", "unit": "north"}, headers=headers)

    assert (flight.status_code, flight.json()["unit"]) == (201, "west")
    assert flight.json()["created_by"] == "oidc:li"
    assert other.status_code == 403
    assert ask(client, make_token(issuer, clock), "/v1/keys").status_code == 403
    north = make_token(issuer, clock, units=["north"])
    assert ask(client, north).json()["flights"] == []
    assert ask(client, north, flight.headers["Location"]).status_code == 404
    nowhere = make_token(issuer, clock, units=None)
    assert ask(client, nowhere).json()["flights"] == []
    nobody = make_token(issuer, clock, roles=["admin", "operator"])  # the issuer's own words
    assert ask(client, nobody).status_code == 403


def test_tokens_that_are_not_for_us_or_not_for_now_do_not_open(
    client: TestClient, issuer: Issuer, clock: TestClock
) -> None:
    now_s = clock.now.timestamp()
    body = make_token(issuer, clock).split(".")[1]
    none = f"{encode_part({'alg': 'none', 'kid': 'first'})}.{body}."
    wrong = {
        "expired": make_token(issuer, clock, exp=now_s - 61),
        "not yet": make_token(issuer, clock, nbf=now_s + 120),
        "another audience": make_token(issuer, clock, aud="wiki"),
        "another issuer": make_token(issuer, clock, iss="https://login.elsewhere.example"),
        "no signature": none,
        "another key": make_token(issuer, clock, key=SECOND),
    }
    for what, token in wrong.items():
        answer = ask(client, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated"), what
        assert answer.json()["detail"] == "the credential is missing or not valid", what
    assert ask(client, make_token(issuer, clock)).status_code == 200


def test_a_token_ends_while_its_bearer_works(
    client: TestClient, issuer: Issuer, clock: TestClock
) -> None:
    token = make_token(issuer, clock)
    assert ask(client, token).status_code == 200
    clock.advance(minutes=12)
    assert ask(client, token).status_code == 401


def test_an_issuer_that_is_down_is_no_fault_of_the_caller(
    client: TestClient, issuer: Issuer, clock: TestClock
) -> None:
    issuer.is_down = True
    token = make_token(issuer, clock)

    answer = ask(client, token)

    assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert issuer.url not in answer.text
    issuer.is_down = False
    clock.advance(seconds=31)
    assert ask(client, token).status_code == 200


def test_while_the_issuer_is_down_known_keys_go_on(
    client: TestClient, issuer: Issuer, clock: TestClock
) -> None:
    assert ask(client, make_token(issuer, clock)).status_code == 200
    issuer.is_down = True
    clock.advance(hours=2)
    assert ask(client, make_token(issuer, clock)).status_code == 200


def test_the_issuer_changes_its_keys(client: TestClient, issuer: Issuer, clock: TestClock) -> None:
    old = make_token(issuer, clock, exp=clock.now.timestamp() + 90_000)
    assert ask(client, old).status_code == 200
    clock.advance(minutes=1)
    issuer.keys.append(public_jwk(SECOND, kid="second", use="sig"))
    new = make_token(issuer, clock, key=SECOND, kid="second")
    assert [ask(client, old).status_code, ask(client, new).status_code] == [200, 200]

    del issuer.keys[0]
    clock.advance(hours=1)
    new = make_token(issuer, clock, key=SECOND, kid="second")
    assert [ask(client, old).status_code, ask(client, new).status_code] == [401, 200]
