"""Calibrations in Pix4D's Camera namespace."""

import math

import pytest

from inference.reading.exif import Exif
from inference.reading.lens import parse_lens
from inference.reading.metadata import Lens
from inference.receipt import Reason, ReasonCode

# Of a Parrot Sequoia's colour camera: pixels of 1.34 um.
SEQUOIA = {
    "Camera:ModelType": "perspective",
    "Camera:PrincipalPoint": "3.042001,2.280612",
    "Camera:PerspectiveFocalLength": "4.812073",
    "Camera:PerspectiveDistortion": "0.178,-0.475,0.402,-0.0009,-0.0007",
}
# Of a Sequoia's band, as in Pix4D's specification; 1280 x 960 pixels of 3.75 um.
BAND = {
    "Camera:ModelType": "fisheye",
    "Camera:PrincipalPoint": "2.42299,1.850154",
    "Camera:FisheyeAffineMatrix": "1583.319083002,0,0,1583.319083002",
    "Camera:FisheyePolynomial": "0,1,-0.025178575,0.167834214",
}
PER_MM = 4.0


def parsed(
    xmp: dict[str, str], size_px: tuple[int, int], per_mm: float, unit: float = PER_MM
) -> tuple[Lens, list[ReasonCode]]:
    exif = Exif(
        numbers={
            "EXIF FocalPlaneXResolution": (per_mm,),
            "EXIF FocalPlaneYResolution": (per_mm,),
            "EXIF FocalPlaneResolutionUnit": (unit,),
        }
    )
    reasons: list[Reason] = []
    return parse_lens(exif, xmp, size_px, reasons), [reason.code for reason in reasons]


def test_millimetres_become_pixels() -> None:
    lens, reasons = parsed(SEQUOIA, (4608, 3456), 746.2687)
    # 4.812073 mm * 746.2687 = 3591.1 px, 3.042001 * 746.2687 = 2270.1, 2.280612 * ... = 1701.9.
    assert lens.dewarp_px == pytest.approx((3591.1, 3591.1, 2270.1, 1701.9), abs=0.1)
    assert lens.dewarp_source == "camera_xmp"
    assert lens.calibrated_size_px == (4608, 3456)
    assert not lens.is_fisheye
    assert reasons == []


def test_distortion_is_put_into_the_order_of_opencv() -> None:
    # Pix4D: R1, R2, R3, T1, T2. OpenCV: k1, k2, p1, p2, k3.
    lens, _ = parsed(SEQUOIA, (4608, 3456), 746.2687)
    assert lens.distortion == (0.178, -0.475, -0.0009, -0.0007, 0.402)


@pytest.mark.parametrize(("unit", "factor"), [(2, 25.4), (3, 10.0), (4, 1.0), (5, 0.001)])
def test_the_focal_plane_resolution_has_units(unit: int, factor: float) -> None:
    lens, _ = parsed(SEQUOIA, (4608, 3456), 746.2687 * factor, unit)
    assert lens.dewarp_px is not None
    assert lens.dewarp_px[0] == pytest.approx(3591.1, abs=0.1)


def test_a_scaled_copy_keeps_the_size_that_it_was_calibrated_for() -> None:
    lens, _ = parsed(SEQUOIA, (1152, 864), 746.2687)
    assert lens.calibrated_size_px == (4540, 3404)  # twice the principal point


def test_a_fisheye_has_its_focal_length_on_the_axis() -> None:
    lens, reasons = parsed(BAND, (1280, 960), 266.6667)
    assert lens.is_fisheye
    assert lens.dewarp_px is not None
    # 1583.319 px at 90 degrees would be pi / 2 radians.
    assert lens.dewarp_px[0] == pytest.approx(1583.319083 * 2.0 / math.pi)
    assert lens.fisheye_polynomial == (0.0, 1.0, -0.025178575, 0.167834214)
    assert lens.distortion is None
    assert reasons == []


@pytest.mark.parametrize(
    "change",
    [
        {"Camera:FisheyeAffineMatrix": "1583,0,0"},
        {"Camera:FisheyeAffineMatrix": "1583,400,-400,1583"},
        {"Camera:FisheyeAffineMatrix": "-1583,0,0,1583"},
        {"Camera:FisheyePolynomial": "0,1,nan"},
        {"Camera:PrincipalPoint": "0,0"},
        {"Camera:PrincipalPoint": "1e308,1e308"},
    ],
)
def test_a_damaged_fisheye_is_still_one(change: dict[str, str]) -> None:
    lens, reasons = parsed({**BAND, **change}, (1280, 960), 266.6667)
    assert lens.is_fisheye
    assert lens.dewarp_px is None
    assert reasons == [ReasonCode.BAD_VALUE]


@pytest.mark.parametrize(
    "change",
    [
        {"Camera:PerspectiveFocalLength": "-4.8"},
        {"Camera:PerspectiveFocalLength": "long"},
        {"Camera:PerspectiveFocalLengthUnits": "furlongs"},
        {"Camera:PerspectiveDistortion": "0.1,0.2"},
    ],
)
def test_a_damaged_perspective_lens_is_left_out(change: dict[str, str]) -> None:
    lens, reasons = parsed({**SEQUOIA, **change}, (4608, 3456), 746.2687)
    assert lens.dewarp_px is None
    assert reasons == [ReasonCode.BAD_VALUE]


@pytest.mark.parametrize("per_mm", [0.0, 1e-300, 1e300, math.inf, 72.0 / 25.4])
def test_pixels_of_no_sensible_size_make_no_calibration(per_mm: float) -> None:
    # 72 to an inch is what pictures say that know nothing of their sensor.
    assert parsed(SEQUOIA, (4608, 3456), per_mm)[0].dewarp_px is None


def test_photos_without_the_namespace_have_no_such_calibration() -> None:
    lens, reasons = parsed({"drone-dji:RelativeAltitude": "+40"}, (4000, 3000), 746.0)
    assert (lens.dewarp_px, lens.is_fisheye, reasons) == (None, False, [])
