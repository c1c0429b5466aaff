"""A command run to its end: what goes wrong becomes one line and an exit code."""

import sys
from collections.abc import Sequence
from typing import NoReturn, cast

import typer

from service.errors import ServiceError
from service.printable import printable_text

EXIT_NOTHING_DONE = 1
MAX_COMPLAINT = 2000  # characters; the longest honest one names a dozen keys or classes

# Of click, which typer brings along in one place or another.
UsageError = cast(type[typer.BadParameter], typer.BadParameter.__base__)


def run_app(
    app: typer.Typer,
    arguments: Sequence[str] | None,
    *,
    errors: tuple[type[Exception], ...] = (),
    name: str = "skypatrol",
) -> NoReturn:
    """Run a command and exit; a wrong option exits with 1, for 2 says that photos are left.

    Args:
        app: Holds the command.
        arguments: Behind its name; None for those of this process.
        errors: More that are told in a line, beside those of the service and the system.
        name: As the person called it.
    """
    told: tuple[type[Exception], ...] = (ServiceError, OSError, *errors)
    try:
        sys.exit(app(arguments, prog_name=name, standalone_mode=False))
    except UsageError as error:
        command = error.ctx.command_path if error.ctx else name
        complain(f"{error.format_message()} (see {command} --help)")
    except told as error:
        complain(str(error))
    except UnicodeEncodeError as error:
        # Linux lets names be any bytes; ours are written as text.
        near = error.object[max(error.start - 40, 0) : error.end + 40]
        complain(f"a name or option is no text in UTF-8: {near!r}")
    sys.exit(EXIT_NOTHING_DONE)


def complain(message: str) -> None:
    """Tell what is wrong, in one line."""
    # Messages quote files: what they hold must not steer the terminal, nor fill it.
    line = printable_text(" ".join(message.split()))
    if len(line) > MAX_COMPLAINT:
        line = line[:MAX_COMPLAINT] + "…"
    typer.echo(f"skypatrol: {line}", err=True)
