import math

import pytest

from inference.errors import PhotoRejectedError
from inference.video.dialects import GpsOrder
from inference.video.gps_order import PairSample, distance_in_plane_m, find_gps_order

LONGITUDE_FIRST, LATITUDE_FIRST = GpsOrder.LONGITUDE_FIRST, GpsOrder.LATITUDE_FIRST


def sample(
    pair: tuple[float, float],
    *,
    home: tuple[float, float] | None = None,
    distance_m: float | None = None,
    resolution_deg: float = 1e-6,
) -> PairSample:
    return PairSample(
        pair=pair, home=home, home_distance_m=distance_m, resolution_deg=resolution_deg
    )


# 0.004 degrees of longitude at 60 degrees north are 0.002 degrees of latitude: 222.64 m.
FAR_EAST = sample((10.004, 60.0), home=(10.0, 60.0), distance_m=222.6)


@pytest.mark.parametrize("known", [None, LATITUDE_FIRST, LONGITUDE_FIRST])
def test_a_number_beyond_90_anywhere_in_the_file_is_a_longitude(known: GpsOrder | None) -> None:
    first = [sample((45.0, 20.0)), sample((120.5, 20.0))]
    assert find_gps_order(first, known=known) is LONGITUDE_FIRST
    second = [sample((20.0, -120.5))]
    assert find_gps_order(second, known=known) is LATITUDE_FIRST


def test_two_numbers_beyond_90_are_no_place() -> None:
    with pytest.raises(PhotoRejectedError, match="beyond 90"):
        find_gps_order([sample((120.0, 20.0)), sample((20.0, 120.0))], known=LONGITUDE_FIRST)


def test_the_distance_from_the_take_off_place_tells_the_order() -> None:
    assert find_gps_order([FAR_EAST], known=None) is LONGITUDE_FIRST
    turned = sample((60.0, 10.004), home=(60.0, 10.0), distance_m=222.6)
    assert find_gps_order([turned], known=None) is LATITUDE_FIRST


def test_a_distance_that_contradicts_the_dialect_is_refused() -> None:
    assert find_gps_order([FAR_EAST], known=LONGITUDE_FIRST) is LONGITUDE_FIRST
    with pytest.raises(PhotoRejectedError, match="contradicts"):
        find_gps_order([FAR_EAST], known=LATITUDE_FIRST)


@pytest.mark.parametrize(
    "vague",
    [
        sample((10.0, 60.0)),
        sample((10.0, 60.0), home=(10.0, 60.0), distance_m=0.0),
        # Near the diagonal both orders give the same distance.
        sample((10.003, 10.003), home=(10.0, 10.0), distance_m=468.0),
        # Four decimals: 222 m are 20 steps of the last digit.
        sample((10.004, 60.0), home=(10.0, 60.0), distance_m=222.6, resolution_deg=1e-4),
        # Neither order gives this distance.
        sample((10.004, 60.0), home=(10.0, 60.0), distance_m=900.0),
    ],
    ids=["no home", "at home", "diagonal", "coarse", "wrong distance"],
)
def test_without_proof_the_dialect_counts_and_without_one_nothing_is_guessed(
    vague: PairSample,
) -> None:
    for known in GpsOrder:
        assert find_gps_order([vague], known=known) is known
    with pytest.raises(PhotoRejectedError, match="nothing tells"):
        find_gps_order([vague], known=None)


def test_distances_are_those_on_a_sphere_and_cross_the_date_line() -> None:
    north_m = distance_in_plane_m((60.001, 10.0), (60.0, 10.0), LATITUDE_FIRST)
    assert north_m == pytest.approx(111.32)
    across_m = distance_in_plane_m((179.9995, 0.0), (-179.9995, 0.0), LONGITUDE_FIRST)
    assert across_m == pytest.approx(111.32)
    assert math.isclose(distance_in_plane_m((10.0, 60.0), (10.0, 60.0), LATITUDE_FIRST), 0.0)
