"""The table that says which split and group a picture is of."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import DatasetError
from datasets.picture_set import SPLITS

MAX_TABLE_BYTES = 100_000_000
COLUMNS = ("image", "split", "group")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAndGroup:
    """Where a picture belongs."""

    split: str
    group: str


# By folder (empty where the table has no such column) and picture.
SplitsTable = Mapping[tuple[str, str], SplitAndGroup]


def parse_splits_table(lines: Iterable[str]) -> SplitsTable:
    """Return the rows of a CSV text with a head.

    Raises:
        DatasetError: A column is absent, a split unknown, a group empty, or a picture is there
            twice; says in which line.
    """
    rows = csv.DictReader(lines)
    absent = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if absent:
        raise DatasetError(f"the columns {absent} are absent; needed are {list(COLUMNS)}")
    table: dict[tuple[str, str], SplitAndGroup] = {}
    for row in rows:
        key = (row.get("folder") or "", row["image"] or "")
        if row["split"] not in SPLITS or not row["group"]:
            raise DatasetError(f"line {rows.line_num}: no split of {SPLITS}, or no group")
        if key in table:
            raise DatasetError(f"line {rows.line_num}: {'/'.join(key)} is there twice")
        table[key] = SplitAndGroup(split=row["split"], group=row["group"])
    return table


def read_splits_table(path: Path) -> SplitsTable:
    """Return the rows of a CSV file.

    Raises:
        DatasetError: As `parse_splits_table`, or the file cannot be read.
    """
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise DatasetError(f"larger than {MAX_TABLE_BYTES} bytes")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parse_splits_table(file)
    except (OSError, UnicodeDecodeError, csv.Error, DatasetError) as error:
        raise DatasetError(f"splits table {path}: {error}") from error
