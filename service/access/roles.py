"""Who may do what: one table of roles, and callers that are limited to units.

What belongs to nobody in particular (no unit: the whole city's) is open to callers without a
limit only.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.access.errors import NotAllowedError


class Role(StrEnum):
    """What somebody is here for."""

    OPERATOR = "operator"  # brings flights in
    REVIEWER = "reviewer"  # judges what was found, and may look at sealed originals
    TRACKER = "tracker"  # another system that fetches issues and tells what became of them
    AUDITOR = "auditor"  # looks at who did what
    ADMIN = "admin"  # runs the service


class Permission(StrEnum):
    """One thing that may be done."""

    READ_FLIGHTS = "flights:read"  # flights, receipts, events, findings, blurred pictures
    WRITE_FLIGHTS = "flights:write"  # create flights, send files
    OVERRIDE_HOLDS = "holds:override"
    READ_ORIGINALS = "originals:read"  # unblurred; every look is logged
    READ_ISSUES = "issues:read"
    WRITE_REVIEWS = "reviews:write"
    WRITE_WORK = "work:write"  # what became of an issue: in progress, fixed, closed
    READ_AREAS = "areas:read"  # grids and permits
    WRITE_AREAS = "areas:write"
    READ_KEYS = "keys:read"  # names, roles and times of keys; secrets are not kept
    WRITE_KEYS = "keys:write"
    WRITE_TARGETS = "targets:write"  # where issues are delivered
    READ_ACCESS_LOG = "access_log:read"
    RUN_SERVICE = "service:run"  # retention, purge, jobs, figures


_SEES = frozenset({Permission.READ_FLIGHTS, Permission.READ_ISSUES, Permission.READ_AREAS})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OPERATOR: _SEES | {Permission.WRITE_FLIGHTS},
    Role.REVIEWER: _SEES
    | {Permission.OVERRIDE_HOLDS, Permission.READ_ORIGINALS, Permission.WRITE_REVIEWS},
    Role.TRACKER: frozenset({Permission.READ_ISSUES, Permission.READ_AREAS, Permission.WRITE_WORK}),
    Role.AUDITOR: _SEES | {Permission.READ_KEYS, Permission.READ_ACCESS_LOG},
    # Who runs the service needs no faces: an admin who must look gives a key the reviewer's role,
    # and the log shows it.
    Role.ADMIN: frozenset(Permission) - {Permission.READ_ORIGINALS},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is calling.

    Attributes:
        id: Unique and stable: `key:...` or `oidc:...`; the log holds it.
        name: For people; two callers may have the same.
        units: Responsible units whose data are open; None for all, empty for none.
    """

    id: str
    name: str
    roles: frozenset[Role]
    units: frozenset[str] | None

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the caller may do, be it within the caller's units only."""
        return frozenset().union(*(PERMISSIONS[role] for role in self.roles))


def may(caller: Caller, permission: Permission, *, unit: str | None) -> bool:
    """Return whether the caller may do this with a thing of a unit; None: the whole city's."""
    if permission not in caller.permissions:
        return False
    return caller.units is None or (unit is not None and unit in caller.units)


def require(caller: Caller, permission: Permission, *, unit: str | None) -> None:
    """Do nothing where `may` says yes.

    Raises:
        NotAllowedError: It says no.
    """
    require_anywhere(caller, permission)
    if not may(caller, permission, unit=unit):
        whose = "the whole city's" if unit is None else f"of {unit}"
        raise NotAllowedError(f"{permission} is allowed, but not for what is {whose}")


def require_anywhere(caller: Caller, permission: Permission) -> None:
    """Do nothing where the caller may do this in some unit: lists, filtered by `caller.units`.

    Raises:
        NotAllowedError: The caller may not, whatever the unit.
    """
    if permission not in caller.permissions:
        raise NotAllowedError(f"{permission} is not allowed to this caller")


def covers(caller: Caller, *, units: Collection[str] | None) -> bool:
    """Return whether the caller's units hold all of these; None: the whole city."""
    return caller.units is None or (units is not None and caller.units.issuperset(units))


def require_grant(caller: Caller, *, units: Collection[str] | None) -> None:
    """Do nothing where the caller may hand out keys for these units.

    An admin of some units gives what is theirs and no more: else a key for the whole city would
    be one call away.

    Raises:
        NotAllowedError: The caller may not.
    """
    require_anywhere(caller, Permission.WRITE_KEYS)
    if not covers(caller, units=units):
        raise NotAllowedError("keys may be given for the caller's own units only")


def parse_roles(words: Collection[str]) -> frozenset[Role]:
    """Return the roles among words; words that name none give none."""
    known = {role.value: role for role in Role}
    return frozenset(known[word] for word in words if word in known)
