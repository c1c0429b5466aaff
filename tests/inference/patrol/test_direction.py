"""The compass direction as phones write it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import TiffImagePlugin

from inference.reading.metadata import YawReference
from inference.reading.read_photo import read_photo_metadata
from inference.receipt import ReasonCode

REFERENCE, DIRECTION = 0x0010, 0x0011


def ratio(number: float) -> TiffImagePlugin.IFDRational:
    return TiffImagePlugin.IFDRational(round(number * 100), 100)


@pytest.mark.parametrize(
    ("letter", "reference"),
    [("T", YawReference.TRUE), ("M", YawReference.MAGNETIC), ("x", YawReference.UNKNOWN)],
)
def test_the_direction_names_its_north(
    make_photo: Callable[..., Path], letter: str, reference: YawReference
) -> None:
    photo = read_photo_metadata(make_photo(gps={REFERENCE: letter, DIRECTION: ratio(217.5)}))
    assert photo.image_direction_deg == 217.5
    assert photo.image_direction_reference is reference


def test_a_direction_without_a_reference_is_of_an_unknown_north(
    make_photo: Callable[..., Path],
) -> None:
    photo = read_photo_metadata(make_photo(gps={DIRECTION: ratio(10.0)}))
    assert photo.image_direction_deg == 10.0
    assert photo.image_direction_reference is YawReference.UNKNOWN


def test_a_direction_beyond_the_circle_is_told_and_not_used(
    make_photo: Callable[..., Path],
) -> None:
    photo = read_photo_metadata(make_photo(gps={REFERENCE: "T", DIRECTION: ratio(400.0)}))
    assert photo.image_direction_deg is None
    assert ReasonCode.BAD_VALUE in [reason.code for reason in photo.reasons]


def test_a_direction_divided_by_zero_is_absent(make_photo: Callable[..., Path]) -> None:
    undefined = TiffImagePlugin.IFDRational(0, 0)
    photo = read_photo_metadata(make_photo(gps={REFERENCE: "T", DIRECTION: undefined}))
    assert photo.image_direction_deg is None
