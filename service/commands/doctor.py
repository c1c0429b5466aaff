"""`skypatrol doctor`: what may be wrong, a line for each part."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from service.errors import CannotStartError
from service.operating.doctor import examine
from service.operating.doctor_parts import PARTS, Level
from service.printable import printable_text
from service.settings import read_server_settings, read_settings


def doctor(
    parts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PART]...", help=f"Only these of {', '.join(PARTS)}."),
    ] = None,
) -> None:
    """Look at all parts of the service and say what is wrong with each, and what to do.

    Exit code 0: nothing has failed; 1: something has.
    """
    for part in parts or ():
        if part not in PARTS:
            raise CannotStartError(f"{part!r} is none of {', '.join(PARTS)}")
    settings = read_server_settings()
    findings = examine(
        settings, read_settings().registry, now=datetime.now(UTC), parts=parts or tuple(PARTS)
    )
    for found in findings:
        text = printable_text(" ".join(found.text.split()))
        typer.echo(f"{found.level.value:<8} {found.part:<8} {text}")
    if any(found.level is Level.FAILED for found in findings):
        raise typer.Exit(1)
