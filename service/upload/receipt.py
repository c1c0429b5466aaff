"""The server's receipt in figures, and what is to be said of single files."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inference.receipt import Outcome
from service.inspecting.not_photos import NOT_PHOTOS
from service.printable import printable_text

_MOST_LINES = 1000
_OTHER_CODES = frozenset(code.value for code in NOT_PHOTOS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """A file that was not simply accepted.

    Attributes:
        outcome: `held` or `rejected`.
        reasons: Codes, each with its detail and the advice in the person's language.
    """

    name: str
    outcome: str
    reasons: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFigures:
    """The receipt in figures.

    Attributes:
        files: On the server, those that came out of archives and videos included.
        others: Rejected without being photos: logs, videos without flight data.
        rejected: The other rejected ones.
        duplicates: Files whose bytes are there under another name; they count by outcome, too.
        unanswered: That have arrived and were not looked at yet.
        absent: That were announced and never came.
        lines: Of held and rejected files; the first thousand.
    """

    files: int = 0
    accepted: int = 0
    held: int = 0
    rejected: int = 0
    others: int = 0
    duplicates: int = 0
    unanswered: int = 0
    absent: int = 0
    lines: tuple[ReceiptLine, ...] = field(default=())


def summarise_receipt(entries: Iterable[Mapping[str, object]]) -> ReceiptFigures:
    """Return the figures of the lines of a receipt as docs/api.md has them."""
    counts, lines, files, duplicates = Counter[str](), list[ReceiptLine](), 0, 0
    for entry in entries:
        files += 1
        duplicates += entry.get("duplicate_of") is not None
        line = _line(entry)
        counts[_what_became(entry, line)] += 1
        if line.outcome in (Outcome.HELD, Outcome.REJECTED) and len(lines) < _MOST_LINES:
            lines.append(line)
    return ReceiptFigures(
        files=files,
        accepted=counts["accepted"],
        held=counts["held"],
        rejected=counts["rejected"],
        others=counts["others"],
        duplicates=duplicates,
        unanswered=counts["received"],
        absent=counts["announced"],
        lines=tuple(lines),
    )


def _what_became(entry: Mapping[str, object], line: ReceiptLine) -> str:
    if not line.outcome:
        return str(entry.get("state"))
    codes = {code for code, _, _ in line.reasons}
    if line.outcome == Outcome.REJECTED and codes & _OTHER_CODES:
        return "others"
    return line.outcome


def _line(entry: Mapping[str, object]) -> ReceiptLine:
    reasons = entry.get("reasons")
    listed = reasons if isinstance(reasons, list) else []
    found = [reason for reason in listed if isinstance(reason, dict)]
    return ReceiptLine(
        name=printable_text(str(entry.get("name"))),
        outcome=str(entry.get("outcome") or ""),
        reasons=tuple(
            (
                printable_text(str(reason.get("code"))),
                printable_text(str(reason.get("detail") or "")),
                printable_text(str(reason.get("advice") or "")),
            )
            for reason in found
        ),
    )
