"""The scenes' camera against examples worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.scenes.viewing import (
    SceneCamera,
    SceneView,
    camera_axes,
    distort,
    project,
    undistort,
    viewing_rays,
)

CX, CY, FOCAL = 1999.5, 1499.5, 2000.0


def make_camera(
    distortion: tuple[float, float, float, float, float] = (0, 0, 0, 0, 0),
) -> SceneCamera:
    return SceneCamera(
        width_px=4000, height_px=3000, fx=FOCAL, fy=FOCAL, cx=CX, cy=CY, distortion=distortion
    )


def make_view(*, yaw: float = 0, pitch: float = -90, roll: float = 0) -> SceneView:
    return SceneView(east_m=0, north_m=0, up_m=40, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)


def pixel_of(east: float, north: float, view: SceneView) -> list[float]:
    pixels = project(np.array([[east, north, 0.0]]), view, make_camera())
    return [float(value) for value in pixels[0]]


def test_straight_down_and_north_up_east_is_right_and_north_is_up() -> None:
    # 10 m east at 40 m distance: 10 * 2000 / 40 = 500 px to the right; 5 m north: 250 px up.
    assert pixel_of(10, 5, make_view()) == pytest.approx([CX + 500, CY - 250])


def test_straight_down_with_yaw_90_east_is_up_and_north_is_left() -> None:
    assert pixel_of(10, 5, make_view(yaw=90)) == pytest.approx([CX - 250, CY - 500])


def test_oblique_axis_meets_the_ground_at_height_over_tangent_of_pitch() -> None:
    # 40 m / tan 60 deg = 23.094 m ahead lies in the middle of the picture.
    assert pixel_of(0, 40 / np.sqrt(3), make_view(pitch=-60)) == pytest.approx([CX, CY])


def test_oblique_view_sees_its_own_foot_below_the_middle() -> None:
    # The foot lies 30 deg below the axis: 2000 px * tan 30 deg = 1154.7 px.
    assert pixel_of(0, 0, make_view(pitch=-60)) == pytest.approx([CX, CY + 1154.7005])


def test_oblique_view_shrinks_with_the_slant_distance() -> None:
    # Slant distance 40 m / sin 60 deg = 46.188 m: 10 m to the side are 10 * 2000 / 46.188 px.
    assert pixel_of(10, 40 / np.sqrt(3), make_view(pitch=-60)) == pytest.approx([CX + 433.0127, CY])


def test_clockwise_roll_turns_the_scene_counterclockwise() -> None:
    assert pixel_of(0, 5, make_view(roll=90)) == pytest.approx([CX - 250, CY])


def test_level_view_to_the_east_has_the_south_on_its_right() -> None:
    right, down, forward = camera_axes(make_view(yaw=90, pitch=0))
    assert forward == pytest.approx([1, 0, 0], abs=1e-12)
    assert right == pytest.approx([0, -1, 0], abs=1e-12)
    assert down == pytest.approx([0, 0, -1], abs=1e-12)


def test_points_behind_the_camera_have_no_pixel() -> None:
    assert np.isnan(project(np.array([[0.0, 0.0, 50.0]]), make_view(), make_camera())).all()


def test_radial_distortion_follows_browns_formula() -> None:
    # r2 = 0.25; 0.5 * (1 + 0.1 * 0.25) = 0.5125
    assert distort(np.array([0.5, 0.0]), make_camera((0.1, 0, 0, 0, 0))) == pytest.approx(
        [0.5125, 0]
    )


def test_tangential_distortion_follows_browns_formula() -> None:
    # x = 0.5, y = 0: p1 adds p1 * r2 to y, p2 adds p2 * (r2 + 2 x2) to x.
    camera = make_camera((0, 0, 0.01, 0.02, 0))
    assert distort(np.array([0.5, 0.0]), camera) == pytest.approx([0.5 + 0.02 * 0.75, 0.0025])


@given(x=st.floats(-0.75, 0.75), y=st.floats(-0.56, 0.56))
def test_undistorting_reverses_distorting(x: float, y: float) -> None:
    camera = make_camera((-0.062, 0.041, 0.0006, -0.0004, -0.012))
    bent = distort(np.array([x, y]), camera)
    assert undistort(bent, camera) == pytest.approx([x, y], abs=1e-9)


@given(
    column=st.floats(0, 3999),
    row=st.floats(0, 2999),
    yaw=st.floats(-180, 180),
    pitch=st.floats(-90, -30),
    roll=st.floats(-5, 5),
    reach=st.floats(1, 200),
)
def test_points_on_a_pixels_ray_project_back_to_the_pixel(
    column: float, row: float, yaw: float, pitch: float, roll: float, reach: float
) -> None:
    camera = make_camera((-0.062, 0.041, 0.0006, -0.0004, -0.012))
    view = make_view(yaw=yaw, pitch=pitch, roll=roll)
    ray = viewing_rays(np.array([[column, row]]), view, camera)
    pixels = project(view.position + reach * ray, view, camera)
    assert pixels[0] == pytest.approx([column, row], abs=1e-5)
