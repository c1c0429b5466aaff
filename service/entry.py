"""Where `skypatrol` begins: the client runs without the rest of the house.

All commands together take seconds and nearly 300 MB to load, for networks, projections and a
database; a laptop in the field that only sends files needs none of them.
"""

import sys
from typing import NoReturn

import typer

from service.run_command import run_app

CLIENT_COMMAND = "upload"


def main() -> NoReturn:
    """Run the command that the arguments name, and exit."""
    arguments = sys.argv[1:]
    if arguments[:1] == [CLIENT_COMMAND]:
        from service.commands.upload import upload

        client = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        client.command()(upload)
        run_app(client, arguments[1:], name=f"skypatrol {CLIENT_COMMAND}")
    from service.command_line import main as run_any

    run_any(arguments)
