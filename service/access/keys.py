"""API keys: made, shown once, checked, changed without downtime.

A key is `sp_<id>_<secret>`. The id says which row to look at; of the secret the store has the
SHA-256 only. A plain hash is enough here: the secret has 256 random bits, so that nobody can try
them out, as with passwords.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.access.errors import NotAuthenticatedError
from service.access.roles import Caller, Role, parse_roles
from service.access.secrets import Secret
from service.errors import ConflictError
from service.store.keys import ApiKey

KEY_PREFIX = "sp_"
_ID_BYTES = 8
_SECRET_BYTES = 32
_KEY_FORM = re.compile(r"sp_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
# What the secret of a key that is not there is compared with: no secret has this hash.
_NOBODYS_SHA256 = "0" * 64
_LIVE_KEYS_OF_A_NAME = 2
_NOTE_USE_EVERY = timedelta(minutes=1)
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedKey:
    """A new key: what the store keeps, and what its holder is shown once."""

    key: ApiKey
    text: Secret


def mint_key(
    *,
    name: str,
    roles: Collection[Role],
    units: Collection[str] | None,
    now: datetime,
    lifetime: timedelta | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> MintedKey:
    """Return a new key.

    It opens the data of `units` (None: of all) and ends after `lifetime` (None: never).

    Raises:
        ValueError: No name, no role, no unit though they are limited, or nothing of a lifetime.
    """
    if not 0 < len(name.strip()) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"a key needs a name of 1 to {_LONGEST_NAME} printable characters")
    if not roles:
        raise ValueError("a key without a role would open nothing")
    if units is not None and not units:
        raise ValueError("a key limited to no unit at all would open nothing")
    if lifetime is not None and lifetime <= timedelta(0):
        raise ValueError("a key must be valid for some time")
    key_id = random_bytes(_ID_BYTES).hex()
    secret = base64.urlsafe_b64encode(random_bytes(_SECRET_BYTES)).rstrip(b"=").decode("ascii")
    key = ApiKey(
        id=key_id,
        name=name.strip(),
        secret_sha256=_hash(secret),
        roles=tuple(sorted(role.value for role in set(roles))),
        units=None if units is None else tuple(sorted(set(units))),
        created_at=now,
        expires_at=None if lifetime is None else now + lifetime,
    )
    return MintedKey(key=key, text=Secret(f"{KEY_PREFIX}{key_id}_{secret}"))


def mint_successor(
    same_name: Sequence[ApiKey],
    *,
    now: datetime,
    lifetime: timedelta | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> MintedKey:
    """Return a second key of a name, with the rights of the first.

    Both open until the first is revoked or expires: its holder changes over meanwhile. `same_name`
    are all keys of the name, also dead ones.

    Raises:
        ConflictError: Two are live already (revoke one before), or none is.
    """
    live = [key for key in same_name if is_live(key, now=now)]
    if len({key.name for key in same_name}) > 1:
        raise ValueError("these keys have different names")
    if len(live) >= _LIVE_KEYS_OF_A_NAME:
        raise ConflictError(f"{live[0].name} has two live keys already: revoke the older first")
    if not live:
        raise ConflictError("there is no live key of this name to take over from")
    return mint_key(
        name=live[0].name,
        roles=parse_roles(live[0].roles),
        units=live[0].units,
        now=now,
        lifetime=lifetime,
        random_bytes=random_bytes,
    )


def is_live(key: ApiKey, *, now: datetime) -> bool:
    """Return whether a key opens anything at this time."""
    return key.revoked_at is None and (key.expires_at is None or now < key.expires_at)


def verify_key(text: str, *, find_key: Callable[[str], ApiKey | None], now: datetime) -> Caller:
    """Return who holds this key, whose `text` is as the caller sent it.

    `find_key` returns the key with an id, also a dead one.

    Raises:
        NotAuthenticatedError: No such key, another secret, expired or revoked.
    """
    parts = _KEY_FORM.fullmatch(text)
    if parts is None:
        raise NotAuthenticatedError("not in the form of a key")
    key_id, secret = parts.groups()
    key = find_key(key_id)
    # Compared also where there is no key, so that the time does not tell which ids exist.
    expected = _NOBODYS_SHA256 if key is None else key.secret_sha256
    same = hmac.compare_digest(_hash(secret).encode(), expected.encode())
    if key is None or not same:
        raise NotAuthenticatedError(f"no key {key_id} with this secret")
    if not is_live(key, now=now):
        raise NotAuthenticatedError(f"key {key_id} of {key.name} expired or was revoked")
    return Caller(
        id=f"key:{key.id}",
        name=key.name,
        roles=parse_roles(key.roles),
        units=None if key.units is None else frozenset(key.units),
    )


def should_note_use(key: ApiKey, *, now: datetime) -> bool:
    """Return whether the store should be told of this use: at most once a minute."""
    return key.last_used_at is None or now - key.last_used_at >= _NOTE_USE_EVERY


def looks_like_key(text: str) -> bool:
    """Return whether a credential is meant as a key rather than as a token of an issuer."""
    return text.startswith(KEY_PREFIX)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("ascii")).hexdigest()
