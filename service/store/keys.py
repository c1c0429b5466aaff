"""API keys: who may come in. Of a secret only its hash is here."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from service.errors import UnknownRecordError
from service.store.json_text import to_json
from service.store.tables import ApiKeyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept.

    Attributes:
        name: Whose it is; during a change of keys two have the same.
        roles: See `service.access`.
        units: Responsible units whose data it opens; None for all.
        expires_at: None: never.
    """

    id: str
    name: str
    secret_sha256: str
    roles: tuple[str, ...]
    units: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


def add_key(session: Session, key: ApiKey) -> None:
    """Keep a new key.

    Raises:
        sqlalchemy.exc.IntegrityError: There is one with this id.
    """
    session.add(
        ApiKeyRow(
            id=key.id,
            name=key.name,
            secret_sha256=key.secret_sha256,
            roles_json=to_json(list(key.roles)),
            units_json=None if key.units is None else to_json(list(key.units)),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )
    )
    session.flush()


def lock_keys(session: Session) -> None:
    """Let nobody else add or change a key until the transaction ends.

    For what depends on which keys there are: two that look at the same time must not both decide.
    """
    if session.get_bind().dialect.name == "postgresql":  # on SQLite there is one writer anyway
        session.execute(text("LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE"))


def add_first_key(session: Session, key: ApiKey) -> bool:
    """Keep a key unless there is or ever was one; return whether it was kept."""
    lock_keys(session)
    if session.scalar(select(ApiKeyRow.id).limit(1)) is not None:
        return False
    add_key(session, key)
    return True


def read_key(session: Session, key_id: str) -> ApiKey | None:
    """Return a key, also an expired or revoked one, or None where there is none."""
    row = session.get(ApiKeyRow, key_id, populate_existing=True)
    return None if row is None else _key(row)


def list_keys(session: Session, *, name: str | None = None) -> list[ApiKey]:
    """Return all keys, or those of one name, the oldest first."""
    statement = select(ApiKeyRow).order_by(ApiKeyRow.created_at, ApiKeyRow.id)
    if name is not None:
        statement = statement.where(ApiKeyRow.name == name)
    return [_key(row) for row in session.scalars(statement)]


def revoke_key(session: Session, key_id: str, *, now: datetime) -> ApiKey:
    """Close a key for good and return it; the time of the first revocation stays.

    Raises:
        UnknownRecordError: There is no such key.
    """
    row = session.get(ApiKeyRow, key_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownRecordError(f"there is no key {key_id}")
    row.revoked_at = row.revoked_at or now
    session.flush()
    return _key(row)


def note_key_used(session: Session, key_id: str, *, now: datetime) -> None:
    """Keep when a key was last used; call it once a minute, not at each request."""
    session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.id == key_id)
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        secret_sha256=row.secret_sha256,
        roles=tuple(json.loads(row.roles_json)),
        units=None if row.units_json is None else tuple(json.loads(row.units_json)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
