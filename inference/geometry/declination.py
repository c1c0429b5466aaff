"""Yaws from true north: the magnetic declination by the World Magnetic Model.

Chulliat and others, "The US/UK World Magnetic Model" (NOAA, 2015 to 2025); `pygeomag` carries the
coefficients of four five-year models. The model's own error is a third of a degree at middle
latitudes; buildings and vehicles add degrees, which belong to the compass and not here.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from pygeomag import GeoMag

from inference.reading.metadata import YawReference

FIRST_YEAR, LAST_YEAR = 2010.0, 2030.0  # of the models carried
YEARS_PER_MODEL = 5

# One sigma of the declination: the error of the model (WMM2020 report, section 3.4), rounded up,
# its part that grows where the horizontal field is weak, and the yearly drift beyond the models.
MODEL_SIGMA_DEG = 0.3
WEAK_FIELD_DEG_NT = 5600.0
DRIFT_DEG_PER_YEAR = 0.15
NO_DATE_SIGMA_DEG = 2.0  # ten years of drift either way
MAX_SIGMA_DEG = 180.0

# How likely a yaw whose north is not named is a magnetic one. DJI's manuals call the frame
# north-east-down, and its support has answered "true north" four times and "magnetic" once.
MAGNETIC_SHARE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Declination:
    """Magnetic north's direction, clockwise from true north, and one sigma of it."""

    declination_deg: float
    sigma_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueYaw:
    """A yaw clockwise from true north, 0 to 360, and one sigma of what north it is from."""

    yaw_deg: float
    sigma_deg: float


def plan_true_yaw(
    yaw_deg: float,
    reference: YawReference,
    *,
    latitude_deg: float,
    longitude_deg: float,
    captured_at: datetime | None,
) -> TrueYaw:
    """Return the yaw from true north with the doubt that its north leaves.

    A magnetic yaw is turned by the declination. Where the north is not named the yaw stays, and the
    declination there goes into the doubt.

    Args:
        yaw_deg: Clockwise from the north named.
        reference: That north.
        latitude_deg: Of the photo.
        longitude_deg: Of the photo.
        captured_at: Aware; None where not known.
    """
    if reference is YawReference.TRUE:
        return TrueYaw(yaw_deg=yaw_deg % 360.0, sigma_deg=0.0)
    there = declination(latitude_deg, longitude_deg, captured_at)
    if reference is YawReference.MAGNETIC:
        turned_deg = (yaw_deg + there.declination_deg) % 360.0
        return TrueYaw(yaw_deg=turned_deg, sigma_deg=there.sigma_deg)
    doubt_deg = math.sqrt(MAGNETIC_SHARE) * abs(there.declination_deg)
    return TrueYaw(yaw_deg=yaw_deg % 360.0, sigma_deg=doubt_deg)


def declination(
    latitude_deg: float, longitude_deg: float, captured_at: datetime | None
) -> Declination:
    """Return the declination at sea level; before and after all models, that at their end."""
    year = LAST_YEAR - YEARS_PER_MODEL if captured_at is None else decimal_year(captured_at)
    known_year = min(max(year, FIRST_YEAR), LAST_YEAR)
    field = _model(known_year).calculate(
        glat=latitude_deg,
        glon=longitude_deg,
        alt=0.0,
        time=known_year,
        allow_date_outside_lifespan=True,
    )
    weak_deg = WEAK_FIELD_DEG_NT / max(float(field.h), 1.0)
    drift_deg = DRIFT_DEG_PER_YEAR * abs(year - known_year)
    if captured_at is None:
        drift_deg = NO_DATE_SIGMA_DEG
    sigma_deg = min(math.hypot(MODEL_SIGMA_DEG, weak_deg, drift_deg), MAX_SIGMA_DEG)
    return Declination(declination_deg=float(field.d), sigma_deg=sigma_deg)


def decimal_year(moment: datetime) -> float:
    """Return the year with its part that has passed, such as 2024.5."""
    moment = moment.astimezone(UTC)
    start = datetime(moment.year, 1, 1, tzinfo=UTC)
    # The last year of all has no year after it.
    days = 366 if _is_leap(moment.year) else 365
    return moment.year + (moment - start).total_seconds() / (days * 86400.0)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _model(year: float) -> GeoMag:
    """Return the model of the five years that hold this one."""
    epoch = int(min(year, LAST_YEAR - 1.0) // YEARS_PER_MODEL) * YEARS_PER_MODEL
    return _read_model(epoch)


@cache
def _read_model(epoch: int) -> GeoMag:
    return GeoMag(base_year=epoch)
