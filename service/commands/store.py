"""The commands `skypatrol store`: which version the store is at, and how that changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from service.blobs.disk import write_folder
from service.errors import CannotStartError
from service.operating.store_state import read_revision_of, require_store
from service.settings import read_server_settings
from service.store.engine import open_engine
from service.store.migrate import downgrade, is_known, upgrade
from service.store.schema import HEAD

EXIT_OUTDATED = 2

store = typer.Typer(help="The store's version: look, upgrade, downgrade.", no_args_is_help=True)


@store.command()
def status() -> None:
    """Tell which version the store is at. Exit code 0: this skypatrol works with it; 2: not."""
    with _opened() as engine:
        found = read_revision_of(engine)
    typer.echo(f"store    {engine.url.render_as_string(hide_password=True)}")
    typer.echo(f"version  {found or 'none: no tables'}")
    typer.echo(f"needed   {HEAD}")
    if found != HEAD:
        typer.echo(_advice(found))
        raise typer.Exit(EXIT_OUTDATED)


@store.command(name="upgrade")
def upgrade_command() -> None:
    """Bring the store to the version that this skypatrol works with; make its tables if needed.

    Back up first, and stop all servers and workers.
    """
    with _opened() as engine:
        before = read_revision_of(engine)
        upgrade(engine)
    typer.echo(f"the store is at version {HEAD}; it was at {before or 'none'}")


@store.command(name="downgrade")
def downgrade_command(
    *,
    to: Annotated[
        str, typer.Option(metavar="VERSION", help="Such as 0001, or `base`: no tables at all.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the store back to an earlier version; what that did not know is lost."""
    if to != "base" and not is_known(to):
        raise CannotStartError(f"--to: there is no version {to!r}")
    with _opened() as engine:
        before = require_store(engine, advice="there is nothing to take back")
        if to != "base" and to > before:
            raise CannotStartError(f"--to: {to} is later than {before}: skypatrol store upgrade")
        loss = "ALL that the store holds" if to == "base" else f"what version {to} does not know"
        if not yes and not _confirm(f"This removes {loss}. Is there a backup? Go on?"):
            raise typer.Exit(1)
        downgrade(engine, to)
    typer.echo(f"the store is at version {to}; it was at {before}")


@contextmanager
def _opened() -> Iterator[Engine]:
    settings = read_server_settings()
    if settings.is_embedded:
        write_folder(settings.data.absolute())
    engine = open_engine(settings.database_url)
    try:
        yield engine
    except DBAPIError as error:
        # Only the driver's first line: others may repeat the address with its password.
        reason = str(error.orig).strip().partition("\n")[0]
        raise CannotStartError(f"the store cannot be opened: {reason}") from error
    finally:
        engine.dispose()


def _confirm(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort:  # nobody is there to answer
        return False


def _advice(found: str | None) -> str:
    if found is not None and not is_known(found):
        return "it was made by a later skypatrol: install that one"
    return "run skypatrol store upgrade" + ("" if found is None else ", after a backup")
