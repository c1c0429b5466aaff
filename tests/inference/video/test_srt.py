import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.errors import PhotoRejectedError
from inference.receipt import ReasonCode
from inference.video import srt
from inference.video.srt import Cue, parse_srt

TWO = "1\n00:00:01,000 --> 00:00:02,500\nfirst\nline\n\n2\n00:01:02,003 --> 01:00:00,000\nsecond\n"


def test_cues_have_their_time_and_text_without_number_and_blank_lines() -> None:
    assert parse_srt(TWO.encode()) == (
        Cue(start_s=1.0, end_s=2.5, text="first\nline"),
        Cue(start_s=62.003, end_s=3600.0, text="second"),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + TWO.encode(),
        TWO.replace("\n", "\r\n").encode(),
        TWO.replace("\n\n", "\n\n\n").encode(),
        TWO.encode("utf-16"),
        TWO.replace(",000 -->", ".000  -->").encode(),
    ],
    ids=["byte order mark", "Windows", "two blank lines", "UTF-16", "points for commas"],
)
def test_other_ways_to_write_the_same_cues(data: bytes) -> None:
    assert parse_srt(data) == parse_srt(TWO.encode())


def test_cues_in_disorder_are_sorted_and_of_equal_starts_the_first_counts() -> None:
    blocks = ((3, "c"), (1, "a"), (3, "again"), (2, "b"))
    text = "".join(f"9\n00:00:0{at},000 --> 00:00:09,000\n{word}\n\n" for at, word in blocks)
    assert [cue.text for cue in parse_srt(text.encode())] == ["a", "b", "c"]


def test_a_cue_that_was_cut_off_has_less_text() -> None:
    assert parse_srt(TWO.encode()[:-4])[1].text == "sec"


def test_a_cue_that_ends_before_it_starts_ends_where_it_starts() -> None:
    (cue,) = parse_srt(b"1\n00:00:05,000 --> 00:00:01,000\nx\n")
    assert (cue.start_s, cue.end_s) == (5.0, 5.0)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (b"1\n", "no subtitle"),
        (b"1\n2017.08.05 14:11:51\n[latitude : -20.2]\n", "no subtitle"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\0\0\0\0", "no text"),
    ],
)
def test_what_holds_no_cues_is_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(PhotoRejectedError, match=words) as caught:
        parse_srt(data)
    assert caught.value.reason.code is ReasonCode.TELEMETRY_UNREADABLE


def test_limits_of_bytes_and_cues_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srt, "MAX_CUE_CHARACTERS", 5)
    assert parse_srt(TWO.encode())[0].text == "first"
    monkeypatch.setattr(srt, "MAX_CUES", 1)
    with pytest.raises(PhotoRejectedError, match="more than 1 subtitles"):
        parse_srt(TWO.encode())
    monkeypatch.setattr(srt, "MAX_SRT_BYTES", 10)
    with pytest.raises(PhotoRejectedError, match="more than 10 bytes"):
        parse_srt(TWO.encode())


def test_a_cue_of_many_lines_takes_little_memory_and_the_next_one_keeps_its_number_out() -> None:
    text = TWO.replace("line\n", "line\n" + "x\n" * 1_000_000)
    tracemalloc.start()
    first, second = parse_srt(text.encode())
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert first.text.startswith("first\nline\nx\nx\n")
    assert second == parse_srt(TWO.encode())[1]
    assert most_bytes < 5 * len(text)  # the file itself is held once or twice


@given(st.binary(max_size=300))
def test_any_bytes_are_cues_or_refused(data: bytes) -> None:
    try:
        cues = parse_srt(b"1\n00:00:01,000 --> 00:00:02,000\n" + data)
    except PhotoRejectedError:
        return
    assert all(earlier.start_s < later.start_s for earlier, later in pairwise(cues))
