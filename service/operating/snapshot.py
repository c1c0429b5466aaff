"""How a backup lies on a disk: bytes of all times under their hash, and a folder for each time.

    DEST/blobs/ab/abcdef…                  bytes, each once
    DEST/20261201T041000Z/manifest.json    what belongs together, with hashes
                          store.sqlite     or store.pgdump
                          blobs.txt        hash and size of each of the store's bytes

A folder gets its name when everything that it needs is there: one with a name is whole.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from service.errors import CannotStartError
from service.file_hash import hash_file

BYTES_FOLDER = "blobs"
BLOB_LIST = "blobs.txt"
MANIFEST = "manifest.json"
FORMAT = 1
_NAME = re.compile(r"\d{8}T\d{6}Z")
_LINE = re.compile(r"([0-9a-f]{64}) (\d{1,19})")


class Database(StrEnum):
    """What a store's copy can be given back to."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedFile:
    """A file of a snapshot."""

    name: str
    byte_count: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What belongs together.

    Attributes:
        made_by: Version of skypatrol.
        revision: Of the store's tables.
        store: Its copy.
        blobs: The list of bytes.
        blob_count, blob_bytes: Of that list.
        lost: Hashes that the store counts on and that were not to be had when this was made.
    """

    format: int
    made_at: datetime
    made_by: str
    database: Database
    revision: str
    store: HashedFile
    blobs: HashedFile
    blob_count: int
    blob_bytes: int
    lost: tuple[str, ...]


_MANIFEST: TypeAdapter[Manifest] = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A backup of one time."""

    folder: Path
    manifest: Manifest


def snapshot_name(at: datetime) -> str:
    """Return the name of the folder of a time; names sort as times do."""
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def list_snapshot_names(destination: Path) -> list[str]:
    """Return the whole snapshots in a backup, the oldest first."""
    if not destination.is_dir():
        return []
    return sorted(path.name for path in destination.iterdir() if _NAME.fullmatch(path.name))


def read_snapshot(source: Path, name: str | None = None) -> Snapshot:
    """Return a snapshot of a backup, checked as far as its manifest goes.

    Args:
        source: Folder of the backup.
        name: Of the snapshot; None for the newest.

    Raises:
        CannotStartError: There is none, or what is there is no manifest of ours.
    """
    names = list_snapshot_names(source)
    if not names:
        raise CannotStartError(f"{source} holds no backup")
    if name is not None and name not in names:
        raise CannotStartError(f"{source} holds no backup {name}; it has {', '.join(names)}")
    folder = source / (name or names[-1])
    try:
        manifest = _MANIFEST.validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise CannotStartError(f"{folder / MANIFEST} is no manifest of a backup") from error
    if manifest.format != FORMAT:
        raise CannotStartError(f"{folder} was made by a later version: {manifest.made_by}")
    return Snapshot(folder=folder, manifest=manifest)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write what belongs together."""
    (folder / MANIFEST).write_bytes(_MANIFEST.dump_json(manifest, indent=2) + b"\n")


def describe_file(path: Path) -> HashedFile:
    """Return a file's name, size and hash."""
    sha256, byte_count = hash_file(path)
    return HashedFile(name=path.name, byte_count=byte_count, sha256=sha256)


def check_file(folder: Path, file: HashedFile) -> Path:
    """Return the path of a file that is as the manifest says.

    Raises:
        CannotStartError: It is missing or damaged.
    """
    if Path(file.name).name != file.name:
        raise CannotStartError(f"{folder}: {file.name!r} is no name of a file")
    path = folder / file.name
    try:
        found, _ = hash_file(path)
    except OSError as error:
        raise CannotStartError(f"{path} cannot be read: {error.strerror}") from error
    if found != file.sha256:
        raise CannotStartError(f"{path} is damaged: its SHA-256 is {found}")
    return path


def write_blob_list(path: Path, blobs: Iterable[tuple[str, int]]) -> tuple[int, int]:
    """Write a line of hash and size for each; return how many there are, and of how many bytes."""
    count = total = 0
    with path.open("x", encoding="ascii") as file:
        for sha256, byte_count in blobs:
            file.write(f"{sha256} {byte_count}\n")
            count, total = count + 1, total + byte_count
    return count, total


def read_blob_list(path: Path) -> Iterator[tuple[str, int]]:
    """Yield hash and size of each line.

    Raises:
        CannotStartError: A line is something else.
    """
    with path.open(encoding="ascii", errors="replace") as file:
        for line in file:
            found = _LINE.fullmatch(line.rstrip("\n"))
            if found is None:
                raise CannotStartError(f"{path} is damaged: {line[:80]!r}")
            yield found[1], int(found[2])
