"""Who calls a route, and what a route asks of its callers.

`service.api.authentication` has found out who calls before any route runs. A route says what its
callers must be allowed: `caller: Annotated[Caller, needs(Permission.READ_FLIGHTS)]`. That is the
permission in some unit; a route about one flight also calls `service.access.roles.require` with
that flight's unit. A test fails where a route has no such line.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request

from service.access.errors import NotAuthenticatedError
from service.access.roles import Caller, Permission, require_anywhere


@dataclass(frozen=True)
class Needs:
    """Lets a request through whose caller may do this; None: any caller who is known."""

    permission: Permission | None

    def __call__(self, request: Request) -> Caller:
        """Return the caller.

        Raises:
            NotAuthenticatedError: Nobody knows who calls.
            NotAllowedError: The caller may not.
        """
        caller = getattr(request.state, "caller", None)
        if not isinstance(caller, Caller):
            raise NotAuthenticatedError("a route was reached without authentication")
        if self.permission is not None:
            require_anywhere(caller, self.permission)
        return caller


def needs(permission: Permission | None) -> Any:  # as FastAPI's own Depends
    """Return the dependency of a route on callers with a permission; None: any known caller."""
    return Depends(Needs(permission))
