"""The commands `skypatrol keys`: who has one, new ones, successors, ends; at the store itself."""

import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from service.access.keys import MintedKey, is_live
from service.access.keys_change import close_key, create_key, succeed_key
from service.access.roles import Role
from service.commands.opened_store import opened_deployment, who_commands
from service.errors import CannotStartError
from service.printable import printable_text
from service.store.engine import reading, writing
from service.store.grids import list_units
from service.store.keys import ApiKey, list_keys

_LONGEST_LIFE_DAYS = 3650
_KEY_ID = re.compile(r"(?:sp_)?([0-9a-f]{16})", re.ASCII)

keys = typer.Typer(
    help="API keys: list, create, replace, revoke; no server need run.", no_args_is_help=True
)

DaysOption = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=_LONGEST_LIFE_DAYS, help="Else it does not expire."),
]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="16 digits, as `keys list` shows.")]


@keys.command(name="list")
def list_command(
    *,
    dead: Annotated[bool, typer.Option("--all", help="Expired and revoked ones, too.")] = False,
) -> None:
    """Show the keys that open something, the oldest first. Secrets are not kept anywhere."""
    now = datetime.now(UTC)
    with opened_deployment() as deployment, reading(deployment.engine) as session:
        found = [key for key in list_keys(session) if dead or is_live(key, now=now)]
    for key in found:
        typer.echo(_describe(key, now=now))


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, or what for.")],
    *,
    role: Annotated[list[Role], typer.Option(help="What it may do; repeatable.")],
    unit: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Only this unit's data; repeatable. Else the city's."),
    ] = None,
    days: DaysOption = None,
) -> None:
    """Make a key and print it, this once. Nothing else goes to standard output."""
    with opened_deployment() as deployment, writing(deployment.engine) as session:
        unknown = sorted(set(unit or ()) - set(list_units(session)))
        try:
            minted = create_key(
                session,
                name=name,
                roles=role,
                units=unit or None,
                lifetime=_lifetime(days),
                who=who_commands(),
                now=datetime.now(UTC),
            )
        except ValueError as error:
            raise CannotStartError(str(error)) from error
    if unknown:
        typer.echo(f"no grid cell belongs to {printable_text(', '.join(unknown))} yet", err=True)
    _show(minted)


@keys.command()
def replace(key_id: KeyId, *, days: DaysOption = None) -> None:
    """Make a second key with the name and rights of one, and print it; both open until you revoke.

    Hand it to its holder, then revoke the first. Two keys of a name may be live at once, no more.
    """
    with opened_deployment() as deployment, writing(deployment.engine) as session:
        minted = succeed_key(
            session,
            _parse_id(key_id),
            lifetime=_lifetime(days),
            who=who_commands(),
            now=datetime.now(UTC),
        )
    _show(minted)


@keys.command()
def revoke(key_id: KeyId) -> None:
    """Close a key for good, for all servers at once."""
    now = datetime.now(UTC)
    with opened_deployment() as deployment, writing(deployment.engine) as session:
        closed = close_key(session, _parse_id(key_id), who=who_commands(), now=now)
    typer.echo(_describe(closed, now=now))


def _show(minted: MintedKey) -> None:
    """Print a key to whoever asked, and what it is to standard error, so that `>` takes the key."""
    typer.echo(_describe(minted.key, now=minted.key.created_at), err=True)
    if sys.stdout.isatty():
        typer.echo("keep it: it is shown this once", err=True)
    typer.echo(minted.text.reveal())


def _describe(key: ApiKey, *, now: datetime) -> str:
    units = "whole city" if key.units is None else ",".join(key.units)
    if key.revoked_at is not None:
        state = f"revoked {key.revoked_at:%Y-%m-%d}"
    elif key.expires_at is None:
        state = "live"
    else:
        state = f"{'expires' if is_live(key, now=now) else 'expired'} {key.expires_at:%Y-%m-%d}"
    used = "never used" if key.last_used_at is None else f"used {key.last_used_at:%Y-%m-%d}"
    fields = (key.id, f"{key.name:<24}", ",".join(key.roles), units, state, used)
    return printable_text("  ".join(fields))


def _lifetime(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def _parse_id(text: str) -> str:
    found = _KEY_ID.fullmatch(text)
    if found is None:
        # Not repeated: it may be the key itself.
        raise CannotStartError("ID: 16 hexadecimal digits, as `skypatrol keys list` shows them")
    return found[1]
