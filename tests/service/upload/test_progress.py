"""How far, how fast, how long: counted right and said plainly."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.translations import Language, read_texts
from service.upload.errors import Message
from service.upload.meter import Meter, Progress
from service.upload.screen import LineScreen
from service.upload.words import (
    describe_progress,
    format_bytes,
    format_duration,
    format_message,
)

WORDS = read_texts("en").upload


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_file_counts_as_far_as_it_is_and_once() -> None:
    clock = Clock()
    meter = Meter(clock)
    meter.expect("a", 100)
    meter.expect("b", 300)
    meter.sent("a", 60)
    assert meter.read().bytes_there == 60
    meter.is_at("a", 0)  # cut: all of it was lost
    meter.sent("a", 100)
    meter.arrived("a")
    meter.arrived("a")
    meter.sent("b", 50)
    progress = meter.read()
    assert (progress.files_there, progress.files) == (1, 2)
    assert (progress.bytes_there, progress.byte_count) == (150, 400)
    assert progress.sent_bytes == 210


def test_files_given_up_are_not_waited_for() -> None:
    meter = Meter(Clock())
    meter.expect("a", 100)
    meter.expect("b", 300)
    meter.gave_up("b")
    assert (meter.read().files, meter.read().byte_count, meter.read().troubled) == (1, 100, 1)


def test_rate_and_time_left_come_from_the_last_half_minute() -> None:
    clock = Clock()
    meter = Meter(clock)
    meter.expect("a", 100_000)
    assert meter.read().rate is None
    for _ in range(100):
        meter.sent("a", 10)
        clock.now_s += 1
    for _ in range(60):
        meter.sent("a", 1000)
        clock.now_s += 1
    progress = meter.read()
    assert progress.rate == pytest.approx(1000, rel=0.1)
    assert progress.seconds_left == pytest.approx((100_000 - 61_000) / 1000, rel=0.1)


def test_it_waits_only_while_nothing_goes_out() -> None:
    clock = Clock()
    meter = Meter(clock)
    why = Message("line_cut", {"detail": "reset"})
    meter.expect("a", 1000)
    meter.sent("a", 10)
    meter.waits("one", why)
    assert meter.read().waiting is None  # another sender may still be at work
    clock.now_s += 3
    assert meter.read().waiting == why
    meter.waits("one", None)
    assert meter.read().waiting is None


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (8_300_000, "8.3 MB"), (99_960_000, "100 MB"),
     (999_600_000, "1.0 GB"), (25e9, "25.0 GB"), (4e15, "4000 TB")],
)  # fmt: skip
def test_bytes_are_said_as_cards_are_sold(count: float, text: str) -> None:
    assert format_bytes(count) == text


@given(st.floats(0, 1e15))
def test_amounts_are_short(count: float) -> None:
    assert re.fullmatch(r"\d+(\.\d)? [kMGT]?B", format_bytes(count))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (61, "2 min"), (3600, "1 h 0 min"),
     (6900, "1 h 55 min"), (900_000, "11 days")],
)  # fmt: skip
def test_time_left_is_rounded_up(seconds: float, text: str) -> None:
    assert format_duration(seconds, WORDS) == text


PROGRESS = Progress(
    files=1000, files_there=120, byte_count=8_000_000_000, bytes_there=960_000_000,
    sent_bytes=970_000_000, rate=1_020_000.0, troubled=2,
)  # fmt: skip


def test_progress_is_one_line() -> None:
    assert describe_progress(PROGRESS, WORDS) == (
        "120 of 1000 files, 960 MB of 8.0 GB, 1.0 MB/s, about 1 h 56 min left, 2 given up"
    )


@pytest.mark.parametrize("language", Language)
def test_every_message_can_be_said(language: Language) -> None:
    words = read_texts(language).upload
    inner = Message("line_cut", {"detail": "x"})
    assert "x" in format_message(Message("waiting", {"why": inner}), words)
    assert "%" not in describe_progress(PROGRESS, words)


def test_lines_come_now_and_then_and_when_the_line_goes_down_or_up() -> None:
    clock, lines = Clock(), list[str]()
    screen = LineScreen(lines.append, WORDS, clock=clock)
    down = Progress(
        files=1, files_there=0, byte_count=9, bytes_there=0, sent_bytes=0, rate=None,
        troubled=0, waiting=Message("line_cut", {"detail": "reset"}),
    )  # fmt: skip
    for _ in range(300):  # a minute at five looks a second
        clock.now_s += 0.2
        screen.show(PROGRESS)
    assert len(lines) == 1  # nothing new to say
    screen.show(down)
    screen.show(PROGRESS)
    assert len(lines) == 3
    assert "waiting: the line was cut (reset)" in lines[1]
    screen.note(Message("goes_on", {"name": "a\x1b[31m"}))
    assert lines[3].isprintable()
