"""Pixels to rays and back."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.camera import Camera, can_undistort, pixel_to_ray, ray_to_pixel
from inference.geometry.distortion import Brown, Distortion, Fisheye, opencv_fisheye

# Of the size found on a Phantom 4 RTK.
PHANTOM = Brown(k1=-0.267, k2=0.112, p1=0.0009, p2=0.0001, k3=-0.033)
# 180 degrees across the long side: 2735 / (pi / 2) pixels to a radian, corners at 108 degrees.
WIDE = Fisheye()


def make_camera(**changes: object) -> Camera:
    values: dict[str, object] = {
        "width_px": 5472,
        "height_px": 3648,
        "fx": 3657.0,
        "fy": 3651.0,
        "cx": 2731.5,
        "cy": 1846.6,
        "distortion": PHANTOM,
        "source": "dewarp_data",
        "focal_sigma_ratio": 0.003,
    }
    return Camera(**(values | changes))


def test_a_ray_one_focal_length_beside_the_centre_is_at_45_degrees() -> None:
    camera = make_camera(distortion=Brown(), fy=3657.0)
    ray = pixel_to_ray(camera, [[2731.5 + 3657.0, 1846.6]])[0]
    assert ray == pytest.approx([math.sqrt(0.5), 0.0, math.sqrt(0.5)])


@given(st.floats(0.0, 5471.0), st.floats(0.0, 3647.0))
def test_pixels_come_back_through_the_distortion_of_a_real_lens(x: float, y: float) -> None:
    camera = make_camera()
    again = ray_to_pixel(camera, pixel_to_ray(camera, [[x, y]]))[0]
    assert again == pytest.approx([x, y], abs=1e-4)


@given(st.floats(0.0, 5471.0), st.floats(0.0, 3647.0))
def test_pixels_come_back_through_a_fisheye_that_sees_behind_itself(x: float, y: float) -> None:
    camera = make_camera(distortion=WIDE, fx=1741.0, fy=1741.0)
    again = ray_to_pixel(camera, pixel_to_ray(camera, [[x, y]]))[0]
    assert again == pytest.approx([x, y], abs=1e-6)


def test_a_fisheye_sees_90_degrees_at_a_quarter_turn_of_focal_lengths() -> None:
    camera = make_camera(distortion=WIDE, fx=1000.0, fy=1000.0, cx=0.0, cy=0.0)
    # Equidistant: 90 degrees are pi / 2 = 1.5708 radians; 100 degrees look backwards.
    rays = pixel_to_ray(camera, [[1570.7963, 0.0], [0.0, 1745.3293]])
    assert rays[0] == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)
    assert rays[1] == pytest.approx([0.0, math.sin(1.7453293), math.cos(1.7453293)], abs=1e-6)


def test_barrel_distortion_by_hand() -> None:
    # At x = 0.5, y = 0 and k1 = -0.2: 0.5 * (1 - 0.2 * 0.25) = 0.475.
    camera = make_camera(distortion=Brown(k1=-0.2), fx=1000.0, cx=0.0, cy=0.0)
    assert ray_to_pixel(camera, [[0.5, 0.0, 1.0]])[0] == pytest.approx([475.0, 0.0])


def test_rays_behind_the_camera_have_no_pixel() -> None:
    assert np.isnan(ray_to_pixel(make_camera(), [[0.0, 0.0, -1.0]])).all()


@pytest.mark.parametrize(
    "distortion",
    [
        Brown(k1=-1.0),  # folds at a radius of 0.577, well inside the corners
        Brown(k1=-1e300, k3=1e300),
        Brown(p1=1e6),
        Brown(k1=math.nan),
        Fisheye(coefficients=(-1.0,)),  # folds at half a radian
        Fisheye(coefficients=(math.inf,)),
        opencv_fisheye(math.nan, 0.0, 0.0, 0.0),
    ],
)
def test_senseless_coefficients_are_told(distortion: Distortion) -> None:
    assert not can_undistort(make_camera(distortion=distortion))


@pytest.mark.parametrize("distortion", [Brown(), PHANTOM, Fisheye(coefficients=(0.0, -0.05))])
def test_sensible_coefficients_are_told(distortion: Distortion) -> None:
    assert can_undistort(make_camera(distortion=distortion))
