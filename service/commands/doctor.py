"""`skypatrol doctor`: what may be wrong, a line for each part."""

from datetime import UTC, datetime

import typer

from service.operating.doctor import Level, examine
from service.printable import printable_text
from service.settings import read_server_settings, read_settings


def doctor() -> None:
    """Look at store, pictures, disk, clock, model, privacy, workers and backup.

    Exit code 0: nothing has failed; 1: something has.
    """
    settings = read_server_settings()
    findings = examine(settings, read_settings().registry, now=datetime.now(UTC))
    for found in findings:
        text = printable_text(" ".join(found.text.split()))
        typer.echo(f"{found.level.value:<8} {found.part:<8} {text}")
    if any(found.level is Level.FAILED for found in findings):
        raise typer.Exit(1)
