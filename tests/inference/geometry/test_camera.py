"""Focal lengths from what photos say, and pixels to rays and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.camera import Camera, pixel_to_ray, plan_camera, ray_to_pixel
from inference.reading.metadata import Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode

# Of the size found on a Phantom 4 RTK.
PHANTOM_DISTORTION = (-0.267, 0.112, 0.0009, 0.0001, -0.033)


def make_photo(lens: Lens, *, size: tuple[int, int] = (4000, 3000), make: str = "DJI"):
    return PhotoMetadata(
        width_px=size[0],
        height_px=size[1],
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        make=make,
        lens=lens,
    )


def make_camera(**changes: object) -> Camera:
    values: dict[str, object] = {
        "width_px": 5472,
        "height_px": 3648,
        "fx": 3657.0,
        "fy": 3651.0,
        "cx": 2731.5,
        "cy": 1846.6,
        "distortion": PHANTOM_DISTORTION,
        "source": "dewarp_data",
        "focal_sigma_ratio": 0.003,
    }
    return Camera(**(values | changes))


def planned(lens: Lens, **kwargs: object) -> Camera:
    camera = plan_camera(make_photo(lens, **kwargs))
    assert isinstance(camera, Camera)
    return camera


def test_dewarp_data_is_taken_before_everything_else() -> None:
    lens = Lens(
        dewarp_px=(3000.0, 3010.0, 1990.0, 1510.0),
        distortion=PHANTOM_DISTORTION,
        calibrated_size_px=(4000, 3000),
        calibrated_focal_px=2900.0,
        focal_length_35mm=26.0,
    )
    camera = planned(lens)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((3000, 3010, 1990, 1510))
    assert camera.distortion == PHANTOM_DISTORTION
    assert camera.source == "dewarp_data"


def test_a_quarter_size_copy_has_a_quarter_of_the_focal_length() -> None:
    lens = Lens(dewarp_px=(3656.0, 3652.0, 2735.5, 1823.5), calibrated_size_px=(5472, 3648))
    camera = planned(lens, size=(1368, 912))
    # The middle stays the middle: 2735.5 of 0..5471 becomes 683.5 of 0..1367.
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((914, 913, 683.5, 455.5))


def test_a_wide_picture_of_a_4_to_3_camera_is_its_middle_cut_out() -> None:
    lens = Lens(
        calibrated_focal_px=3000.0,
        calibrated_center_px=(2009.5, 1509.5),
        calibrated_size_px=(4000, 3000),
    )
    camera = planned(lens, size=(4000, 2250))
    # 375 rows are gone at the top and as many below.
    assert (camera.fx, camera.cx, camera.cy) == pytest.approx((3000, 2009.5, 1134.5))
    assert camera.focal_sigma_ratio > 0.02


def test_digital_zoom_multiplies_a_calibrated_focal_length() -> None:
    lens = Lens(calibrated_focal_px=3000.0, calibrated_size_px=(4000, 3000), digital_zoom=2.0)
    assert planned(lens).fx == pytest.approx(6000.0)


def test_calibration_in_other_units_is_not_believed() -> None:
    # As a Mavic 3 Thermal writes it: micrometres, and a centre of 0, 0.
    lens = Lens(calibrated_focal_px=9100.0, calibrated_center_px=(0.0, 0.0), focal_length_35mm=40.0)
    camera = planned(lens, size=(640, 512))
    assert camera.source == "equivalent_35mm"
    assert camera.fx == pytest.approx(40.0 / 36.0 * 640.0)


def test_calibration_that_contradicts_the_35_mm_equivalent_is_not_believed() -> None:
    lens = Lens(calibrated_focal_px=9100.0, focal_length_35mm=40.0)
    assert planned(lens, size=(640, 512)).source == "equivalent_35mm"


def test_field_of_view_of_90_degrees_is_half_the_width() -> None:
    assert planned(Lens(horizontal_fov_deg=90.0)).fx == pytest.approx(2000.0)


def test_35_mm_equivalent_goes_by_width_and_states_its_doubt() -> None:
    camera = planned(Lens(focal_length_35mm=24.0), size=(4000, 3000))
    assert camera.fx == pytest.approx(24.0 / 36.0 * 4000.0)
    # By diagonal 24 / 43.2666 * 5000 = 2773.5, not 2666.7: 4.0 % apart, over root two 2.83 %.
    # Rounding to whole millimetres: 0.2887 / 24 = 1.2 %.
    assert camera.focal_sigma_ratio == pytest.approx(math.hypot(0.0283, 0.0120), rel=0.01)


def test_calibration_of_a_lying_picture_is_not_for_an_upright_one() -> None:
    lens = Lens(
        dewarp_px=(3000.0, 3000.0, 2009.5, 1509.5),
        calibrated_size_px=(4000, 3000),
        focal_length_35mm=26.0,
    )
    camera = planned(lens, size=(3000, 4000))
    assert camera.source == "equivalent_35mm"
    assert camera.fx == pytest.approx(26.0 / 36.0 * 4000.0)


def test_35_mm_equivalent_of_an_upright_picture_goes_by_its_height() -> None:
    camera = planned(Lens(focal_length_35mm=24.0), size=(3000, 4000))
    assert camera.fx == pytest.approx(24.0 / 36.0 * 4000.0)


def test_35_mm_equivalent_of_a_3_to_2_picture_has_no_doubt_of_convention() -> None:
    camera = planned(Lens(focal_length_35mm=24.0), size=(6000, 4000))
    assert camera.focal_sigma_ratio == pytest.approx(0.2887 / 24.0, rel=0.01)


def test_digital_zoom_multiplies_the_35_mm_equivalent_but_for_apple() -> None:
    lens = Lens(focal_length_35mm=36.0, digital_zoom=2.0)
    assert planned(lens, make="Google").fx == pytest.approx(8000.0)
    assert planned(lens, make="Google").focal_sigma_ratio > 0.25
    assert planned(lens, make="Apple").fx == pytest.approx(4000.0)


def test_digital_zoom_of_zero_means_none() -> None:
    assert planned(Lens(focal_length_35mm=36.0, digital_zoom=0.0)).fx == pytest.approx(4000.0)


def test_no_optics_no_camera() -> None:
    answer = plan_camera(make_photo(Lens(focal_length_mm=4.5)))
    assert isinstance(answer, NotPlaced)
    assert answer.code is ReasonCode.NO_FOCAL_LENGTH


def test_a_ray_one_focal_length_beside_the_centre_is_at_45_degrees() -> None:
    camera = make_camera(distortion=(0.0,) * 5, fy=3657.0)
    ray = pixel_to_ray(camera, [[2731.5 + 3657.0, 1846.6]])[0]
    assert ray == pytest.approx([math.sqrt(0.5), 0.0, math.sqrt(0.5)])


@given(st.floats(0.0, 5471.0), st.floats(0.0, 3647.0))
def test_pixels_come_back_through_the_distortion_of_a_real_lens(x: float, y: float) -> None:
    camera = make_camera()
    assert ray_to_pixel(camera, pixel_to_ray(camera, [[x, y]]))[0] == pytest.approx(
        [x, y], abs=1e-4
    )


def test_barrel_distortion_by_hand() -> None:
    # At x = 0.5, y = 0 and k1 = -0.2: 0.5 * (1 - 0.2 * 0.25) = 0.475.
    camera = make_camera(distortion=(-0.2, 0.0, 0.0, 0.0, 0.0), fx=1000.0, cx=0.0, cy=0.0)
    assert ray_to_pixel(camera, [[0.5, 0.0, 1.0]])[0] == pytest.approx([475.0, 0.0])


def test_rays_behind_the_camera_have_no_pixel() -> None:
    assert np.isnan(ray_to_pixel(make_camera(), [[0.0, 0.0, -1.0]])).all()
