"""Scaled copies, crops and the sizes that cameras write themselves."""

import pytest

from inference.geometry.original_size import plan_fit, size_reason
from inference.receipt import ReasonCode

FULL = (4000, 3000)
BINNED_AND_WIDE = [(2000, 1500), (4000, 2250)]


@pytest.mark.parametrize("size", [FULL, *BINNED_AND_WIDE])
def test_what_the_camera_writes_itself_is_original(size: tuple[int, int]) -> None:
    assert size_reason(plan_fit(size, FULL, BINNED_AND_WIDE)) is None


def test_binned_pixels_are_twice_as_large() -> None:
    assert plan_fit((2000, 1500), FULL, BINNED_AND_WIDE).scale == 0.5


def test_a_wide_picture_has_the_scale_of_the_whole_and_lacks_rows() -> None:
    fit = plan_fit((4000, 2250), FULL, BINNED_AND_WIDE)
    assert (fit.scale, fit.cut_px, fit.is_by_camera) == (1.0, (0.0, 750.0), True)


@pytest.mark.parametrize(
    ("size", "what"),
    [
        ((1000, 750), "scaled by 0.25"),
        ((1600, 900), "scaled by 0.4"),  # of the wide picture
        ((3000, 3000), "cut out"),
        ((4000, 1000), "cut out"),
        ((500, 500), "scaled by 0.167 and cut out"),
        ((8000, 6000), "scaled by 2"),
    ],
)
def test_what_was_done_after_capture_is_told(size: tuple[int, int], what: str) -> None:
    reason = size_reason(plan_fit(size, FULL, BINNED_AND_WIDE))
    assert reason is not None
    assert reason.code is ReasonCode.NOT_ORIGINAL_SIZE
    assert reason.detail == f"{size[0]} x {size[1]}, calibrated for 4000 x 3000: {what}"


def test_rounding_to_whole_pixels_is_no_cut() -> None:
    # 100 x 67 is the nearest to 3:2.
    fit = plan_fit((100, 67), (5472, 3648))
    assert fit.is_by_camera
    assert fit.detail is not None
    assert "cut" not in fit.detail
