import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from inference.video.sampling import Ring, SamplingSettings, overlap, plan_frames, thin_out

RATE = 20.0
WHOLE_SECONDS = SamplingSettings(look_step_s=0.5, min_step_s=0.5)


def square(east: float, *, side: float = 10.0) -> Ring:
    return ((east, 0.0), (east + side, 0.0), (east + side, side), (east, side), (east, 0.0))


def times(frames: list[int]) -> list[float]:
    return [number / RATE for number in frames]


def test_the_next_frame_is_taken_where_less_than_the_overlap_is_seen_again() -> None:
    # 1 m/s over 10 m: after 4 s 60 % is seen again, after 4.5 s 55 %. The last look is at 9.5 s.
    frames = plan_frames(200, RATE, square, settings=WHOLE_SECONDS)
    assert times(frames) == [0.0, 4.5, 9.0]


def test_the_last_frame_is_taken_where_it_shows_something_that_no_other_does() -> None:
    # At 7.5 s a frame shows 30 % that the one at 4.5 s does not.
    assert times(plan_frames(160, RATE, square, settings=WHOLE_SECONDS)) == [0.0, 4.5, 7.5]
    # At 5.0 s only 5 %.
    assert times(plan_frames(110, RATE, square, settings=WHOLE_SECONDS)) == [0.0, 4.5]


def test_a_drone_that_hovers_is_looked_at_now_and_then() -> None:
    frames = plan_frames(round(25 * RATE), RATE, lambda _: square(0.0))
    assert times(frames) == [0.0, 10.0, 20.0]


def test_a_drone_that_rushes_is_not_looked_at_more_often_than_the_least_step() -> None:
    frames = plan_frames(40, RATE, lambda time_s: square(100.0 * time_s))
    assert times(frames) == [0.0, 0.5, 1.0, 1.5]


def test_without_a_footprint_frames_come_at_fixed_times() -> None:
    assert times(plan_frames(140, RATE, lambda _: None)) == [0.0, 2.0, 4.0, 6.0, 6.75]


def test_a_zoom_shows_something_new() -> None:
    frames = plan_frames(60, RATE, lambda time_s: square(0.0, side=10.0 if time_s < 1.0 else 5.0))
    assert times(frames) == [0.0, 1.0]


def test_one_frame_is_a_video() -> None:
    assert plan_frames(1, RATE, lambda _: None) == [0]


def test_the_share_is_of_the_larger_area() -> None:
    assert overlap(box(0, 0, 4, 1), box(2, 0, 4, 1)) == pytest.approx(0.5)
    assert overlap(box(0, 0, 0, 0), box(0, 0, 0, 0)) == 0.0


def test_an_outline_that_crosses_itself_is_survived() -> None:
    bow: Ring = ((0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0))
    assert times(plan_frames(40, RATE, lambda _: bow)) == [0.0]


@given(st.lists(st.integers(0, 10**6), unique=True), st.integers(1, 50))
def test_thinning_keeps_the_first_and_the_order(numbers: list[int], most: int) -> None:
    numbers.sort()
    kept = thin_out(numbers, most)
    assert len(kept) == min(len(numbers), most)
    assert kept == sorted(set(kept) & set(numbers))
    assert kept[:1] == numbers[:1]
