import math

import mgrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.geometry.output_frames import (
    FramePosition,
    GridPosition,
    OutputFrame,
    convert_position,
    find_gauss_krueger_zone,
    find_utm_zone,
)
from inference.receipt import NotPlaced, ReasonCode

GAUSS_KRUEGER = (OutputFrame.CGCS2000, OutputFrame.CGCS2000_6)
# Of GRS 80, from equator to pole (Moritz, Geodetic Reference System 1980, Journal of Geodesy 74).
QUARTER_MERIDIAN_M = 10_001_965.7293


def degrees(least: float, most: float) -> st.SearchStrategy[float]:
    """Return angles to a centimetre: MGRS libraries take what is nearer a border for the border."""
    return st.integers(round(least * 1e7), round(most * 1e7)).map(lambda parts: parts / 1e7)


china = {"latitude": degrees(16.7, 53.56), "longitude": degrees(73.62, 134.77)}
utm_area = {"latitude": degrees(-80.0, 84.0), "longitude": degrees(-180.0, 180.0)}


def convert(latitude: float, longitude: float, frame: OutputFrame) -> FramePosition:
    position = convert_position(latitude, longitude, frame)
    assert isinstance(position, FramePosition)
    return position


def grid_of(latitude: float, longitude: float, frame: OutputFrame) -> GridPosition:
    grid = convert(latitude, longitude, frame).grid
    assert grid is not None
    return grid


def back_to_geographic(grid: GridPosition) -> tuple[float, float]:
    """Return latitude and longitude as whoever gets the grid position would find them."""
    geographic = CRS(grid.crs).geodetic_crs
    assert geographic is not None
    to_degrees = Transformer.from_crs(grid.crs, geographic, always_xy=True)
    longitude, latitude = to_degrees.transform(grid.easting_m, grid.northing_m)
    return latitude, longitude


def distance_m(first: tuple[float, float], second: tuple[float, float]) -> float:
    frame = EnuFrame(latitude_deg=first[0], longitude_deg=first[1])
    return float(math.hypot(*wgs84_to_enu(frame, [[*second, 0.0]])[0, :2]))


def gauss_krueger(latitude: float, from_middle_deg: float) -> tuple[float, float]:
    """Return easting and northing by Krueger's series in the third flattening to n^4.

    Written out from Karney, "Transverse Mercator with an accuracy of a few nanometers", Journal
    of Geodesy 85 (2011), equations 7 to 14 and 35, for the ellipsoid of CGCS2000.
    """
    flattening = 1 / 298.257222101
    n = flattening / (2 - flattening)
    e = math.sqrt(flattening * (2 - flattening))
    tau, lam = math.tan(math.radians(latitude)), math.radians(from_middle_deg)
    sigma = math.sinh(e * math.atanh(e * tau / math.hypot(1, tau)))
    tau_1 = tau * math.hypot(1, sigma) - sigma * math.hypot(1, tau)
    xi = math.atan2(tau_1, math.cos(lam))
    eta = math.asinh(math.sin(lam) / math.hypot(tau_1, math.cos(lam)))
    radius = 6378137.0 / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    alphas = (
        n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16 + 41 * n**4 / 180,
        13 * n**2 / 48 - 3 * n**3 / 5 + 557 * n**4 / 1440,
        61 * n**3 / 240 - 103 * n**4 / 140,
        49561 * n**4 / 161280,
    )
    waves = [(2 * j, alpha) for j, alpha in enumerate(alphas, 1)]
    northing = xi + sum(a * math.sin(j * xi) * math.cosh(j * eta) for j, a in waves)
    easting = eta + sum(a * math.cos(j * xi) * math.sinh(j * eta) for j, a in waves)
    return radius * easting, radius * northing


def test_the_series_of_this_test_gives_the_published_quarter_meridian() -> None:
    assert gauss_krueger(90.0, 0.0)[1] == pytest.approx(QUARTER_MERIDIAN_M, abs=2e-4)


@given(**china)
def test_gauss_krueger_is_what_the_series_gives(latitude: float, longitude: float) -> None:
    for frame, middle_of in (
        (GAUSS_KRUEGER[0], lambda z: 3 * z),
        (GAUSS_KRUEGER[1], lambda z: 6 * z - 3),
    ):
        grid = grid_of(latitude, longitude, frame)
        zone = int(grid.easting_m // 1e6)
        east, north = gauss_krueger(latitude, longitude - middle_of(zone))
        assert grid.easting_m == pytest.approx(zone * 1e6 + 500_000 + east, abs=1e-4)
        assert grid.northing_m == pytest.approx(north, abs=1e-4)


@given(**china)
def test_the_named_gauss_krueger_grid_leads_back(latitude: float, longitude: float) -> None:
    for frame in GAUSS_KRUEGER:
        back = back_to_geographic(grid_of(latitude, longitude, frame))
        assert back == pytest.approx((latitude, longitude), abs=1e-9)


@given(**china)
def test_the_zone_is_the_one_whose_middle_is_nearest(latitude: float, longitude: float) -> None:
    for frame, half_width in zip(GAUSS_KRUEGER, (1.5, 3.0), strict=True):
        grid = grid_of(latitude, longitude, frame)
        operation = CRS(grid.crs).coordinate_operation
        assert operation is not None
        middle = next(p.value for p in operation.params if p.name == "Longitude of natural origin")
        assert abs(longitude - float(middle)) <= half_width + 1e-9


@pytest.mark.parametrize(
    ("longitude", "three", "six"),
    [
        (73.63, "EPSG:4513", "EPSG:4491"),  # zones 25 and 13, the first ones
        (118.499999, "EPSG:4527", "EPSG:4498"),  # zone 39 around 117, zone 20 around 117
        (118.5, "EPSG:4528", "EPSG:4498"),  # zone 40 around 120
        (119.999999, "EPSG:4528", "EPSG:4498"),
        (120.0, "EPSG:4528", "EPSG:4499"),  # zone 21 around 123
        (134.76, "EPSG:4533", "EPSG:4501"),  # zones 45 and 23, the last ones
    ],
)
def test_the_zone_changes_half_way_between_middles(longitude: float, three: str, six: str) -> None:
    assert [grid_of(30.0, longitude, frame).crs for frame in GAUSS_KRUEGER] == [three, six]


def test_a_place_in_shanghai_is_in_zone_40_around_120_degrees() -> None:
    position = convert(31.2304, 121.4737, OutputFrame.CGCS2000)
    assert (position.crs, position.latitude_deg, position.longitude_deg) == (
        "EPSG:4490", 31.2304, 121.4737,
    )  # fmt: skip
    assert position.grid is not None
    assert position.grid.name == "CGCS2000 / 3-degree Gauss-Kruger zone 40"
    # Along the parallel 1.4737 degrees are 140 km, and the zone stands before the easting.
    assert position.grid.easting_m == pytest.approx(40_640_000, abs=1000)


@pytest.mark.parametrize("place", [(31.0, 73.6), (31.0, 134.8), (16.6, 110.0), (53.6, 123.0)])
def test_cgcs2000_is_not_given_outside_china(place: tuple[float, float]) -> None:
    for frame in GAUSS_KRUEGER:
        refusal = convert_position(*place, frame)
        assert isinstance(refusal, NotPlaced)
        assert refusal.code is ReasonCode.OUTSIDE_FRAME
        assert refusal.detail is not None


def test_gauss_krueger_zones_are_as_wide_as_asked() -> None:
    assert find_gauss_krueger_zone(120.0, width_deg=3) == 40
    assert find_gauss_krueger_zone(117.0, width_deg=6) == 20


def test_gcj02_is_given_by_its_name_and_only_in_china() -> None:
    position = convert(39.911954, 116.377817, OutputFrame.GCJ02)
    assert position.crs == "GCJ-02"
    assert position.latitude_deg == pytest.approx(39.91334545536069)
    refusal = convert_position(21.03, 105.85, OutputFrame.GCJ02)
    assert isinstance(refusal, NotPlaced)
    assert refusal.code is ReasonCode.OUTSIDE_FRAME


@given(**utm_area)
def test_the_named_utm_zone_leads_back(latitude: float, longitude: float) -> None:
    position = back_to_geographic(grid_of(latitude, longitude, OutputFrame.UTM))
    assert distance_m((latitude, longitude), position) < 1e-3


@pytest.mark.parametrize(
    ("latitude", "longitude", "zone"),
    [
        (0.0, -180.0, 1),
        (0.0, 180.0, 1),  # the same line
        (0.0, 179.999999, 60),
        (0.0, -0.000001, 30),
        (0.0, 0.0, 31),
        (60.39, 5.32, 32),  # Bergen, on the widened zone
        (60.39, 2.99, 31),
        (64.0, 5.32, 31),
        (78.22, 15.65, 33),  # Longyearbyen
        (78.22, 8.99, 31),
        (78.22, 21.0, 35),
        (78.22, 41.99, 37),
        (78.22, 42.0, 38),
        (71.99, 8.0, 32),
    ],
)
def test_utm_zones_have_their_borders_and_exceptions(
    latitude: float, longitude: float, zone: int
) -> None:
    assert find_utm_zone(latitude, longitude) == zone


@pytest.mark.parametrize(
    ("latitude", "crs"),
    [(-80.0, "EPSG:32731"), (-1e-9, "EPSG:32731"), (0.0, "EPSG:32631"), (84.0, "EPSG:32631")],
)
def test_the_equator_parts_north_from_south(latitude: float, crs: str) -> None:
    grid = grid_of(latitude, 3.0, OutputFrame.UTM)
    assert grid.crs == crs
    assert grid.easting_m == pytest.approx(500_000.0, abs=1e-6)  # 3 degrees is the zone's middle


@pytest.mark.parametrize("latitude", [-90.0, -80.001, 84.001, 90.0])
def test_utm_does_not_reach_the_poles(latitude: float) -> None:
    refusal = convert_position(latitude, 10.0, OutputFrame.UTM)
    assert isinstance(refusal, NotPlaced)
    assert refusal.code is ReasonCode.OUTSIDE_FRAME


@given(latitude=degrees(-90.0, 90.0), longitude=degrees(-180.0, 180.0))
def test_an_mgrs_square_of_a_metre_holds_the_place(latitude: float, longitude: float) -> None:
    reference = convert(latitude, longitude, OutputFrame.MGRS).reference
    corner = mgrs.MGRS().toLatLon(reference)
    # From the south-west corner, a square metre's diagonal and the scale at a zone's edge.
    assert distance_m((latitude, longitude), corner) < 1.5


@given(**utm_area)
def test_mgrs_and_utm_name_the_same_metre(latitude: float, longitude: float) -> None:
    reference = convert(latitude, longitude, OutputFrame.MGRS).reference
    grid = grid_of(latitude, longitude, OutputFrame.UTM)
    assert reference is not None
    assert int(reference[:2]) == int(grid.crs[-2:])
    for digits, metres in ((reference[5:10], grid.easting_m), (reference[10:], grid.northing_m)):
        off = (metres % 100_000 - int(digits) + 50_000) % 100_000 - 50_000
        assert -0.001 <= off < 1.001


def test_the_poles_have_an_mgrs_reference() -> None:
    assert str(convert(90.0, 0.0, OutputFrame.MGRS).reference).startswith("Z")
    assert str(convert(-90.0, 0.0, OutputFrame.MGRS).reference)[0] in "AB"


@pytest.mark.parametrize("place", [(91.0, 0.0), (0.0, 181.0), (math.nan, 0.0), (0.0, math.inf)])
@pytest.mark.parametrize("frame", OutputFrame)
def test_what_is_not_on_the_earth_is_an_error(
    place: tuple[float, float], frame: OutputFrame
) -> None:
    with pytest.raises(ValueError, match="not a position on the earth"):
        convert_position(*place, frame)
