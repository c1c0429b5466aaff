"""Heights of different kinds are not put beside each other."""

import pytest

from inference.geometry.vertical_datum import Comparison, compare_datums
from inference.reading.height_datum import HeightDatum

SEA_LEVEL, ELLIPSOID = HeightDatum.SEA_LEVEL, HeightDatum.ELLIPSOID


@pytest.mark.parametrize(
    ("photo", "model", "sigma_m"),
    [
        (SEA_LEVEL, "EGM96 height", 0.5),
        (SEA_LEVEL, "EGM2008 height", 0.5),
        (SEA_LEVEL, "NAVD88 height", 1.5),
        (SEA_LEVEL, "1985 Yellow Sea / Huanghai height", 1.5),
        (ELLIPSOID, "WGS 84 ellipsoid (WGS 84)", 0.0),
        (ELLIPSOID, "WGS_1984", 0.0),
    ],
)
def test_heights_of_one_kind_are_compared(photo: HeightDatum, model: str, sigma_m: float) -> None:
    assert compare_datums(photo, model) == Comparison(sigma_m=sigma_m)


@pytest.mark.parametrize(
    ("photo", "model", "fact"),
    [
        (ELLIPSOID, "EGM2008 height", "above WGS 84 ellipsoid"),
        (SEA_LEVEL, "WGS 84 ellipsoid (WGS 84)", "above mean sea level"),
        (None, "EGM2008 height", "photo does not say"),
        (SEA_LEVEL, None, "model names no"),
        (None, None, "photo does not say"),
    ],
)
def test_others_are_refused_with_the_reason(
    photo: HeightDatum | None, model: str | None, fact: str
) -> None:
    answer = compare_datums(photo, model)
    assert isinstance(answer, str)
    assert fact in answer
