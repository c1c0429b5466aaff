"""Routes of API keys: who has one, new ones, successors, ends.

Every change is a line of the access log. A key's text is in the answer that makes it and nowhere
else.
"""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from service.access.keys import is_live
from service.access.keys_change import close_key, create_key, succeed_key
from service.access.roles import Caller, Permission, Role, covers, require_grant
from service.api.caller import needs
from service.api.flight_models import UnitName
from service.api.parts import Clock, DeploymentPart
from service.api.problem_answers import problems
from service.api.problems import INVALID, ProblemError
from service.errors import UnknownRecordError
from service.store.engine import reading, writing
from service.store.keys import ApiKey, list_keys, read_key

_LONGEST_LIFE_DAYS = 3650
_EXAMPLE_ID = "3f9a1c5d7e2b4a60"

router = APIRouter(prefix="/v1/keys", tags=["keys"])

KeyId = Annotated[
    str, Path(pattern="^[0-9a-f]{16}$", description="The id of a key.", examples=[_EXAMPLE_ID])
]
LifetimeDays = Annotated[
    int | None,
    Field(ge=1, le=_LONGEST_LIFE_DAYS, description="Absent: the key does not expire."),
]


class KeyFacts(BaseModel):
    """What is known of a key; its secret is not kept."""

    id: str
    name: str
    roles: list[Role]
    units: list[str] | None = Field(description="Null: all units.")
    live: bool = Field(description="Whether it opens anything now.")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="Within a minute.")


class KeyList(BaseModel):
    """Keys, the oldest first."""

    keys: list[KeyFacts]


class NewKey(BaseModel):
    """What a key is to open."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"name": "field laptop 7", "roles": ["operator"], "expires_in_days": 365}
        },
    )

    name: str = Field(min_length=1, max_length=200)
    roles: list[Role] = Field(min_length=1, max_length=10)
    units: list[UnitName] | None = Field(
        default=None, min_length=1, max_length=1000, description="Absent: all units."
    )
    expires_in_days: LifetimeDays = None


class Succession(BaseModel):
    """For how long the second key of a name is to open."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"expires_in_days": 365}}
    )

    expires_in_days: LifetimeDays = None


class CreatedKey(BaseModel):
    """A new key, shown this once."""

    key: str = Field(description="To be sent as `Authorization: Bearer ...`.")
    facts: KeyFacts


@router.get("")
def list_all(
    caller: Annotated[Caller, needs(Permission.READ_KEYS)],
    deployment: DeploymentPart,
    now: Clock,
    name: Annotated[str | None, Query(max_length=200, description="Only keys of this.")] = None,
) -> KeyList:
    """Return the keys, dead ones too; a caller of some units sees those that open no other."""
    with reading(deployment.engine) as session:
        found = list_keys(session, name=name)
    seen = [key for key in found if covers(caller, units=key.units)]
    return KeyList(keys=[_facts(key, now=now) for key in seen])


@router.post("", status_code=201)
def create(
    caller: Annotated[Caller, needs(Permission.WRITE_KEYS)],
    deployment: DeploymentPart,
    now: Clock,
    response: Response,
    wanted: NewKey,
) -> CreatedKey:
    """Make a key and show it, this once."""
    require_grant(caller, units=wanted.units)
    try:
        with writing(deployment.engine) as session:
            minted = create_key(
                session,
                name=wanted.name,
                roles=wanted.roles,
                units=wanted.units,
                lifetime=_lifetime(wanted.expires_in_days),
                who=caller.id,
                now=now,
            )
    except ValueError as error:
        raise ProblemError(INVALID, str(error)) from error
    response.headers["Location"] = f"/v1/keys/{minted.key.id}"
    return CreatedKey(key=minted.text.reveal(), facts=_facts(minted.key, now=now))


@router.get("/{key_id}", responses=problems(404))
def read(
    caller: Annotated[Caller, needs(Permission.READ_KEYS)],
    deployment: DeploymentPart,
    now: Clock,
    key_id: KeyId,
) -> KeyFacts:
    """Return what is known of a key."""
    with reading(deployment.engine) as session:
        return _facts(_find(session, key_id, caller=caller), now=now)


@router.post("/{key_id}/successor", status_code=201, responses=problems(404, 409))
def succeed(
    caller: Annotated[Caller, needs(Permission.WRITE_KEYS)],
    deployment: DeploymentPart,
    now: Clock,
    response: Response,
    key_id: KeyId,
    wanted: Succession | None = None,
) -> CreatedKey:
    """Make a second key with the same name and rights: change over to it, then revoke the first.

    Two keys of a name may be live at once, no more.
    """
    days = None if wanted is None else wanted.expires_in_days
    with writing(deployment.engine) as session:
        old = _find(session, key_id, caller=caller)
        require_grant(caller, units=old.units)
        minted = succeed_key(session, key_id, lifetime=_lifetime(days), who=caller.id, now=now)
    response.headers["Location"] = f"/v1/keys/{minted.key.id}"
    return CreatedKey(key=minted.text.reveal(), facts=_facts(minted.key, now=now))


@router.delete("/{key_id}", responses=problems(404))
def revoke(
    caller: Annotated[Caller, needs(Permission.WRITE_KEYS)],
    deployment: DeploymentPart,
    now: Clock,
    key_id: KeyId,
) -> KeyFacts:
    """Close a key for good; again, nothing changes."""
    with writing(deployment.engine) as session:
        old = _find(session, key_id, caller=caller)
        require_grant(caller, units=old.units)
        revoked = close_key(session, key_id, who=caller.id, now=now)
    return _facts(revoked, now=now)


def _find(session: Session, key_id: str, *, caller: Caller) -> ApiKey:
    """Return a key that the caller may know of; of others not even that they are there."""
    key = read_key(session, key_id)
    if key is None or not covers(caller, units=key.units):
        raise UnknownRecordError(f"there is no key {key_id}")
    return key


def _lifetime(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def _facts(key: ApiKey, *, now: datetime) -> KeyFacts:
    return KeyFacts(
        id=key.id,
        name=key.name,
        roles=[Role(role) for role in key.roles],
        units=None if key.units is None else list(key.units),
        live=is_live(key, now=now),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )
