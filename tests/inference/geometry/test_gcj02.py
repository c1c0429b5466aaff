import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.gcj02 import gcj02_to_wgs84, is_in_gcj02_area, wgs84_to_gcj02

# (longitude, latitude) of places where Chinese maps are shifted; some lie right at a border.
INSIDE = {
    "Beijing": (116.39, 39.91), "Shanghai": (121.47, 31.23), "Guangzhou": (113.26, 23.13),
    "Urumqi": (87.62, 43.83), "Lhasa": (91.11, 29.65), "Kashgar": (75.99, 39.47),
    "Kunming": (102.71, 25.04), "Harbin": (126.64, 45.75), "Hohhot": (111.65, 40.82),
    "Sanya": (109.51, 18.25), "Xiamen": (118.09, 24.48), "Hong Kong": (114.17, 22.28),
    "Macau": (113.55, 22.19), "Mohe": (122.54, 52.97), "Heihe": (127.53, 50.24),
    "Manzhouli": (117.38, 49.60), "Fuyuan": (134.31, 48.36), "Hunchun": (130.36, 42.86),
    "Dandong": (124.38, 40.13), "Dalian": (121.62, 38.92), "Weihai": (122.12, 37.51),
    "Zhoushan": (122.11, 30.02), "Dongxing": (107.97, 21.55), "Pingxiang": (106.75, 22.10),
    "Hekou": (103.96, 22.53), "Mengla": (101.56, 21.48), "Ruili": (97.85, 24.01),
    "Yadong": (88.91, 27.48), "Zhangmu": (85.98, 27.99), "Burang": (81.18, 30.29),
    "Shiquanhe": (80.10, 32.50), "Tashkurgan": (75.23, 37.77), "Khorgos": (80.41, 44.21),
    "Altay": (88.14, 47.84), "Tacheng": (82.98, 46.75), "Erenhot": (111.98, 43.65),
}  # fmt: skip
OUTSIDE = {
    "Taipei": (121.57, 25.04), "Kaohsiung": (120.30, 22.62), "Hanoi": (105.85, 21.03),
    "Vientiane": (102.60, 17.97), "Yangon": (96.16, 16.84), "Myitkyina": (97.40, 25.38),
    "Kathmandu": (85.32, 27.71), "Thimphu": (89.64, 27.47), "Delhi": (77.21, 28.61),
    "Leh": (77.58, 34.15), "Islamabad": (73.05, 33.69), "Almaty": (76.89, 43.24),
    "Bishkek": (74.59, 42.87), "Ulaanbaatar": (106.92, 47.92), "Choibalsan": (114.53, 48.07),
    "Irkutsk": (104.28, 52.29), "Chita": (113.50, 52.03), "Khabarovsk": (135.07, 48.48),
    "Vladivostok": (131.89, 43.12), "Pyongyang": (125.75, 39.02), "Seoul": (126.98, 37.57),
    "Jeju": (126.53, 33.50), "Tokyo": (139.69, 35.69), "Okinawa": (127.68, 26.21),
    "Manila": (120.98, 14.60), "Singapore": (103.82, 1.35), "London": (-0.13, 51.51),
}  # fmt: skip


# The vectors that open converters share (googollee/eviltransform, its tests).
@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ],
    ids=["Shanghai", "Shenzhen", "Beijing"],
)
def test_published_places_are_met(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert wgs84_to_gcj02(*wgs84) == pytest.approx(gcj02, abs=1e-12)
    assert gcj02_to_wgs84(*gcj02) == pytest.approx(wgs84, abs=1e-12)


@given(latitude=st.floats(0.0, 56.0), longitude=st.floats(72.0, 138.0))
def test_there_and_back_is_the_same_place(latitude: float, longitude: float) -> None:
    back = gcj02_to_wgs84(*wgs84_to_gcj02(latitude, longitude))
    assert back == pytest.approx((latitude, longitude), abs=1e-9)


@given(latitude=st.floats(18.0, 53.0), longitude=st.floats(74.0, 134.0))
def test_the_shift_is_some_hundred_metres(latitude: float, longitude: float) -> None:
    shifted_latitude, shifted_longitude = wgs84_to_gcj02(latitude, longitude)
    north_m = (shifted_latitude - latitude) * 111_000
    east_m = (shifted_longitude - longitude) * 111_000 * math.cos(math.radians(latitude))
    assert 10.0 < math.hypot(north_m, east_m) < 1500.0


@pytest.mark.parametrize("place", INSIDE.values(), ids=INSIDE)
def test_places_in_china_are_inside(place: tuple[float, float]) -> None:
    longitude, latitude = place
    assert is_in_gcj02_area(latitude, longitude)


@pytest.mark.parametrize("place", OUTSIDE.values(), ids=OUTSIDE)
def test_places_elsewhere_are_outside(place: tuple[float, float]) -> None:
    longitude, latitude = place
    assert not is_in_gcj02_area(latitude, longitude)
