"""Focal lengths out of 35 mm equivalents, with their doubt."""

import math

import pytest

from inference.geometry.equivalent_35mm import focal_length_of_35mm
from inference.reading.metadata import Band, Lens, PhotoKind, PhotoMetadata

DIAGONAL = math.hypot(36.0, 24.0)  # 43.27 mm
ROUNDING = 1.0 / math.sqrt(12.0)


def focal(
    equivalent: float | None,
    size: tuple[int, int],
    *,
    zoom: float | None = None,
    make: str = "DJI",
) -> tuple[float, float]:
    photo = PhotoMetadata(
        width_px=size[0],
        height_px=size[1],
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        make=make,
        lens=Lens(focal_length_35mm=equivalent, digital_zoom=zoom),
    )
    answer = focal_length_of_35mm(photo)
    assert answer is not None
    return answer


def test_half_way_between_width_and_diagonal_give_or_take_half() -> None:
    # By width 24 / 36 * 4000 = 2666.7, by diagonal 24 / 43.267 * 5000 = 2773.5.
    pixels, sigma = focal(24.0, (4000, 3000))
    assert pixels == pytest.approx(2720.1, abs=0.1)
    assert sigma == pytest.approx(math.hypot(53.4 / 2720.1, ROUNDING / 24.0), rel=0.001)


def test_an_upright_picture_goes_by_its_height() -> None:
    assert focal(24.0, (3000, 4000)) == pytest.approx(focal(24.0, (4000, 3000)))


def test_a_3_to_2_picture_has_no_doubt_of_convention() -> None:
    pixels, sigma = focal(24.0, (6000, 4000))
    assert pixels == pytest.approx(4000.0)
    assert sigma == pytest.approx(ROUNDING / 24.0)


def test_a_wide_picture_may_have_the_equivalent_of_its_whole_sensor() -> None:
    # 20 mm by the diagonal of 4000 x 2250 are 2121, of 4000 x 3000 2311: the doubt covers both.
    pixels, sigma = focal(20.0, (4000, 2250))
    assert pixels * (1.0 - sigma) <= 20.0 / DIAGONAL * math.hypot(4000, 2250) * 1.001
    assert pixels * (1.0 + sigma) >= 20.0 / DIAGONAL * 5000.0


def test_digital_zoom_multiplies_but_for_apple() -> None:
    google, doubt = focal(36.0, (6000, 4000), zoom=2.0, make="Google")
    assert google == pytest.approx(12_000.0)
    # It may be counted already: half as long, and half of that distance is a quarter.
    assert doubt == pytest.approx(0.25, rel=0.01)
    assert focal(36.0, (6000, 4000), zoom=2.0, make="Apple")[0] == pytest.approx(6000.0)


def test_digital_zoom_of_zero_means_none() -> None:
    assert focal(36.0, (6000, 4000), zoom=0.0)[0] == pytest.approx(6000.0)


@pytest.mark.parametrize("equivalent", [None, 0.0, -24.0, math.nan])
def test_no_equivalent_no_focal_length(equivalent: float | None) -> None:
    with pytest.raises(AssertionError):
        focal(equivalent, (4000, 3000))
