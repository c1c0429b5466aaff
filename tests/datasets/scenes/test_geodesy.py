"""Metres and degrees against published lengths and against PROJ."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from datasets.scenes.geodesy import Origin, enu_to_wgs84, to_earth_centred

SEMI_MAJOR_M, SEMI_MINOR_M = 6378137.0, 6356752.314245
ARC_SECOND = math.pi / 648000


def test_equator_and_pole_lie_at_the_ellipsoids_half_axes() -> None:
    assert to_earth_centred(0, 0, 0) == pytest.approx([SEMI_MAJOR_M, 0, 0])
    assert to_earth_centred(90, 0, 100) == pytest.approx([0, 0, SEMI_MINOR_M + 100], abs=1e-6)


def test_an_arc_second_at_the_equator_has_its_known_lengths() -> None:
    # Along the equator a * 1"; along the meridian b2 / a * 1".
    east_m = SEMI_MAJOR_M * ARC_SECOND
    north_m = SEMI_MINOR_M**2 / SEMI_MAJOR_M * ARC_SECOND
    latitude, longitude, _ = enu_to_wgs84(
        np.array([east_m, north_m, 0.0]), Origin(latitude_deg=0, longitude_deg=10)
    )
    assert (latitude * 3600, (longitude - 10) * 3600) == pytest.approx((1, 1), abs=1e-5)


def test_the_origin_is_its_own_place() -> None:
    origin = Origin(latitude_deg=31.05, longitude_deg=121.2, height_m=6)
    assert enu_to_wgs84(np.zeros(3), origin) == pytest.approx((31.05, 121.2, 6))


@settings(max_examples=30)
@given(
    latitude=st.floats(-80, 80),
    longitude=st.floats(-179, 179),
    east=st.floats(-500, 500),
    north=st.floats(-500, 500),
    up=st.floats(-50, 200),
)
def test_metres_agree_with_proj(
    latitude: float, longitude: float, east: float, north: float, up: float
) -> None:
    place = f"+lat_0={latitude} +lon_0={longitude} +h_0=0"
    steps = "+step +proj=cart +ellps=WGS84 +step +proj=topocentric +ellps=WGS84 " + place
    forward = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad " + steps
    )
    found = enu_to_wgs84(
        np.array([east, north, up]), Origin(latitude_deg=latitude, longitude_deg=longitude)
    )
    back = forward.transform(found[1], found[0], found[2])
    assert back == pytest.approx((east, north, up), abs=1e-4)
