"""What a person sees while an upload goes on: a bar on a terminal, lines elsewhere."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from service.printable import printable_text
from service.upload.errors import Message
from service.upload.meter import Progress
from service.upload.words import describe_progress, format_message

_FIRST_LINE_S = 2.0
_LINES_APART_S = 15.0


class Screen(Protocol):
    """Is told what happens."""

    def note(self, message: Message) -> None:
        """Something that stays to be read."""

    def show(self, progress: Progress) -> None:
        """How far it is now; called several times a second."""


class SilentScreen:
    """Shows nothing, for scripts."""

    def note(self, message: Message) -> None:
        """Do nothing."""

    def show(self, progress: Progress) -> None:
        """Do nothing."""


class LineScreen:
    """Writes a line now and then, and at once when it begins or ends to wait."""

    def __init__(
        self,
        write: Callable[[str], None],
        words: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._words = words
        self._clock = clock
        self._next_s = clock() + _FIRST_LINE_S
        self._last = ""
        self._was_waiting = False

    def note(self, message: Message) -> None:
        """Write it."""
        self._write(printable_text(format_message(message, self._words)))

    def show(self, progress: Progress) -> None:
        """Write it if it is time and there is something new."""
        now_s = self._clock()
        is_waiting = progress.waiting is not None
        if now_s < self._next_s and is_waiting == self._was_waiting:
            return
        self._was_waiting = is_waiting
        self._next_s = now_s + _LINES_APART_S
        line = describe_progress(progress, self._words)
        if line not in ("", self._last):
            self._last = line
            self._write(line)


class BarScreen:
    """Draws on a terminal; notes scroll by above the bar."""

    def __init__(self, bar: Bar, words: Mapping[str, str]) -> None:
        self._bar = bar
        self._words = words
        self._task: TaskID | None = None

    def note(self, message: Message) -> None:
        """Print it above the bar."""
        text = printable_text(format_message(message, self._words))
        self._bar.console.print(text, highlight=False, markup=False)

    def show(self, progress: Progress) -> None:
        """Draw it."""
        if progress.files == 0 and progress.waiting is None:
            return
        if self._task is None:
            self._task = self._bar.add_task("", total=1, text="")
        self._bar.update(
            self._task,
            total=max(1, progress.byte_count),
            completed=progress.bytes_there if progress.byte_count else 1,
            text=describe_progress(progress, self._words),
        )


@contextmanager
def show_upload(words: Mapping[str, str], *, quiet: bool = False) -> Iterator[Screen]:
    """Give a screen on standard error.

    Args:
        words: The texts `upload` of a language.
        quiet: Show nothing.
    """
    console = Console(stderr=True)
    if quiet:
        yield SilentScreen()
    elif not console.is_terminal:
        yield LineScreen(
            lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True), words
        )
    else:
        columns = (BarColumn(bar_width=24), TextColumn("{task.fields[text]}", markup=False))
        with Bar(*columns, console=console) as bar:
            yield BarScreen(bar, words)
