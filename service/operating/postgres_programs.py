"""PostgreSQL's own programs for copies: found on the machine, called without showing passwords."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from service.access.secrets import redact
from service.errors import CannotStartError, StoppedError


def find_program(name: str) -> str:
    """Return the path of `pg_dump` or `pg_restore`.

    Raises:
        CannotStartError: It is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise CannotStartError(
            f"{name} is not installed on this machine: apt install postgresql-client "
            "(at least of the server's version)"
        )
    return path


def dump_tables(url: URL, tables: Sequence[str], to: Path, *, snapshot: str) -> None:
    """Write the rows of some tables to a file, as one open transaction sees them.

    Only rows: the tables come from our migrations, so that no rights and extensions are needed to
    give them back.

    Args:
        url: Of the database.
        tables: Their names.
        to: A new file.
        snapshot: As `pg_export_snapshot()` of that transaction names it.

    Raises:
        CannotStartError: There is no such program.
        StoppedError: It failed; the message is its first line.
    """
    with _connection(url) as connection:
        _run(
            [
                find_program("pg_dump"),
                f"--dbname={connection}",
                "--no-password",
                "--format=custom",
                "--data-only",
                f"--snapshot={snapshot}",
                f"--file={to}",
                *(f"--table={table}" for table in tables),
            ]
        )


def restore_tables(url: URL, path: Path) -> None:
    """Write rows out of a file of `dump_tables` into empty tables: all of them or none.

    Raises:
        CannotStartError: There is no such program.
        StoppedError: It failed; the message is its first line.
    """
    with _connection(url) as connection:
        _run(
            [
                find_program("pg_restore"),
                f"--dbname={connection}",
                "--no-password",
                "--data-only",
                "--single-transaction",
                "--exit-on-error",
                str(path),
            ]
        )


@contextmanager
def _connection(url: URL) -> Iterator[str]:
    """Give an address without its password, which lies in a file for our eyes alone meanwhile.

    Arguments and environments of processes are there for others to see.
    """
    address = url.set(drivername="postgresql")
    if address.password is None:
        yield address.render_as_string()
        return
    with tempfile.TemporaryDirectory(prefix="skypatrol-") as folder:
        path = Path(folder) / "pgpass"
        path.touch(mode=0o600)
        password = str(address.password).replace("\\", "\\\\").replace(":", "\\:")
        path.write_text(f"*:*:*:*:{password}\n", encoding="utf-8")
        without = URL.create(
            "postgresql",
            username=address.username,
            host=address.host,
            port=address.port,
            database=address.database,
            query={**address.query, "passfile": str(path)},
        )
        yield without.render_as_string()


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(  # noqa: S603  # a program of PostgreSQL, no shell
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        name = Path(command[0]).name
        raise StoppedError(f"{name} failed: {redact(said.partition(chr(10))[0])}")
