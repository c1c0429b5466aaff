"""The key that opens a new service: made when there is none, shown once, never made again."""

from datetime import datetime

from service.access.keys import mint_key
from service.access.roles import Role
from service.access.secrets import Secret
from service.deployment import Deployment
from service.store.access_log import Access, log_access
from service.store.engine import writing
from service.store.keys import add_first_key

FIRST_KEY_NAME = "first admin"
ON_THE_MACHINE = "machine"  # who did it, in the access log: somebody at the service's own shell


def make_first_key(deployment: Deployment, *, now: datetime) -> Secret | None:
    """Return a new admin key, or None where there is or ever was a key."""
    minted = mint_key(name=FIRST_KEY_NAME, roles=[Role.ADMIN], units=None, now=now)
    with writing(deployment.engine) as session:
        if not add_first_key(session, minted.key):
            return None
        log_access(
            session,
            Access(at=now, who=ON_THE_MACHINE, action="create_key", object=f"key/{minted.key.id}"),
        )
    return minted.text
