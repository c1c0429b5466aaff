"""The store that the settings name, for a command that works on it beside the server."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.deployment import Deployment, open_deployment
from service.operating.store_state import require_store
from service.settings import read_server_settings, read_user_name
from service.store.engine import open_engine


@contextmanager
def opened_deployment() -> Iterator[Deployment]:
    """Give the deployment of the settings; its store must be there.

    Raises:
        CannotStartError: There is no store, or it is of another version.
    """
    settings = read_server_settings()
    if settings.is_embedded:
        # A slip in the folder's name must not make a new store.
        advice = "check SKYPATROL_DATA and the folder here; for a new one, skypatrol store upgrade"
        require_store(open_engine(settings.database_url), advice=advice)
    deployment = open_deployment(settings)
    try:
        yield deployment
    finally:
        deployment.close()


def who_commands() -> str:
    """Return who does it, for the access log: an account of this machine."""
    return f"command:{read_user_name() or 'unknown'}"
