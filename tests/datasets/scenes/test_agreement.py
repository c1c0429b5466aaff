"""The scenes' projection and that of `inference`, written apart, against one worked example."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.scenes.viewing import SceneCamera, SceneView, camera_axes, project, viewing_rays
from inference.geometry.camera import Camera, pixel_to_ray
from inference.geometry.distortion import Brown
from inference.geometry.pose import rotation_camera_to_enu

DISTORTION = (-0.062, 0.041, 0.0006, -0.0004, -0.012)
NO_DISTORTION = (0.0, 0.0, 0.0, 0.0, 0.0)
Distortion = tuple[float, float, float, float, float]


def make_cameras(distortion: Distortion) -> tuple[SceneCamera, Camera]:
    ours = SceneCamera(
        width_px=4000, height_px=3000, fx=2000, fy=2000, cx=2010, cy=1490, distortion=distortion
    )
    theirs = Camera(
        width_px=4000,
        height_px=3000,
        fx=2000,
        fy=2000,
        cx=2010,
        cy=1490,
        distortion=Brown(**dict(zip(("k1", "k2", "p1", "p2", "k3"), distortion, strict=True))),
        source="dewarp_data",
        focal_sigma_ratio=0.0,
    )
    return ours, theirs


def make_view(yaw: float, pitch: float, roll: float) -> SceneView:
    return SceneView(east_m=0, north_m=0, up_m=40, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)


def test_both_agree_with_an_example_worked_by_hand() -> None:
    # 40 m up, 60 deg down, looking east: the axis meets the ground 40 / tan 60 = 23.094 m east,
    # 46.188 m away. 10 m south of there is to the right: 10 * 2000 / 46.188 = 433.01 px.
    scene_camera, camera = make_cameras(NO_DISTORTION)
    place, pixel = np.array([23.0940, -10.0, 0.0]), np.array([2010 + 433.0127, 1490])
    view = make_view(90, -60, 0)
    assert project(place[None], view, scene_camera)[0] == pytest.approx(pixel, abs=0.01)
    ray = rotation_camera_to_enu(90, -60, 0)[0] @ pixel_to_ray(camera, pixel[None])[0]
    assert view.position + ray * (-40 / ray[2]) == pytest.approx(place, abs=0.001)


@given(
    yaw=st.floats(-180, 180),
    pitch=st.floats(-90, -20),
    roll=st.floats(-20, 20),
    column=st.floats(0, 3999),
    row=st.floats(0, 2999),
)
def test_both_look_along_the_same_ray(
    yaw: float, pitch: float, roll: float, column: float, row: float
) -> None:
    scene_camera, camera = make_cameras(DISTORTION)
    pixel = np.array([[column, row]])
    ours = viewing_rays(pixel, make_view(yaw, pitch, roll), scene_camera)[0]
    theirs = rotation_camera_to_enu(yaw, pitch, roll)[0] @ pixel_to_ray(camera, pixel)[0]
    assert ours / np.linalg.norm(ours) == pytest.approx(theirs, abs=1e-6)


@given(yaw=st.floats(-180, 180), pitch=st.floats(-90, 0), roll=st.floats(-180, 180))
def test_both_turn_the_camera_alike(yaw: float, pitch: float, roll: float) -> None:
    axes = camera_axes(make_view(yaw, pitch, roll))
    assert axes == pytest.approx(rotation_camera_to_enu(yaw, pitch, roll)[0].T, abs=1e-9)
