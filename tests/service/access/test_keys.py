import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.access.errors import NotAuthenticatedError
from service.access.keys import (
    MintedKey,
    is_live,
    looks_like_key,
    mint_key,
    mint_successor,
    should_note_use,
    verify_key,
)
from service.access.roles import Role
from service.errors import ConflictError
from service.store.keys import ApiKey

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)


def make_key(
    *,
    name: str = "field laptop",
    units: tuple[str, ...] | None = ("north",),
    lifetime: timedelta | None = timedelta(days=30),
    now: datetime = NOW,
) -> MintedKey:
    return mint_key(name=name, roles=[Role.OPERATOR], units=units, now=now, lifetime=lifetime)


def finder(*keys: ApiKey) -> Callable[[str], ApiKey | None]:
    return {key.id: key for key in keys}.get


def test_a_key_opens_what_it_was_made_for() -> None:
    minted = make_key()

    caller = verify_key(minted.text.reveal(), find_key=finder(minted.key), now=NOW)

    assert caller.id == f"key:{minted.key.id}"
    assert caller.name == "field laptop"
    assert caller.roles == frozenset({Role.OPERATOR})
    assert caller.units == frozenset({"north"})


def test_a_key_without_limit_stays_without() -> None:
    minted = make_key(units=None)

    caller = verify_key(minted.text.reveal(), find_key=finder(minted.key), now=NOW)

    assert caller.units is None


def test_the_store_gets_the_hash_of_the_secret_only() -> None:
    minted = make_key()
    prefix, key_id, secret = minted.text.reveal().split("_", 2)

    assert (prefix, key_id) == ("sp", minted.key.id)
    assert minted.key.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(minted.key)


def test_a_new_key_does_not_print_its_secret() -> None:
    minted = make_key()
    secret = minted.text.reveal().split("_", 2)[2]

    for shown in (repr(minted), str(minted), f"{minted.text}", f"{minted.text!r}", repr([minted])):
        assert secret not in shown


def test_the_random_bytes_are_8_for_the_id_and_32_for_the_secret() -> None:
    minted = mint_key(
        name="n", roles=[Role.ADMIN], units=None, now=NOW, random_bytes=lambda n: bytes([n]) * n
    )

    # 32 bytes of 0x20: base64 of three of them is "ICAg", of the last two "ICA".
    assert minted.text.reveal() == "sp_" + "08" * 8 + "_" + "ICAg" * 10 + "ICA"


def test_keys_differ() -> None:
    assert make_key().text.reveal() != make_key().text.reveal()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text + "\n",
        lambda text: text.upper(),
        lambda text: text.replace("sp_", "sk_"),
        lambda text: "sp_" + "0" * 16 + text[19:],
        lambda text: text[:10] + "é" + text[11:],
        lambda text: text[:19] + "_" + "٣" * 43,
        lambda _: "sp__",
        lambda _: "",
    ],
)
def test_anything_else_is_refused_alike(change: Callable[[str], str]) -> None:
    minted = make_key()

    with pytest.raises(NotAuthenticatedError) as caught:
        verify_key(change(minted.text.reveal()), find_key=finder(minted.key), now=NOW)

    assert str(caught.value) == "the credential is missing or not valid"


def test_a_key_ends_at_its_time_to_the_moment() -> None:
    minted = make_key(lifetime=timedelta(hours=1))
    text, find = minted.text.reveal(), finder(minted.key)

    verify_key(text, find_key=find, now=NOW + timedelta(hours=1) - timedelta(microseconds=1))
    with pytest.raises(NotAuthenticatedError) as caught:
        verify_key(text, find_key=find, now=NOW + timedelta(hours=1))
    assert "expired" in caught.value.reason


def test_a_revoked_key_opens_nothing() -> None:
    minted = make_key()
    revoked = replace(minted.key, revoked_at=NOW)

    with pytest.raises(NotAuthenticatedError):
        verify_key(minted.text.reveal(), find_key=finder(revoked), now=NOW)


def test_a_role_that_nobody_knows_any_more_opens_nothing() -> None:
    minted = make_key()
    old = replace(minted.key, roles=("superuser",))

    caller = verify_key(minted.text.reveal(), find_key=finder(old), now=NOW)

    assert caller.permissions == frozenset()


def test_keys_are_changed_without_a_moment_without() -> None:
    first = make_key()
    second = mint_successor([first.key], now=NOW + timedelta(days=20), lifetime=timedelta(days=30))
    find = finder(first.key, second.key)
    meanwhile, later = NOW + timedelta(days=25), NOW + timedelta(days=31)

    for minted in (first, second):
        caller = verify_key(minted.text.reveal(), find_key=find, now=meanwhile)
        assert (caller.name, caller.units) == ("field laptop", frozenset({"north"}))
    assert verify_key(second.text.reveal(), find_key=find, now=later)
    with pytest.raises(NotAuthenticatedError):
        verify_key(first.text.reveal(), find_key=find, now=later)


def test_a_name_has_two_live_keys_at_most() -> None:
    first = make_key()
    second = mint_successor([first.key], now=NOW)

    with pytest.raises(ConflictError, match="two live keys"):
        mint_successor([first.key, second.key], now=NOW)
    revoked = replace(first.key, revoked_at=NOW)
    assert mint_successor([revoked, second.key], now=NOW).key.name == "field laptop"


def test_a_dead_key_has_no_successor() -> None:
    first = make_key(lifetime=timedelta(hours=1))

    with pytest.raises(ConflictError, match="no live key"):
        mint_successor([first.key], now=NOW + timedelta(hours=2))


def test_keys_of_two_names_are_not_mixed_up() -> None:
    with pytest.raises(ValueError, match="different names"):
        mint_successor([make_key().key, make_key(name="other").key], now=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": " "},
        {"name": "a\nb"},
        {"name": "n" * 201},
        {"roles": []},
        {"units": []},
        {"lifetime": timedelta(0)},
    ],
)
def test_keys_that_would_be_no_use_are_not_made(wrong: dict[str, object]) -> None:
    right: dict[str, object] = {"name": "n", "roles": [Role.ADMIN], "units": None, "now": NOW}

    with pytest.raises(ValueError, match="a key"):
        mint_key(**(right | wrong))  # type: ignore[arg-type]


def test_a_use_is_noted_once_a_minute() -> None:
    key = make_key().key

    assert should_note_use(key, now=NOW)
    used = replace(key, last_used_at=NOW)
    assert not should_note_use(used, now=NOW + timedelta(seconds=59))
    assert should_note_use(used, now=NOW + timedelta(seconds=60))


def test_a_key_without_end_stays_live() -> None:
    assert is_live(make_key(lifetime=None).key, now=NOW + timedelta(days=36500))


def test_keys_and_tokens_are_told_apart() -> None:
    assert looks_like_key(make_key().text.reveal())
    assert not looks_like_key("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
