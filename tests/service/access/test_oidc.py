import base64
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from service.access.addresses import parse_allowed
from service.access.errors import IssuerUnavailableError, NotAuthenticatedError
from service.access.issuer_keys import KeyLimits
from service.access.oidc import OidcSettings, OidcVerifier
from service.access.outgoing import OutgoingRules, fetch_body
from service.access.roles import Caller, Role
from tests.service.access.issuer import (
    AUDIENCE,
    Issuer,
    PrivateKey,
    encode_part,
    make_rsa_key,
    public_jwk,
    public_pem,
    sign_with_secret,
)
from tests.service.access.local_server import serving

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
NOW_S = NOW.timestamp()
RULES = OutgoingRules(allowed=parse_allowed(["127.0.0.1"]), max_bytes=100_000)
# Making keys is slow: two do for all tests.
FIRST, SECOND = make_rsa_key(), make_rsa_key()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    issuer.keys = [public_jwk(FIRST, kid="first", use="sig", alg="RS256")]
    with serving(issuer.server):
        yield issuer


def make_verifier(
    issuer: Issuer, *, limits: KeyLimits | None = None, **changes: object
) -> OidcVerifier:
    settings: dict[str, object] = {"issuer": issuer.url, "audience": AUDIENCE}
    return OidcVerifier(
        OidcSettings(**(settings | changes)),  # type: ignore[arg-type]
        fetch_body=partial(fetch_body, rules=RULES),
        limits=limits,
    )


def make_claims(issuer: Issuer, **changes: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": issuer.url,
        "aud": AUDIENCE,
        "sub": "li",
        "iat": NOW_S - 60,
        "exp": NOW_S + 600,
        "roles": ["skypatrol-reviewer", "something-else"],
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def make_token(
    issuer: Issuer,
    *,
    key: PrivateKey = FIRST,
    kid: str | None = "first",
    algorithm: str = "RS256",
    header: dict[str, object] | None = None,
    **claims: object,
) -> str:
    headers: dict[str, object] = {} if kid is None else {"kid": kid}
    return jwt.encode(
        make_claims(issuer, **claims), key, algorithm=algorithm, headers=headers | (header or {})
    )


def refuse(verifier: OidcVerifier, token: str, *, now: datetime = NOW) -> str:
    """Return the reason, for the log, why a token is refused."""
    with pytest.raises(NotAuthenticatedError) as caught:
        verifier.verify(token, now)
    assert str(caught.value) == "the credential is missing or not valid"
    return caught.value.reason


# Who is let in


def test_a_token_of_the_issuer_lets_in(issuer: Issuer) -> None:
    caller = make_verifier(issuer).verify(make_token(issuer), NOW)

    assert caller == Caller(id="oidc:li", name="li", roles=frozenset({Role.REVIEWER}), units=None)


def test_names_for_people_are_made_fit_for_a_line(issuer: Issuer) -> None:
    token = make_token(issuer, preferred_username="Li\nadmin logged in")

    assert make_verifier(issuer).verify(token, NOW).name == "Liadmin logged in"


def test_several_audiences_are_enough_if_we_are_one(issuer: Issuer) -> None:
    assert make_verifier(issuer).verify(make_token(issuer, aud=["wiki", AUDIENCE]), NOW)


def test_elliptic_keys_work_too(issuer: Issuer) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer.keys = [public_jwk(key, kid="curve")]

    token = make_token(issuer, key=key, kid="curve", algorithm="ES256")

    assert make_verifier(issuer).verify(token, NOW)


def test_roles_may_lie_deeper_and_have_other_names(issuer: Issuer) -> None:
    verifier = make_verifier(
        issuer,
        roles_claim=("realm_access", "roles"),
        role_names={"pilot": Role.OPERATOR},
        units_claim=("units",),
    )
    token = make_token(issuer, realm_access={"roles": ["pilot"]}, units=["north", "south"])

    caller = verifier.verify(token, NOW)

    assert caller.roles == frozenset({Role.OPERATOR})
    assert caller.units == frozenset({"north", "south"})


def test_roles_may_be_words_in_a_text(issuer: Issuer) -> None:
    token = make_token(issuer, roles="skypatrol-auditor skypatrol-tracker")

    caller = make_verifier(issuer).verify(token, NOW)

    assert caller.roles == frozenset({Role.AUDITOR, Role.TRACKER})


def test_plain_admin_at_the_issuer_is_no_admin_here(issuer: Issuer) -> None:
    caller = make_verifier(issuer).verify(make_token(issuer, roles=["admin"]), NOW)

    assert caller.roles == frozenset()


@pytest.mark.parametrize("roles", [None, 5, {"skypatrol-admin": 1}, [["skypatrol-admin"]], [None]])
def test_roles_in_another_shape_are_none(issuer: Issuer, roles: object) -> None:
    assert make_verifier(issuer).verify(make_token(issuer, roles=roles), NOW).roles == frozenset()


def test_where_units_are_asked_for_a_token_without_opens_nothing(issuer: Issuer) -> None:
    verifier = make_verifier(issuer, units_claim=("units",))

    assert verifier.verify(make_token(issuer), NOW).units == frozenset()


# Forgeries


def test_a_token_without_signature_is_refused(issuer: Issuer) -> None:
    claims = encode_part(make_claims(issuer))
    verifier = make_verifier(issuer)

    for algorithm in ("none", "None", "NONE", "nOnE"):
        header = encode_part({"alg": algorithm, "typ": "JWT", "kid": "first"})
        assert "algorithm" in refuse(verifier, f"{header}.{claims}.")
    # The right algorithm, and nothing signed.
    header = encode_part({"alg": "RS256", "typ": "JWT", "kid": "first"})
    refuse(verifier, f"{header}.{claims}.")


def test_the_public_key_as_shared_secret_is_refused(issuer: Issuer) -> None:
    verifier = make_verifier(issuer)
    jwk_text = json.dumps(issuer.keys[0]).encode()

    for secret in (public_pem(FIRST), public_pem(FIRST).strip(), jwk_text, b""):
        token = sign_with_secret(
            {"alg": "HS256", "typ": "JWT", "kid": "first"}, make_claims(issuer), secret
        )
        assert "algorithm" in refuse(verifier, token)
    # The same with the right name of the wrong algorithm.
    token = sign_with_secret({"alg": "RS256", "kid": "first"}, make_claims(issuer), b"")
    refuse(verifier, token)


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS1", ""])
def test_settings_take_no_algorithm_that_lets_forgers_in(algorithm: str) -> None:
    with pytest.raises(ValueError, match="algorithms"):
        OidcSettings(issuer="https://i", audience="a", algorithms=("RS256", algorithm))


def test_an_algorithm_that_was_not_agreed_is_refused(issuer: Issuer) -> None:
    issuer.keys = [public_jwk(FIRST, kid="first")]

    assert "algorithm" in refuse(make_verifier(issuer), make_token(issuer, algorithm="RS512"))


def test_another_key_under_a_known_name_is_refused(issuer: Issuer) -> None:
    assert "not valid" in refuse(make_verifier(issuer), make_token(issuer, key=SECOND))


def test_changed_claims_are_refused(issuer: Issuer) -> None:
    header, _, signature = make_token(issuer).split(".")
    claims = encode_part(make_claims(issuer, roles=["skypatrol-admin"]))

    refuse(make_verifier(issuer), f"{header}.{claims}.{signature}")


def test_a_key_that_the_token_brings_along_is_not_used(issuer: Issuer) -> None:
    brought = {"jwk": public_jwk(SECOND), "jku": f"{issuer.url}/other", "x5u": f"{issuer.url}/x"}

    refuse(make_verifier(issuer), make_token(issuer, key=SECOND, header=brought))
    assert issuer.asked("/other") == 0


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"typ": "logout+jwt"},
        {"typ": "dpop+jwt"},
    ],
)
def test_tokens_of_another_kind_are_refused(issuer: Issuer, header: dict[str, object]) -> None:
    # Written by hand: the library would not sign some of these.
    token = make_token(issuer)
    changed = encode_part({"alg": "RS256", "kid": "first"} | header)

    reason = refuse(make_verifier(issuer), f"{changed}.{token.split('.', 1)[1]}")

    assert reason in (
        "the token has extensions that nobody here understands",
        "not an access token",
        "not in the form of a token",
    )


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "wiki"}, "not valid"),
        ({"aud": None}, "not valid"),
        ({"aud": []}, "not valid"),
        ({"aud": "skypatrol2"}, "not valid"),
        ({"iss": "https://other.example"}, "not valid"),
        ({"iss": None}, "not valid"),
        ({"sub": None}, "not valid"),
        ({"sub": ""}, "names nobody"),
        ({"sub": "l" * 256}, "names nobody"),
        ({"sub": "li\nroot"}, "control characters"),
        ({"exp": None}, "not valid"),
        ({"exp": "tomorrow"}, "no time"),
        ({"exp": True}, "no time"),
        ({"exp": NOW_S - 61}, "expired"),
        ({"exp": NOW_S - 60}, "expired"),
        ({"nbf": NOW_S + 61}, "not valid yet"),
        ({"nbf": "soon"}, "no time"),
        ({"iat": NOW_S + 61}, "not valid yet"),
        ({"exp": float("inf")}, "no time"),
        ({"exp": float("nan")}, "no time"),
        ({"exp": 10**400}, "no time"),
        ({"exp": -(10**400)}, "no time"),
    ],
)
def test_signed_tokens_that_are_not_for_us_or_not_for_now_are_refused(
    issuer: Issuer, claims: dict[str, object], reason: str
) -> None:
    verifier = make_verifier(issuer)
    # Signed as bytes: the library would not make some of these claims itself.
    token = jwt.api_jws.encode(
        json.dumps(make_claims(issuer, **claims)).encode(),
        FIRST,
        algorithm="RS256",
        headers={"kid": "first"},
    )

    assert reason in refuse(verifier, token)


@pytest.mark.parametrize("claims", [{"exp": NOW_S - 59}, {"nbf": NOW_S + 60}, {"iat": NOW_S + 60}])
def test_clocks_may_differ_by_a_minute(issuer: Issuer, claims: dict[str, object]) -> None:
    assert make_verifier(issuer).verify(make_token(issuer, **claims), NOW)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "....",
        "é.b.c",
        encode_part([]) + ".e30.c2ln",
        encode_part({"alg": ["RS256"]}) + ".e30.c2ln",
        encode_part({"alg": {"RS256": 1}}) + ".e30.c2ln",
        encode_part({"alg": "RS256", "kid": 5}) + ".e30.c2ln",
        encode_part({"alg": "RS256", "kid": "k" * 256}) + ".e30.c2ln",
        encode_part({"alg": "RS256", "kid": "first"}) + ".bm8.c2ln",
        "eyJ" + "a" * 20_000 + ".e30.c2ln",
    ],
)
def test_nonsense_is_refused(issuer: Issuer, token: str) -> None:
    refuse(make_verifier(issuer), token)


def test_json_nested_too_deep_is_refused(issuer: Issuer) -> None:
    # 6,000 levels within 16 kB: more than a careless parser takes.
    deep = base64.urlsafe_b64encode(b"[" * 6000 + b"]" * 6000).rstrip(b"=").decode()

    refuse(make_verifier(issuer), f"{deep[:16_000]}.e30.c2ln")


# Keys that change, fail and flood


def test_a_new_key_is_found_when_the_issuer_begins_to_use_it(issuer: Issuer) -> None:
    verifier = make_verifier(issuer)
    verifier.verify(make_token(issuer), NOW)
    issuer.keys.append(public_jwk(SECOND, kid="second"))
    later = NOW + timedelta(seconds=31)

    assert verifier.verify(make_token(issuer, key=SECOND, kid="second"), later)
    assert verifier.verify(make_token(issuer), later)
    assert issuer.asked("/keys") == 2


def test_a_withdrawn_key_ends_with_the_next_renewal(issuer: Issuer) -> None:
    verifier = make_verifier(issuer)
    verifier.verify(make_token(issuer), NOW)
    issuer.keys = [public_jwk(SECOND, kid="second")]
    later = NOW + timedelta(hours=1)

    refuse(verifier, make_token(issuer, exp=NOW_S + 7200), now=later)


def test_keys_are_fetched_once_for_many_tokens(issuer: Issuer) -> None:
    verifier = make_verifier(issuer)
    for _ in range(20):
        verifier.verify(make_token(issuer), NOW)

    assert issuer.asked("/keys") == 1


def test_a_flood_of_unknown_keys_does_not_flood_the_issuer(issuer: Issuer) -> None:
    verifier = make_verifier(issuer)
    verifier.verify(make_token(issuer), NOW)
    token = make_token(issuer)
    for i in range(200):
        header = encode_part({"alg": "RS256", "kid": f"made up {i}"})
        refuse(verifier, f"{header}.{token.split('.', 1)[1]}", now=NOW + timedelta(seconds=i / 10))

    # 20 seconds: less than the 30 between two attempts.
    assert issuer.asked("/keys") == 1
    assert verifier.verify(token, NOW)


def test_a_flood_from_many_threads_asks_once(issuer: Issuer) -> None:
    verifier = make_verifier(issuer)
    token = make_token(issuer)
    callers: list[Caller] = []
    threads = [
        threading.Thread(target=lambda: callers.append(verifier.verify(token, NOW)))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(callers) == 12
    assert issuer.asked("/keys") == 1


def test_while_the_issuer_is_down_known_keys_go_on_for_a_day(issuer: Issuer) -> None:
    verifier = make_verifier(issuer)
    token = make_token(issuer, exp=NOW_S + 90_000)
    verifier.verify(token, NOW)
    issuer.is_down = True

    assert verifier.verify(token, NOW + timedelta(hours=23))
    with pytest.raises(IssuerUnavailableError):
        verifier.verify(token, NOW + timedelta(hours=24, seconds=1))


def test_an_issuer_that_starts_later_is_found_later(issuer: Issuer) -> None:
    issuer.is_down = True
    verifier = make_verifier(issuer)
    for _ in range(5):
        with pytest.raises(IssuerUnavailableError):
            verifier.verify(make_token(issuer), NOW)
    # One attempt, not five.
    assert issuer.asked("/.well-known/openid-configuration") == 1
    issuer.is_down = False

    assert verifier.verify(make_token(issuer), NOW + timedelta(seconds=30))


def test_a_clock_set_back_does_not_keep_old_keys_for_ever(issuer: Issuer) -> None:
    verifier = make_verifier(issuer)
    verifier.verify(make_token(issuer), NOW)
    earlier = NOW - timedelta(days=400)
    times = {"iat": earlier.timestamp(), "exp": earlier.timestamp() + 60}

    assert verifier.verify(make_token(issuer, **times), earlier)
    assert issuer.asked("/keys") == 2


@pytest.mark.parametrize(
    "break_it",
    [
        lambda issuer: issuer.changes.update(issuer="https://other.example"),
        lambda issuer: issuer.changes.update(issuer=issuer.url + "/"),
        lambda issuer: issuer.changes.update(jwks_uri=None),
        lambda issuer: issuer.changes.update(jwks_uri="http://127.0.0.2:9/keys"),
        lambda issuer: issuer.changes.update(jwks_uri="file:///etc/passwd"),
        lambda issuer: issuer.changes.update(jwks_uri="http://169.254.169.254/keys"),
        lambda issuer: issuer.bodies.update({"/keys": b"[]"}),
        lambda issuer: issuer.bodies.update({"/keys": b'{"keys": {}}'}),
        lambda issuer: issuer.bodies.update({"/keys": b"\xff"}),
        lambda issuer: issuer.bodies.update({"/keys": b"[" * 90_000}),
        lambda issuer: issuer.bodies.update({"/keys": b" " * 100_001}),
        lambda issuer: issuer.keys.extend([issuer.keys[0]] * 64),
    ],
)
def test_documents_that_are_not_what_they_should_be_give_no_keys(
    issuer: Issuer, break_it: Callable[[Issuer], None]
) -> None:
    break_it(issuer)

    with pytest.raises(IssuerUnavailableError):
        make_verifier(issuer).verify(make_token(issuer), NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"use": "enc"},
        {"alg": "RS512"},
        {"key_ops": ["encrypt"]},
        {"key_ops": "verify"},
        {"kty": "EC"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"n": "AQAB"},
        {"n": None},
        {"n": "not base64 !"},
    ],
)
def test_keys_for_something_else_are_not_used(issuer: Issuer, fields: dict[str, object]) -> None:
    issuer.keys[0] |= fields

    refuse(make_verifier(issuer), make_token(issuer))


def test_damaged_keys_beside_good_ones_do_no_harm(issuer: Issuer) -> None:
    issuer.keys = [{}, {"kty": "RSA"}, {"kid": 5}, *issuer.keys]

    assert make_verifier(issuer).verify(make_token(issuer), NOW)


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_weak_keys_are_not_used(issuer: Issuer) -> None:
    weak = make_rsa_key(1024)
    issuer.keys = [public_jwk(weak, kid="weak")]

    refuse(make_verifier(issuer), make_token(issuer, key=weak, kid="weak"))


def test_without_a_key_id_there_must_be_no_choice(issuer: Issuer) -> None:
    assert make_verifier(issuer).verify(make_token(issuer, kid=None), NOW)
    issuer.keys.append(public_jwk(SECOND, kid="second"))

    refuse(make_verifier(issuer), make_token(issuer, kid=None))


@pytest.mark.parametrize(
    "wrong", [{"issuer": ""}, {"audience": ""}, {"leeway_s": -1.0}, {"leeway_s": 301.0}]
)
def test_settings_that_let_anybody_in_are_refused(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"issuer": "https://i", "audience": "a"}

    with pytest.raises(ValueError, match=r"issuer|leeway"):
        OidcSettings(**(right | wrong))  # type: ignore[arg-type]
