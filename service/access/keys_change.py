"""Changes of API keys in a transaction of the store, each with its line in the access log."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from service.access.keys import MintedKey, mint_key, mint_successor
from service.access.roles import Role
from service.errors import UnknownRecordError
from service.store.access_log import Access, log_access
from service.store.keys import ApiKey, add_key, list_keys, lock_keys, read_key, revoke_key


def create_key(
    session: Session,
    *,
    name: str,
    roles: Collection[Role],
    units: Collection[str] | None,
    lifetime: timedelta | None,
    who: str,
    now: datetime,
) -> MintedKey:
    """Keep a new key and return it.

    Raises:
        ValueError: The key could not open anything, or its name is none.
    """
    minted = mint_key(name=name, roles=roles, units=units, now=now, lifetime=lifetime)
    _add(session, minted, who=who, now=now)
    return minted


def succeed_key(
    session: Session, key_id: str, *, lifetime: timedelta | None, who: str, now: datetime
) -> MintedKey:
    """Keep a second key with the same name and rights, and return it.

    Raises:
        UnknownRecordError: There is no such key.
        ConflictError: Two of them are live already, or none is.
    """
    lock_keys(session)
    old = read_key(session, key_id)
    if old is None:
        raise UnknownRecordError(f"there is no key {key_id}")
    # Of those with other rights one name says nothing: they may be somebody else's.
    same = [
        key
        for key in list_keys(session, name=old.name)
        if (key.roles, key.units) == (old.roles, old.units)
    ]
    minted = mint_successor(same, now=now, lifetime=lifetime)
    _add(session, minted, who=who, now=now, detail=f"successor of {key_id}")
    return minted


def close_key(session: Session, key_id: str, *, who: str, now: datetime) -> ApiKey:
    """Close a key for good and return it; again, nothing changes.

    Raises:
        UnknownRecordError: There is no such key.
    """
    old = read_key(session, key_id)
    closed = revoke_key(session, key_id, now=now)
    if old is not None and old.revoked_at is None:
        log_access(session, Access(at=now, who=who, action="revoke_key", object=f"key/{key_id}"))
    return closed


def _add(
    session: Session, minted: MintedKey, *, who: str, now: datetime, detail: str | None = None
) -> None:
    add_key(session, minted.key)
    object_ = f"key/{minted.key.id}"
    log_access(session, Access(at=now, who=who, action="create_key", object=object_, detail=detail))
