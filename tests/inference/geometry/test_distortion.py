"""Lens models against OpenCV, worked examples and their own inverse."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.geometry.distortion import Brown, Fisheye, opencv_fisheye, pix4d_fisheye

# A MicaSense Altum's, strong for a drone, and the fisheye of OpenCV's own tutorial set.
ALTUM = Brown(k1=-0.3614, k2=0.4130, p1=0.0033, p2=0.0005, k3=-0.5163)
OPENCV = (-0.0035, 0.0007, -0.002, 0.0002)
# A Parrot Bebop 2's as the DroneModels table has it.
BEBOP = (0.0, 1.0, -0.0561106, 0.0350564, -0.0953153)

small = st.floats(-0.02, 0.02)
inside = st.floats(-0.5, 0.5)


@given(st.floats(-0.3, 0.3), st.floats(-0.1, 0.1), small, small, inside, inside)
def test_brown_there_and_back(
    k1: float, k2: float, p1: float, p2: float, x: float, y: float
) -> None:
    lens = Brown(k1=k1, k2=k2, p1=p1, p2=p2)
    ray = np.array([[x, y, 1.0]])
    assert lens.unproject(lens.project(ray)) == pytest.approx(ray, abs=1e-7)


@given(small, small, small, small, st.floats(0.0, 1.8), st.floats(-math.pi, math.pi))
def test_fisheye_there_and_back(
    k1: float, k2: float, k3: float, k4: float, angle: float, heading: float
) -> None:
    lens = opencv_fisheye(k1 / 10, k2 / 10, k3 / 100, k4 / 100)
    ray = np.array(
        [
            [
                math.sin(angle) * math.cos(heading),
                math.sin(angle) * math.sin(heading),
                math.cos(angle),
            ]
        ]
    )
    assert lens.unproject(lens.project(ray)) == pytest.approx(ray, abs=1e-9)


def test_brown_is_that_of_opencv() -> None:
    rays = np.array([[0.3, -0.2, 1.0], [-0.6, 0.4, 1.0], [0.0, 0.0, 1.0]])
    coefficients = np.array([ALTUM.k1, ALTUM.k2, ALTUM.p1, ALTUM.p2, ALTUM.k3])
    expected, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), np.eye(3), coefficients)
    assert ALTUM.project(rays) == pytest.approx(expected[:, 0, :], abs=1e-9)


def test_fisheye_is_that_of_opencv() -> None:
    rays = np.array([[0.3, -0.2, 1.0], [-2.0, 1.5, 1.0], [1.0, 0.0, 0.1]])
    expected, _ = cv2.fisheye.projectPoints(
        rays[:, None, :], np.zeros(3), np.zeros(3), np.eye(3), np.array(OPENCV)
    )
    assert opencv_fisheye(*OPENCV).project(rays) == pytest.approx(expected[:, 0, :], abs=1e-9)


def test_fisheye_of_pix4d_by_hand() -> None:
    # At 45 degrees, half of 90: rho = 0.5 - 0.0561106 / 4 + 0.0350564 / 8 - 0.0953153 / 16
    # = 0.484397. The plane is in units of C 2 / pi: times pi / 2 = 0.760889.
    plane = pix4d_fisheye(BEBOP).project(np.array([[0.0, 1.0, 1.0]]))
    assert plane[0] == pytest.approx([0.0, 0.760889], abs=1e-5)


def test_a_polynomial_of_pix4d_begins_with_0_and_1() -> None:
    for polynomial in [(1.0, 0.0, 0.1), (0.0, 1.0), (0.0,) * 9, ()]:
        with pytest.raises(ValueError, match="polynomial"):
            pix4d_fisheye(polynomial)


def test_the_axis_is_the_centre_of_a_fisheye() -> None:
    lens = pix4d_fisheye(BEBOP)
    assert lens.project(np.array([[0.0, 0.0, 2.0]]))[0] == pytest.approx([0.0, 0.0])
    assert lens.unproject(np.zeros((1, 2)))[0] == pytest.approx([0.0, 0.0, 1.0])


def test_what_the_model_folds_back_is_not_in_the_picture() -> None:
    # r (1 - 0.3 r²) grows up to r = 1 / sqrt(0.9) = 1.054; at r = 1.5 it is 0.4875, which a ray
    # at r = 0.53 has already.
    lens = Brown(k1=-0.3)
    assert not np.isnan(lens.project(np.array([[1.0, 0.0, 1.0]]))).any()
    assert np.isnan(lens.project(np.array([[1.5, 0.0, 1.0]]))).all()


def test_beyond_a_fisheyes_circle_there_are_no_rays() -> None:
    # t - 0.1 t³ grows up to t = sqrt(10 / 3) = 1.826, where it is 1.2172.
    lens = Fisheye(coefficients=(0.0, -0.1))
    assert not np.isnan(lens.unproject(np.array([[1.216, 0.0]]))).any()
    assert np.isnan(lens.unproject(np.array([[1.218, 0.0]]))).all()


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_turning_a_picture_turns_its_lens(x: float, y: float) -> None:
    # Clockwise, right becomes down: (x, y) goes to (-y, x).
    straight = ALTUM.project(np.array([[x, y, 1.0]]))[0]
    turned = ALTUM.turned_clockwise().project(np.array([[-y, x, 1.0]]))[0]
    assert turned == pytest.approx([-straight[1], straight[0]], abs=1e-12)
