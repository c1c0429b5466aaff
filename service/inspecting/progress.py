"""A bar that tells a person how far an inspection is; quiet when nobody looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


class Reporter(Protocol):
    """Is told how far a job is."""

    def begin(self, what: str, *, total: int) -> None:
        """A new stage starts; `total` photos or files are ahead."""

    def step(self, *, found: int = 0) -> None:
        """One photo or file is done; `found` detections were on it."""


class SilentReporter:
    """Tells nobody."""

    def begin(self, what: str, *, total: int) -> None:
        """Do nothing."""

    def step(self, *, found: int = 0) -> None:
        """Do nothing."""


class LineReporter:
    """Writes a line a stage, where a bar cannot be drawn but somebody waits."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self, what: str, *, total: int) -> None:
        """Write what starts now."""
        self._console.print(f"{what}: {total}", highlight=False)

    def step(self, *, found: int = 0) -> None:
        """Do nothing."""


class BarReporter:
    """Draws on a terminal: done, total, detections so far, photos a second, time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._found = 0

    def begin(self, what: str, *, total: int) -> None:
        """Start a new bar; the earlier ones stay above it."""
        self._task = self._progress.add_task(what, total=total, found="", rate="")
        self._found = 0

    def step(self, *, found: int = 0) -> None:
        """Move the bar by one."""
        if self._task is None:
            return
        self._found += found
        self._progress.advance(self._task)
        speed = self._progress.tasks[self._progress.task_ids.index(self._task)].speed
        self._progress.update(
            self._task,
            found=f"{self._found} found" if self._found else "",
            rate=f"{speed:.1f}/s" if speed else "",
        )


@contextmanager
def show_progress(*, quiet: bool = False, lines: bool = False) -> Iterator[Reporter]:
    """Give a reporter that draws on standard error.

    Args:
        quiet: Draw nothing at all.
        lines: Where standard error is no terminal, write a line a stage instead of nothing.
    """
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield LineReporter(console) if lines and not quiet else SilentReporter()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[found]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield BarReporter(progress)
