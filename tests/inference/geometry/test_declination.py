"""Magnetic declination against the values published with the World Magnetic Model."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.declination import decimal_year, declination, plan_true_yaw
from inference.reading.metadata import YawReference


def moment(year: float) -> datetime:
    start = datetime(int(year), 1, 1, tzinfo=UTC)
    return start + (datetime(int(year) + 1, 1, 1, tzinfo=UTC) - start) * (year - int(year))


@pytest.mark.parametrize(
    ("year", "latitude_deg", "longitude_deg", "expected_deg"),
    [
        # Test values of the WMM2020 report (Chulliat and others, 2020), height 0.
        (2020.0, 80.0, 0.0, -1.28),
        (2020.0, 0.0, 120.0, 0.16),
        (2020.0, -80.0, 240.0, 69.36),
        (2022.5, 80.0, 0.0, -0.01),
        (2022.5, 0.0, 120.0, -0.06),
        # Of the WMM2025 report.
        (2025.0, 80.0, 0.0, 1.28),
        (2025.0, 0.0, 120.0, -0.16),
        (2025.0, -80.0, 240.0, 68.78),
    ],
)
def test_published_values(
    year: float, latitude_deg: float, longitude_deg: float, expected_deg: float
) -> None:
    found = declination(latitude_deg, longitude_deg, moment(year))
    assert found.declination_deg == pytest.approx(expected_deg, abs=0.02)


@given(st.floats(-85, 85), st.floats(-180, 180))
def test_longitudes_go_around(latitude_deg: float, longitude_deg: float) -> None:
    here, once_around = (
        declination(latitude_deg, longitude, moment(2021.3)).declination_deg
        for longitude in (longitude_deg, longitude_deg + 360.0)
    )
    assert here == pytest.approx(once_around, abs=1e-6)


def test_outside_the_models_years_the_nearest_counts_and_is_trusted_less() -> None:
    last, later = (declination(50.0, 8.0, moment(year)) for year in (2029.99, 2039.99))
    assert later.declination_deg == pytest.approx(last.declination_deg, abs=0.02)
    assert later.sigma_deg > last.sigma_deg + 0.8
    first, earlier = (declination(50.0, 8.0, moment(year)) for year in (2010.0, 2004.0))
    assert earlier.declination_deg == first.declination_deg
    assert earlier.sigma_deg > first.sigma_deg


def test_without_a_date_the_doubt_is_of_years() -> None:
    assert declination(50.0, 8.0, None).sigma_deg > 2.0


def test_near_the_magnetic_pole_a_compass_says_little() -> None:
    near, far = declination(86.0, 140.0, moment(2024.0)), declination(50.0, 8.0, moment(2024.0))
    assert near.sigma_deg > 2.0 > far.sigma_deg


def test_the_year_ends_where_the_next_begins() -> None:
    assert decimal_year(datetime(2024, 7, 2, tzinfo=UTC)) == pytest.approx(2024.5, abs=1e-9)
    new_year = datetime(2025, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    assert decimal_year(new_year) == 2025.0
    assert decimal_year(datetime.max.replace(tzinfo=UTC)) == pytest.approx(10000.0)


def test_a_yaw_from_true_north_needs_no_model() -> None:
    true = plan_true_yaw(
        -10.0, YawReference.TRUE, latitude_deg=1.0, longitude_deg=2.0, captured_at=None
    )
    assert (true.yaw_deg, true.sigma_deg) == (350.0, 0.0)
