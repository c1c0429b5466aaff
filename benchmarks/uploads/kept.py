"""What a server holds in the end, judged from its store and its bytes, not from what it says."""

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is wrong with it; all zero where nothing is.

    Attributes:
        lost: Files of the card that have no line, no bytes, or no word of their bytes.
        doubled: Lines and bytes that are there once more, or belong to no file of the card.
        damaged: Bytes that do not hash to their name.
    """

    lost: int
    doubled: int
    damaged: int


ALL_THERE_ONCE = Kept(lost=0, doubled=0, damaged=0)


def read_kept(data: Path, hashes: Mapping[str, str]) -> Kept:
    """Hold a server's folder against what was on the card: hashes by name."""
    with closing(sqlite3.connect(f"file:{data / 'store.sqlite'}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT name, sha256, state FROM files").fetchall()
        known = store.execute("SELECT sha256 FROM blobs WHERE stored_at IS NOT NULL").fetchall()
    lines = Counter((name, sha256) for name, sha256, state in rows if state != "announced")
    stored = Counter(sha256 for (sha256,) in known)
    blobs = [path for path in (data / "blobs").rglob("*") if path.is_file()]
    found = Counter(map(_sha256, blobs))
    return Kept(
        lost=sum(
            lines[name, sha256] == 0 or stored[sha256] == 0 or found[sha256] == 0
            for name, sha256 in hashes.items()
        ),
        doubled=sum(count - 1 for counts in (lines, stored, found) for count in counts.values())
        + len(set(lines) - set(hashes.items()))
        + len(set(found) - set(hashes.values())),
        damaged=sum(path.name != _sha256(path) for path in blobs),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
