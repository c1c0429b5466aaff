"""A receipt as a table for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator

from service.spreadsheet import safe_cell
from service.store.files import FlightFile
from service.translations import read_texts, reason_text

COLUMNS = (
    "name", "bytes", "sha256", "state", "outcome", "outcome_text", "reasons", "details", "advice",
    "duplicate_of", "part_of", "override_who", "override_why", "override_at",
)  # fmt: skip
_BYTE_ORDER_MARK = "\ufeff"  # by it Excel knows UTF-8


def render_rows(files: Iterable[FlightFile], language: str) -> Iterator[bytes]:
    """Yield a CSV table in UTF-8 row by row, its head first."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS)
    text.write(_BYTE_ORDER_MARK)
    table.writeheader()
    yield _take(text)
    for file in files:
        row = _row(file, language)
        table.writerow({name: safe_cell(value) for name, value in row.items()})
        yield _take(text)


def _take(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken


def _row(file: FlightFile, language: str) -> dict[str, str | int | None]:
    texts, override = read_texts(language), file.override
    advice = [reason_text(reason.code, language).advice for reason in file.reasons]
    return {
        "name": file.name,
        "bytes": file.byte_count,
        "sha256": file.sha256,
        "state": file.state.value,
        "outcome": file.outcome and file.outcome.value,
        "outcome_text": file.outcome and texts.outcomes[file.outcome],
        "reasons": " ".join(reason.code.value for reason in file.reasons),
        "details": "; ".join(reason.detail for reason in file.reasons if reason.detail),
        "advice": " ".join(dict.fromkeys(advice)),
        "duplicate_of": file.duplicate_of,
        "part_of": file.part_of,
        "override_who": override.who if override else None,
        "override_why": override.why if override else None,
        "override_at": override.at.isoformat() if override else None,
    }
