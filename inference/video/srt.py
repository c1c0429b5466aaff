"""Subtitle files (SubRip) → cues: a span of time with its text, nothing understood of it yet.

The files are other people's: they are bounded in size, and no pattern here looks back or across
lines, so that a file made for the purpose cannot keep it busy.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper

from inference.errors import PhotoRejectedError, rejected
from inference.receipt import ReasonCode

MAX_SRT_BYTES = 120_000_000  # an hour at 60 cues a second takes 80 MB
MAX_CUES = 250_000
MAX_CUE_CHARACTERS = 2_000  # the longest dialect takes 400
MAX_CUE_LINES = 100  # the longest dialect takes 7

# 00:01:02,345 --> 00:01:03,345
TIME_SPAN = re.compile(
    r"(\d{1,3}):(\d\d):(\d\d)[,.](\d{3})\s*-->\s*(\d{1,3}):(\d\d):(\d\d)[,.](\d{3})", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One subtitle.

    Attributes:
        start_s, end_s: From the video's beginning.
        text: Its lines, joined by line feeds; markup such as <font> is left in.
    """

    start_s: float
    end_s: float
    text: str


def parse_srt(data: bytes) -> tuple[Cue, ...]:
    """Return the cues of a subtitle file, by their start.

    A last cue that was cut off is a cue with less text; of cues that start together the first
    counts.

    Raises:
        PhotoRejectedError: It is empty, too large, no text, or holds no span of time.
    """
    if len(data) > MAX_SRT_BYTES:
        raise _unreadable(f"more than {MAX_SRT_BYTES} bytes")
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        raise _unreadable("the subtitle file is empty")
    by_start: dict[float, Cue] = {}
    for cue in _iterate_cues(_iterate_lines(data)):
        if len(by_start) == MAX_CUES:
            raise _unreadable(f"more than {MAX_CUES} subtitles")
        by_start.setdefault(cue.start_s, cue)
    if not by_start:
        raise _unreadable("no subtitle in it says at which time of the video it is shown")
    return tuple(by_start[start_s] for start_s in sorted(by_start))


def _iterate_lines(data: bytes) -> Iterator[str]:
    """Yield the lines of a subtitle file: UTF-8, or UTF-16 as Windows' editor saves it.

    One after the other: all at once would take several times as much memory as the file.

    Raises:
        PhotoRejectedError: It holds zero bytes: a file of another kind or a damaged card.
    """
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in data and not is_wide:
        raise _unreadable("the subtitle file holds no text")
    # Single characters of older code pages, such as degree signs, harm no number.
    encoding = "utf-16" if is_wide else "utf-8-sig"
    yield from TextIOWrapper(BytesIO(data), encoding=encoding, errors="replace", newline=None)


def _iterate_cues(lines: Iterable[str]) -> Iterator[Cue]:
    span: tuple[float, float] | None = None
    text: list[str] = []
    for line in map(str.strip, lines):
        match = TIME_SPAN.match(line)
        if match is None:
            _add_line(text, line[:MAX_CUE_CHARACTERS])
            continue
        if span is not None:
            # The number of the next cue stands on the line before its time.
            yield _cue(span, text[:-1] if text and text[-1].isdigit() else text)
        span, text = _parse_span(match), []
    if span is not None:
        yield _cue(span, text)


def _add_line(text: list[str], line: str) -> None:
    """Add a line that says something to a cue's text, in bounded memory.

    Of a cue that is too long only the newest line is kept besides, for it may be the next number.
    """
    if not line:
        return
    if len(text) > MAX_CUE_LINES:
        text.pop()
    text.append(line)


def _parse_span(match: re.Match[str]) -> tuple[float, float]:
    numbers = [int(number) for number in match.groups()]
    start_s, end_s = (
        hours * 3600.0 + minutes * 60.0 + seconds + milliseconds / 1000.0
        for hours, minutes, seconds, milliseconds in (numbers[:4], numbers[4:])
    )
    return start_s, max(start_s, end_s)


def _cue(span: tuple[float, float], text: list[str]) -> Cue:
    joined = "\n".join(text)[:MAX_CUE_CHARACTERS]
    return Cue(start_s=span[0], end_s=span[1], text=joined)


def _unreadable(detail: str) -> PhotoRejectedError:
    return rejected(ReasonCode.TELEMETRY_UNREADABLE, detail)
