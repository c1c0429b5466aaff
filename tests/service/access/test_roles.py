import pytest

from service.access.errors import NotAllowedError
from service.access.roles import (
    PERMISSIONS,
    Caller,
    Permission,
    Role,
    may,
    parse_roles,
    require,
    require_anywhere,
    require_grant,
)


def make_caller(*roles: Role, units: frozenset[str] | None = None) -> Caller:
    return Caller(id="key:1", name="somebody", roles=frozenset(roles), units=units)


def test_every_role_has_permissions_and_every_permission_a_role() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert frozenset().union(*PERMISSIONS.values()) == frozenset(Permission)


def test_sealed_originals_are_for_reviewers_only() -> None:
    allowed = [role for role in Role if Permission.READ_ORIGINALS in PERMISSIONS[role]]

    assert allowed == [Role.REVIEWER]


def test_an_operator_brings_flights_in_and_judges_nothing() -> None:
    operator = make_caller(Role.OPERATOR)

    assert may(operator, Permission.WRITE_FLIGHTS, unit="north")
    assert not may(operator, Permission.WRITE_REVIEWS, unit="north")
    assert not may(operator, Permission.OVERRIDE_HOLDS, unit="north")


def test_an_auditor_changes_nothing() -> None:
    assert not [p for p in PERMISSIONS[Role.AUDITOR] if not p.endswith(":read")]


def test_two_roles_give_what_both_give() -> None:
    both = make_caller(Role.OPERATOR, Role.REVIEWER)

    assert both.permissions == PERMISSIONS[Role.OPERATOR] | PERMISSIONS[Role.REVIEWER]


def test_a_limited_caller_sees_own_units_and_not_what_is_the_whole_citys() -> None:
    north = make_caller(Role.OPERATOR, units=frozenset({"north"}))

    assert may(north, Permission.READ_FLIGHTS, unit="north")
    assert not may(north, Permission.READ_FLIGHTS, unit="south")
    assert not may(north, Permission.READ_FLIGHTS, unit=None)


def test_a_caller_without_limit_sees_all() -> None:
    anywhere = make_caller(Role.OPERATOR)

    assert may(anywhere, Permission.READ_FLIGHTS, unit="south")
    assert may(anywhere, Permission.READ_FLIGHTS, unit=None)


def test_no_units_open_nothing() -> None:
    nowhere = make_caller(Role.ADMIN, units=frozenset())

    assert not may(nowhere, Permission.READ_FLIGHTS, unit="north")
    assert not may(nowhere, Permission.READ_FLIGHTS, unit=None)


def test_no_role_opens_nothing() -> None:
    nobody = make_caller()

    assert nobody.permissions == frozenset()
    with pytest.raises(NotAllowedError, match="flights:read is not allowed"):
        require_anywhere(nobody, Permission.READ_FLIGHTS)


def test_the_error_says_whether_role_or_unit_is_lacking() -> None:
    north = make_caller(Role.OPERATOR, units=frozenset({"north"}))

    require(north, Permission.READ_FLIGHTS, unit="north")
    with pytest.raises(NotAllowedError, match="not for what is of south"):
        require(north, Permission.READ_FLIGHTS, unit="south")
    with pytest.raises(NotAllowedError, match="the whole city's"):
        require(north, Permission.READ_FLIGHTS, unit=None)
    with pytest.raises(NotAllowedError, match="keys:write is not allowed"):
        require(north, Permission.WRITE_KEYS, unit="north")


def test_an_admin_of_one_unit_gives_no_key_for_more() -> None:
    north = make_caller(Role.ADMIN, units=frozenset({"north"}))

    require_grant(north, units=["north"])
    with pytest.raises(NotAllowedError, match="own units"):
        require_grant(north, units=["north", "south"])
    with pytest.raises(NotAllowedError, match="own units"):
        require_grant(north, units=None)


def test_only_admins_give_keys() -> None:
    require_grant(make_caller(Role.ADMIN), units=None)
    for role in set(Role) - {Role.ADMIN}:
        with pytest.raises(NotAllowedError):
            require_grant(make_caller(role), units=["north"])


def test_unknown_words_are_no_roles() -> None:
    assert parse_roles(["admin ", "ADMIN", "root", "tracker"]) == frozenset({Role.TRACKER})
