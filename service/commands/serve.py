"""`skypatrol serve`: everything on this machine, from one command."""

import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from models.registry import read_model
from service.commands.shared_options import parse_path
from service.deployment import open_deployment
from service.errors import CannotStartError
from service.server_settings import ServerSettings
from service.serving.first_key import make_first_key
from service.serving.listener import describe_address, open_listener
from service.settings import extend_environment, read_server_settings, read_settings

STANDARD_STOP_S = 30.0


def serve(
    *,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=parse_path, help="Folder of all that is kept."),
    ] = None,
    host: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where to listen.")] = None,
    port: Annotated[
        int | None, typer.Option(metavar="N", min=0, max=65535, help="0: any that is free.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=256, help="Processes that inspect; 0: none here."),
    ] = None,
    stop_timeout: Annotated[
        float,
        typer.Option(metavar="S", min=1.0, max=3600.0, help="To end what was begun, when stopped."),
    ] = STANDARD_STOP_S,
) -> None:
    """Take flights in and inspect them: the API and its workers, until stopped.

    Settings are SKYPATROL_... variables (docs/administrators-guide.md); options go before them.
    SIGTERM or Ctrl-C lets what was begun end within the time to stop, a second one does not. Exit
    code 0: stopped as asked; 1: it could not start, or something had to be killed.
    """
    environment = _as_variables(data=data, host=host, port=port, workers=workers)
    settings = read_server_settings(environment)
    _check_files(settings)
    # First, so that a port that is taken changes nothing in the store.
    listener = open_listener(settings.host, settings.port)
    _prepare_store(settings)
    typer.echo(f"skypatrol listens on {describe_address(listener)}")
    _become_supervisor(listener, environment, stop_s=stop_timeout)


def _as_variables(
    *, data: Path | None, host: str | None, port: int | None, workers: int | None
) -> dict[str, str]:
    """Return the environment with options in the place of variables, for all processes."""
    options = {
        "SKYPATROL_DATA": data,
        "SKYPATROL_HOST": host,
        "SKYPATROL_PORT": port,
        "SKYPATROL_WORKER_PROCESSES": workers,
    }
    given = {name: str(value) for name, value in options.items() if value is not None}
    return extend_environment(given)


def _check_files(settings: ServerSettings) -> None:
    """Raise where a worker could not work: here that is one line, there it would come each time."""
    if settings.worker_processes:
        read_model(settings.model, registry=read_settings().registry)
    for name, path in (("GROUND", settings.ground), ("CAMERAS", settings.cameras)):
        if path is not None and not path.is_file():
            raise CannotStartError(f"SKYPATROL_{name}: {path} is no file")


def _prepare_store(settings: ServerSettings) -> None:
    deployment = open_deployment(settings, upgrade_embedded=True)
    try:
        key = make_first_key(deployment, now=datetime.now(UTC))
    finally:
        deployment.close()
    if key is not None:
        typer.echo("this is the first start. The key of the administrator, shown this once:")
        typer.echo(f"\n    {key.reveal()}\n")


def _become_supervisor(
    listener: socket.socket, environment: dict[str, str], *, stop_s: float
) -> None:
    """Give this process to the supervisor, which needs a tenth of its memory."""
    listener.set_inheritable(True)
    sys.stdout.flush()
    sys.stderr.flush()
    command = [sys.executable, "-m", "service.serving", str(listener.fileno()), f"{stop_s:g}"]
    os.execve(sys.executable, command, environment)  # noqa: S606  # our own program
