"""The commands `skypatrol grids`: the city's management grid, and whose cells are whose."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from service.access.grids_change import change_grids
from service.access.grids_import import read_grid_file
from service.commands.opened_store import opened_deployment, who_commands
from service.commands.shared_options import parse_path
from service.printable import printable_text
from service.store.engine import reading
from service.store.grids import StoredGrid, read_grids

NOBODY = "(no unit)"

grids = typer.Typer(
    help="The management grid and the units that look after it.", no_args_is_help=True
)


@grids.command(name="import")
def import_command(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", parser=parse_path, help="GeoJSON, GeoPackage or Shapefile."),
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only read the file and tell what is in it.")
    ] = False,
) -> None:
    """Replace the whole grid by that of a file (docs/areas.md): all of it, or nothing changes."""
    found = read_grid_file(path)
    if not dry_run:
        with opened_deployment() as deployment:
            change_grids(deployment.engine, found, who=who_commands(), now=datetime.now(UTC))
    typer.echo(f"{'read' if dry_run else 'imported'} {len(found)} cells")
    _show_units(found)


@grids.command()
def units() -> None:
    """Show the units that look after cells, and how many each has: these names go into keys."""
    with opened_deployment() as deployment, reading(deployment.engine) as session:
        found = read_grids(session)
    _show_units(found)


def _show_units(found: list[StoredGrid]) -> None:
    counts = Counter(grid.unit or NOBODY for grid in found)
    for unit, count in sorted(counts.items()):
        typer.echo(f"{count:>7}  {printable_text(unit)}")
