"""What an administrator does beside `serve`: backup, restore, purge."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from service.blobs.disk import write_folder
from service.blobs.open_blobs import open_blobs
from service.commands.opened_store import opened_deployment, who_commands
from service.commands.shared_options import parse_path
from service.operating.backup import back_up, drop_old_snapshots
from service.operating.purge import describe_purge, preview_purge, purge
from service.operating.restore import check_backup, restore
from service.operating.snapshot import Manifest
from service.settings import read_server_settings
from service.store.engine import open_engine

EXIT_INCOMPLETE = 2


def backup(
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", parser=parse_path, help="Folder, on another disk.")
    ],
    *,
    keep: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Remove all but the newest N backups there."),
    ] = None,
) -> None:
    """Copy the store and all its pictures into DEST, while the server runs.

    The same DEST again copies only what is new. Exit code 0: it is whole; 2: the service had lost
    pictures before, which are named; 1: there is no backup.
    """
    with opened_deployment() as deployment, _counting("copied") as tell:
        report = back_up(
            deployment.engine,
            deployment.blobs,
            destination,
            now=datetime.now(UTC),
            who=who_commands(),
            tell=tell,
        )
        dropped = () if keep is None else drop_old_snapshots(destination, keep=keep)
    typer.echo(f"{report.snapshot.folder}: {_describe(report.snapshot.manifest)}")
    typer.echo(
        f"{report.copied} files were new" + (f"; removed {', '.join(dropped)}" if dropped else "")
    )
    if not report.is_whole:
        for sha256 in report.snapshot.manifest.lost:
            typer.echo(f"lost: {sha256}", err=True)
        raise typer.Exit(EXIT_INCOMPLETE)


def restore_command(
    source: Annotated[
        Path, typer.Argument(metavar="SRC", parser=parse_path, help="Folder of the backup.")
    ],
    *,
    at: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Such as 20261201T041500Z; else the newest."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only read the backup and compare its hashes.")
    ] = False,
) -> None:
    """Give a backup back to the store and the place for pictures that the settings name.

    The store must be empty. Stopped on the way, the same command does it again.
    """
    if check:
        with _counting("read") as tell:
            snapshot = check_backup(source, at, tell)
        typer.echo(f"{snapshot.folder} is sound: {_describe(snapshot.manifest)}")
        return
    settings = read_server_settings()
    write_folder(settings.data.absolute())
    engine = open_engine(settings.database_url)
    blobs = open_blobs(settings.blobs_url, cache=settings.cache, s3=settings.s3)
    with _counting("written") as tell:
        report = restore(
            engine, blobs, source, name=at, now=datetime.now(UTC), who=who_commands(), tell=tell
        )
    engine.dispose()
    typer.echo(f"restored {report.snapshot.folder}: {_describe(report.snapshot.manifest)}")
    for sha256 in report.snapshot.manifest.lost:
        typer.echo(f"not in the backup, lost before: {sha256}", err=True)
    if report.needs_upgrade:
        typer.echo("the store is of an earlier version: run skypatrol store upgrade")


def purge_command(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would go now.")
    ] = False,
) -> None:
    """Remove what was kept long enough (SKYPATROL_KEEP_..._DAYS), and what killed processes left.

    `serve` does the same once a day.
    """
    with opened_deployment() as deployment:
        now = datetime.now(UTC)
        if dry_run:
            report = preview_purge(deployment, now=now)
        else:
            report = purge(deployment, now=now, who=who_commands())
    for line in describe_purge(report):
        typer.echo(line)


@contextmanager
def _counting(done: str) -> Iterator[Callable[[int], None]]:
    """Show a count on a terminal and nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.completed} files " + done), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(done, total=None)
        yield lambda count: bar.update(task, completed=count)


def _describe(manifest: Manifest) -> str:
    return (
        f"store at version {manifest.revision}, {manifest.blob_count} files of "
        f"{manifest.blob_bytes:,} bytes, {len(manifest.lost)} of them lost"
    )
