"""The local frame agrees with PROJ and with itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from inference.geometry.frames import (
    EnuFrame,
    ecef_to_geodetic,
    enu_to_wgs84,
    geodetic_to_ecef,
    plane_to_wgs84,
    wgs84_to_enu,
    wgs84_to_plane,
)

latitudes = st.floats(-89.0, 89.0)
longitudes = st.floats(-179.0, 179.0)
heights = st.floats(-100.0, 5000.0)
metres = st.floats(-5000.0, 5000.0)


@given(latitudes, longitudes, heights)
def test_earth_centred_coordinates_agree_with_proj(lat: float, lon: float, height: float) -> None:
    proj = Transformer.from_crs(4979, 4978, always_xy=True)
    assert geodetic_to_ecef([[lat, lon, height]])[0] == pytest.approx(
        proj.transform(lon, lat, height), abs=1e-6
    )


@given(latitudes, longitudes, heights)
def test_geodetic_coordinates_come_back(lat: float, lon: float, height: float) -> None:
    back = ecef_to_geodetic(geodetic_to_ecef([[lat, lon, height]]))[0]
    assert back[:2] == pytest.approx([lat, lon], abs=1e-10)
    assert back[2] == pytest.approx(height, abs=1e-6)


@given(latitudes, longitudes, metres, metres, st.floats(-200.0, 200.0))
def test_local_points_come_back(
    lat: float, lon: float, east: float, north: float, up: float
) -> None:
    frame = EnuFrame(latitude_deg=lat, longitude_deg=lon, height_m=100.0)
    back = wgs84_to_enu(frame, enu_to_wgs84(frame, [[east, north, up]]))[0]
    assert back == pytest.approx([east, north, up], abs=1e-5)


def test_a_point_100_m_east_is_100_m_away_on_the_ellipsoid_at_azimuth_90() -> None:
    frame = EnuFrame(latitude_deg=30.0, longitude_deg=120.0)
    lat, lon, _ = enu_to_wgs84(frame, [[100.0, 0.0, 0.0]])[0]
    azimuth, _, distance = Geod(ellps="WGS84").inv(120.0, 30.0, lon, lat)
    assert azimuth == pytest.approx(90.0, abs=1e-3)
    assert distance == pytest.approx(100.0, abs=1e-6)


def test_the_plane_leaves_the_ellipsoid_by_distance_squared_over_twice_the_radius() -> None:
    frame = EnuFrame(latitude_deg=0.0, longitude_deg=0.0)
    # 1000 m along the equator: 1000^2 / (2 * 6378137) = 0.0784 m.
    assert enu_to_wgs84(frame, [[1000.0, 0.0, 0.0]])[0, 2] == pytest.approx(0.0784, abs=1e-4)


def test_origin_is_zero() -> None:
    frame = EnuFrame(latitude_deg=46.8, longitude_deg=-92.0, height_m=158.5)
    assert np.allclose(wgs84_to_enu(frame, [[46.8, -92.0, 158.5]]), 0.0)


def test_a_point_on_the_plane_comes_back() -> None:
    frame = EnuFrame(latitude_deg=30.0, longitude_deg=120.0)
    there_m = np.array([[300.0, -400.0], [0.0, 0.0]])
    positions = plane_to_wgs84(frame, there_m)
    back_m = wgs84_to_plane(frame, positions[:, 0], positions[:, 1])
    np.testing.assert_allclose(back_m, there_m, atol=1e-3)
