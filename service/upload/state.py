"""What an upload knows across its own restarts: a small file of this user, one a card and server.

It holds names, sizes, times and hashes of files and the flights they went to; never the key.
SQLite keeps it whole through a kill or a pulled battery, and lets one process have it at a time.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.errors import CannotStartError
from service.upload.card import CardFile

_VERSION = 1
_TABLES = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE flights (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, declared_json TEXT NOT NULL,
  completed INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE files (
  name TEXT PRIMARY KEY, byte_count INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
  sha256 TEXT NOT NULL, flight_id TEXT NOT NULL REFERENCES flights (id),
  arrived INTEGER NOT NULL DEFAULT 0, upload_url TEXT) STRICT;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """A file whose bytes were hashed.

    Attributes:
        flight_id: Which flight it goes to, or went to.
        arrived: The server has it.
        upload_url: Where its half is on the server, for tus; None where there is none.
    """

    name: str
    byte_count: int
    modified_ns: int
    sha256: str
    flight_id: str
    arrived: bool = False
    upload_url: str | None = None

    def is_same(self, file: CardFile) -> bool:
        """Tell whether a file on the card is this one, as far as its size and time say."""
        return (file.byte_count, file.modified_ns) == (self.byte_count, self.modified_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFlight:
    """A flight that this card was uploaded to.

    Attributes:
        declared: What was said of it: name, kind, unit, details.
        completed: The server was told that all is there.
    """

    id: str
    declared: dict[str, object]
    completed: bool = False


def state_path(folder: Path, *, server: str, roots: Iterable[Path]) -> Path:
    """Return where the state of these folders' upload to this server lies."""
    text = "\n".join([server, *sorted(str(root) for root in roots)])
    name = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:24]
    return folder / f"{name}.sqlite"


class UploadState:
    """The file, open; threads may share it. What a call has changed survives a kill.

    A power cut may take the last changes with it: then the server is asked once more.
    """

    def __init__(self, path: Path) -> None:
        """Open or make it.

        Raises:
            CannotStartError: Another process has it, or it cannot be read or written.
        """
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                path, timeout=0.5, isolation_level=None, check_same_thread=False
            )
            self._open()
            path.chmod(0o600)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise CannotStartError("another upload of the same folder is running") from error
            raise CannotStartError(f"{path} cannot be opened: {error}") from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise CannotStartError(
                f"{path} cannot be used: {error}; without it an upload starts anew"
            ) from error

    def _open(self) -> None:
        # The lock of the first write is kept until the process ends, however it ends.
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute("BEGIN EXCLUSIVE")
        found = self._database.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            for statement in _TABLES.split(";"):
                self._database.execute(statement)
            self._database.execute(f"PRAGMA user_version = {_VERSION}")
        self._database.execute("COMMIT")
        if found not in (0, _VERSION):
            raise sqlite3.DatabaseError(f"written by another version of skypatrol ({found})")

    def close(self) -> None:
        """Close it; further calls fail."""
        with self._lock, suppress(sqlite3.Error):
            self._database.close()

    def flights(self) -> list[KnownFlight]:
        """Return the flights, the oldest first."""
        rows = self._ask("SELECT id, declared_json, completed FROM flights ORDER BY number")
        return [
            KnownFlight(id=str(row[0]), declared=json.loads(str(row[1])), completed=bool(row[2]))
            for row in rows
        ]

    def add_flight(self, flight: KnownFlight) -> None:
        """Keep a flight before the server hears of it; one that is there stays as it is."""
        self._ask(
            "INSERT OR IGNORE INTO flights (id, declared_json, completed) VALUES (?, ?, ?)",
            (flight.id, json.dumps(flight.declared), flight.completed),
        )
        # This one must survive a power cut: else the flight would be there twice.
        self._ask("PRAGMA wal_checkpoint(FULL)")

    def set_completed(self, flight_id: str, *, completed: bool) -> None:
        """Note whether the server was told that all is there."""
        self._ask("UPDATE flights SET completed = ? WHERE id = ?", (completed, flight_id))

    def files(self) -> dict[str, KnownFile]:
        """Return all files by name."""
        rows = self._ask(
            "SELECT name, byte_count, modified_ns, sha256, flight_id, arrived, upload_url"
            " FROM files ORDER BY name"
        )
        return {file.name: file for file in map(_file, rows)}

    def keep(self, file: KnownFile) -> None:
        """Keep what is known of a file, in place of what was."""
        self._ask(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                file.name,
                file.byte_count,
                file.modified_ns,
                file.sha256,
                file.flight_id,
                file.arrived,
                file.upload_url,
            ),
        )

    def keep_arrived(self, files: Sequence[KnownFile]) -> None:
        """Note that the server has these."""
        with self._lock:
            self._database.execute("BEGIN")
            self._database.executemany(
                "UPDATE files SET arrived = 1, upload_url = NULL WHERE name = ? AND sha256 = ?",
                [(file.name, file.sha256) for file in files],
            )
            self._database.execute("COMMIT")

    def _ask(self, statement: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._database.execute(statement, tuple(values)).fetchall()


def _file(row: Sequence[object]) -> KnownFile:
    name, byte_count, modified_ns, sha256, flight_id, arrived, upload_url = row
    return KnownFile(
        name=str(name),
        byte_count=int(str(byte_count)),
        modified_ns=int(str(modified_ns)),
        sha256=str(sha256),
        flight_id=str(flight_id),
        arrived=bool(arrived),
        upload_url=None if upload_url is None else str(upload_url),
    )
