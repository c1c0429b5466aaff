"""What the line has shown decides between a single request and pieces that stay."""

from hypothesis import given
from hypothesis import strategies as st

from service.upload.line_record import (
    SMALLEST_PIECE,
    LineRecord,
    goes_in_pieces,
    next_piece_bytes,
)

PHOTO = 8_000_000


def choose(byte_count: int = PHOTO, **changed: object) -> bool:
    given = {"cuts": 0, "senders": 3, "run_bytes": None, "bulky": False} | changed
    return goes_in_pieces(byte_count, **given)  # type: ignore[arg-type]


def test_a_photo_goes_in_one_request_until_it_was_cut_twice() -> None:
    assert [choose(cuts=cuts) for cuts in range(4)] == [False, False, True, True]


def test_large_files_videos_and_archives_go_in_pieces() -> None:
    assert choose(64_000_001)
    assert not choose(64_000_000)
    assert choose(1000, bulky=True)


def test_an_empty_file_has_no_pieces() -> None:
    assert not choose(0, bulky=True, cuts=5)


def test_a_line_that_is_cut_every_4_mb_gets_pieces_at_once() -> None:
    # 3 senders lose half a photo each: 12 MB of each 4 MB, against 4 GB of which it is 0.3 %.
    assert choose(run_bytes=4e6)
    assert not choose(run_bytes=4e9)
    # Small files lose little on the same line: 3 * 50 kB / 2 is less than a twentieth of 4 MB.
    assert not choose(50_000, run_bytes=4e6)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_runs_between_cuts_are_counted_and_one_cut_is_one() -> None:
    clock = Clock()
    line = LineRecord(clock)
    assert line.run_bytes() is None
    for run in (3_000_000, 5_000_000, 4_000_000):
        clock.now_s += 10
        line.sent(run)
        line.cut()
        clock.now_s += 0.3
        line.sent(1000)  # another sender has begun anew when a third notices the same cut
        line.cut()
    # The middle one of 3.000, 5.001 and 4.001 MB: what went out after a cut is of the next run.
    assert line.run_bytes() == 4_001_000


def test_a_line_that_got_well_is_believed() -> None:
    line = LineRecord(Clock())
    line.sent(1_000_000)
    line.cut()
    line.sent(900_000_000)
    assert line.run_bytes() == 900_000_000


def test_cuts_before_any_byte_tell_nothing() -> None:
    line = LineRecord(Clock())
    line.cut()
    assert line.run_bytes() is None


def test_pieces_shrink_only_where_cut_requests_leave_nothing() -> None:
    assert next_piece_bytes(None, sent=4_000_000, kept=3_900_000) is None
    assert next_piece_bytes(None, sent=4_000_000, kept=0) == 2_000_000
    assert next_piece_bytes(2_000_000, sent=2_000_000, kept=0) == 1_000_000
    assert next_piece_bytes(None, sent=100_000, kept=0) is None


@given(sent=st.integers(0, 10**10), kept=st.integers(0, 10**10))
def test_pieces_end_at_a_size_that_gets_through(sent: int, kept: int) -> None:
    piece = next_piece_bytes(None, sent=sent, kept=min(sent, kept))
    assert piece is None or piece >= SMALLEST_PIECE
