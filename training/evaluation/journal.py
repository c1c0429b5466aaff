"""What was found so far, a line a picture, so that a stopped evaluation goes on there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from datasets.picture_set import split_lines
from training.errors import TrainingError
from training.evaluation.result import EvaluationHead, LeftOut, PictureResult
from training.evaluation.result_json import format_entry, format_head, parse_entry, parse_head

Entry = PictureResult | LeftOut


class Journal(Protocol):
    """Takes down what became of each picture."""

    def write(self, entry: Entry) -> None:
        """Take down one."""


class _FileJournal:
    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def write(self, entry: Entry) -> None:
        """Append a line; it is in the system's hands before the next picture."""
        self._file.write(format_entry(entry) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read_journal(path: Path, head: EvaluationHead) -> list[Entry]:
    """Return what an earlier run with the same head found; nothing where there was none.

    Pictures that were left out are tried again, and a line that was cut off ends the list.
    """
    try:
        lines = split_lines(path.read_text(encoding="utf-8"))
        if not lines or parse_head(lines[0]) != head:
            return []
    except (FileNotFoundError, UnicodeDecodeError, TrainingError):
        return []
    entries: list[Entry] = []
    for line in lines[1:]:
        try:
            entry = parse_entry(line)
        except TrainingError:
            break
        if isinstance(entry, PictureResult):
            entries.append(entry)
    return entries


@contextmanager
def write_journal(path: Path, head: EvaluationHead, known: list[Entry]) -> Iterator[Journal]:
    """Give a journal that begins with what is known already; the file is made anew."""
    lines = [format_head(head), *(format_entry(entry) for entry in known)]
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    partial.replace(path)
    journal = _FileJournal(path)
    try:
        yield journal
    finally:
        journal.close()
