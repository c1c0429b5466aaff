"""From boxes to places: examples by hand, properties, and errors that hold."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.scenes.viewing import SceneCamera, SceneView, project
from inference.geometry.camera import pixel_to_ray, ray_to_pixel
from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.geometry.ground import FlatGround
from inference.geometry.heights import plan_view
from inference.geometry.locate import contact_pixel, locate, locate_pixels
from inference.geometry.pose import rotation_camera_to_enu
from inference.geometry.pose_errors import HEIGHT
from inference.geometry.uncertainty import (
    SHARED_ERRORS,
    error_ellipse,
    full_covariance,
    plan_error_budget,
)
from inference.geometry.view import View
from inference.reading.metadata import (
    Attitude,
    Band,
    Lens,
    PhotoKind,
    PhotoMetadata,
    StatedAccuracy,
    YawReference,
)
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement

FOCAL_PX = 3000.0
CX, CY = 1999.5, 1499.5


def make_view(
    *,
    yaw_deg: float = 0.0,
    pitch_deg: float = -90.0,
    roll_deg: float = 0.0,
    height_m: float = 40.0,
    rtk_flag: int | None = None,
    **changes: object,
) -> View:
    values: dict[str, object] = {
        "width_px": 4000,
        "height_px": 3000,
        "orientation": 1,
        "kind": PhotoKind.DRONE,
        "band": Band.VISUAL,
        "latitude_deg": 30.0,
        "longitude_deg": 120.0,
        "relative_altitude_m": height_m,
        "attitude": Attitude(
            yaw_deg=yaw_deg,
            pitch_deg=pitch_deg,
            roll_deg=roll_deg,
            source="dji_gimbal",
            # The doubt about which north differs from place to place.
            yaw_reference=YawReference.TRUE,
        ),
        "lens": Lens(dewarp_px=(FOCAL_PX, FOCAL_PX, CX, CY), calibrated_size_px=(4000, 3000)),
        "accuracy": StatedAccuracy(rtk_flag=rtk_flag, std_east_m=0.01, std_north_m=0.01),
    }
    view = plan_view(PhotoMetadata(**(values | changes)))
    assert isinstance(view, View)
    return view


def make_detection(
    x: float, y: float, *, size_px: float = 60.0, class_name: str = "exposed_garbage"
) -> Detection:
    half = size_px / 2.0
    return Detection(
        id="d",
        photo_sha256="p",
        class_name=class_name,
        confidence=0.9,
        box_photo=(x - half, y - half, x + half, y + half),
        appearance=np.zeros(1, dtype=np.float32),
    )


def placed(detection: Detection, view: View) -> Placement:
    answer = locate(detection, view)
    assert isinstance(answer, Placement)
    return answer


def east_north(placement: Placement, view: View) -> tuple[float, float]:
    east, north, _ = wgs84_to_enu(
        view.frame, [[placement.latitude_deg, placement.longitude_deg, 0.0]]
    )[0]
    return float(east), float(north)


def reason_code(detection: Detection, view: View) -> ReasonCode:
    answer = locate(detection, view)
    assert isinstance(answer, NotPlaced)
    return answer.code


# Examples worked by hand.


def test_straight_down_facing_north_right_is_east_and_up_is_north() -> None:
    pixel = [CX + 10.0 * FOCAL_PX / 40.0, CY - 5.0 * FOCAL_PX / 40.0]
    hit = locate_pixels(make_view(), np.array([pixel]))[0]
    assert hit == pytest.approx([10.0, 5.0, 0.0], abs=1e-9)


def test_straight_down_facing_east_right_is_south_and_up_is_east() -> None:
    pixel = [CX + 10.0 * FOCAL_PX / 40.0, CY - 5.0 * FOCAL_PX / 40.0]
    hit = locate_pixels(make_view(yaw_deg=90.0), np.array([pixel]))[0]
    assert hit == pytest.approx([5.0, -10.0, 0.0], abs=1e-9)


def test_60_degrees_down_the_middle_is_23_m_ahead() -> None:
    # 40 / tan 60 = 23.094; slant 40 / sin 60 = 46.188.
    hit = locate_pixels(make_view(pitch_deg=-60.0), np.array([[CX, CY]]))[0]
    assert hit == pytest.approx([0.0, 23.094, 0.0], abs=1e-3)


def test_60_degrees_down_a_pixel_beside_and_above_the_middle() -> None:
    # A quarter of the focal length up: depression 60 - atan(0.25) = 45.964 degrees, so
    # 40 / tan 45.964 = 38.676 m ahead. The depth along the axis is sqrt(38.676^2 + 40^2)
    # times cos(atan(0.25)) = 55.641 * 0.97014 = 53.980, a tenth of it to the right is 5.398.
    pixel = [CX + 0.1 * FOCAL_PX, CY - 0.25 * FOCAL_PX]
    hit = locate_pixels(make_view(pitch_deg=-60.0), np.array([pixel]))[0]
    assert hit == pytest.approx([5.398, 38.676, 0.0], abs=2e-3)


def test_roll_turns_the_picture_about_its_middle() -> None:
    view = make_view(pitch_deg=-45.0, roll_deg=10.0)
    assert locate_pixels(view, np.array([[CX, CY]]))[0] == pytest.approx([0.0, 40.0, 0.0], abs=1e-6)
    right = locate_pixels(view, np.array([[CX + 300.0, CY]]))[0]
    assert right[1] < 40.0  # what is to the right is lower in the world, so nearer


def test_nadir_placement_has_the_ground_size_of_its_box() -> None:
    view = make_view()
    place = placed(make_detection(CX, CY, size_px=75.0), view)
    # 75 px * 40 m / 3000 px = 1 m.
    assert place.ground_size_m == pytest.approx((1.0, 1.0), abs=1e-6)
    assert place.gsd_m == pytest.approx(40.0 / 3000.0)
    assert place.method == "flat_ground_at_takeoff"
    assert place.height_m is None
    assert east_north(place, view) == pytest.approx((0.0, 0.0), abs=1e-6)
    ring = place.footprint_wgs84
    assert ring[0] == ring[-1]
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    assert area > 0.0  # counter-clockwise


# Which pixel touches the ground.


def test_seen_from_above_the_middle_of_the_box_is_the_place() -> None:
    assert contact_pixel((CX - 50, CY - 50, CX + 50, CY + 50), make_view()) == pytest.approx(
        [CX, CY], abs=1e-6
    )


def test_seen_from_the_side_the_place_is_nearer_to_the_lower_edge() -> None:
    view = make_view(pitch_deg=-45.0)
    x, y = contact_pixel((CX - 50, CY - 50, CX + 50, CY + 50), view)
    # Half as high as deep, at 45 degrees: a third of the box is height.
    assert (x, y) == pytest.approx((CX, CY + 50.0 / 3.0), abs=1e-6)


def test_the_lower_edge_is_that_which_is_lower_in_the_world() -> None:
    view = make_view(pitch_deg=-45.0, roll_deg=90.0)
    x, y = contact_pixel((CX - 50, CY - 50, CX + 50, CY + 50), view)
    assert (x, y) == pytest.approx((CX + 50.0 / 3.0, CY), abs=1e-6)


# What has no place.


def test_sky_has_no_place() -> None:
    view = make_view(pitch_deg=0.0)
    assert reason_code(make_detection(CX, CY - 500.0), view) is ReasonCode.ABOVE_HORIZON


def test_ground_just_below_the_horizon_is_beyond_range() -> None:
    # 100 px of 3000 are 1.9 degrees.
    view = make_view(pitch_deg=0.0)
    assert reason_code(make_detection(CX, CY + 100.0), view) is ReasonCode.BEYOND_RANGE


# Properties.


@given(
    st.floats(0.0, 360.0),
    st.floats(-90.0, -40.0),
    st.floats(-10.0, 10.0),
    st.floats(0.0, 3999.0),
    st.floats(0.0, 2999.0),
)
def test_a_place_on_the_ground_is_seen_in_the_pixel_it_came_from(
    yaw: float, pitch: float, roll: float, x: float, y: float
) -> None:
    view = make_view(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll)
    hit = locate_pixels(view, np.array([[x, y]]))[0]
    if not np.isfinite(hit).all():
        return
    rotation = rotation_camera_to_enu(yaw, pitch, roll)[0]
    seen = ray_to_pixel(view.camera, [(hit - [0.0, 0.0, 40.0]) @ rotation])[0]
    assert seen == pytest.approx([x, y], abs=1e-6)


@given(
    st.floats(0.0, 360.0),
    st.floats(-90.0, -35.0),
    st.floats(-20.0, 20.0),
    st.floats(-10.0, 10.0),
    st.floats(-10.0, 10.0),
)
def test_the_renderer_which_has_its_own_maths_sees_it_the_same(
    yaw: float, pitch: float, roll: float, east: float, north: float
) -> None:
    lens = (-0.06, 0.04, 0.0006, -0.0004, -0.012)
    view = make_view(
        yaw_deg=yaw,
        pitch_deg=pitch,
        roll_deg=roll,
        lens=Lens(
            dewarp_px=(2670.0, 2665.0, 2007.0, 1488.5),
            distortion=lens,
            calibrated_size_px=(4000, 3000),
        ),
    )
    scene_camera = SceneCamera(
        width_px=4000, height_px=3000, fx=2670.0, fy=2665.0, cx=2007.0, cy=1488.5, distortion=lens
    )
    scene_view = SceneView(
        east_m=0.0, north_m=0.0, up_m=40.0, yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll
    )
    ahead = 40.0 / math.tan(math.radians(-pitch))
    turn = math.radians(yaw)
    point = np.array([[ahead * math.sin(turn) + east, ahead * math.cos(turn) + north, 0.0]])
    pixel = project(point, scene_view, scene_camera)
    assert locate_pixels(view, pixel)[0] == pytest.approx(point[0], abs=1e-5)


@given(st.floats(0.0, 360.0), st.floats(-90.0, -30.0))
def test_turning_the_camera_turns_the_place(yaw: float, pitch: float) -> None:
    pixel = np.array([[CX + 321.0, CY - 123.0]])
    east, north, _ = locate_pixels(make_view(pitch_deg=pitch), pixel)[0]
    turn = math.radians(yaw)
    turned = locate_pixels(make_view(yaw_deg=yaw, pitch_deg=pitch), pixel)[0]
    assert turned[:2] == pytest.approx(
        [
            east * math.cos(turn) + north * math.sin(turn),
            north * math.cos(turn) - east * math.sin(turn),
        ],
        abs=1e-9,
    )


@given(st.floats(-70.0, 70.0), st.floats(1.0, 170.0))
def test_the_same_photo_elsewhere_gives_the_same_metres(lat: float, lon: float) -> None:
    here = make_view(pitch_deg=-60.0)
    there = make_view(pitch_deg=-60.0, latitude_deg=lat, longitude_deg=lon)
    detection = make_detection(CX + 100.0, CY)
    ours, theirs = placed(detection, here), placed(detection, there)
    assert east_north(theirs, there) == pytest.approx(east_north(ours, here), abs=1e-3)
    assert full_covariance(theirs) == pytest.approx(full_covariance(ours))


@given(st.floats(0.0, 360.0), st.floats(-90.0, -25.0), st.floats(500.0, 3500.0), st.floats(2, 400))
def test_covariances_are_symmetric_and_not_negative(
    yaw: float, pitch: float, x: float, size: float
) -> None:
    place = placed(make_detection(x, CY, size_px=size), make_view(yaw_deg=yaw, pitch_deg=pitch))
    assert place.shared_loading_m.shape == (3, len(SHARED_ERRORS))
    for covariance in (place.own_covariance_m2, full_covariance(place)):
        assert covariance == pytest.approx(covariance.T)
        assert np.linalg.eigvalsh(covariance).min() > -1e-9


# How the errors go in.


def test_a_yaw_error_moves_the_place_sideways() -> None:
    view = make_view(pitch_deg=-45.0)
    place = placed(make_detection(CX, CY, size_px=4.0), view)
    yaw = place.shared_loading_m[:, SHARED_ERRORS.index("yaw")]
    # 40 m ahead, clockwise is to the east.
    sigma = math.radians(view.pose.accuracy.shared_yaw_deg)
    assert yaw == pytest.approx([40.0 * sigma, 0.0, 0.0], rel=0.02, abs=0.05)


def test_a_height_error_moves_the_place_along_the_view() -> None:
    view = make_view(pitch_deg=-45.0)
    place = placed(make_detection(CX, CY, size_px=4.0), view)
    height = place.shared_loading_m[:, SHARED_ERRORS.index("height")]
    sigma = math.sqrt(view.errors.shared[HEIGHT, HEIGHT])
    # Ground that is higher is met earlier, at 45 degrees by as much.
    assert height == pytest.approx([0.0, -sigma, sigma], rel=0.01, abs=0.01)


def test_the_height_of_an_object_is_no_error_of_one_photo_alone() -> None:
    view = make_view(pitch_deg=-45.0)
    garbage = placed(make_detection(CX, CY), view)
    billboard = placed(make_detection(CX, CY, class_name="damaged_billboard"), view)
    assert billboard.own_covariance_m2 == pytest.approx(garbage.own_covariance_m2, rel=0.05)
    height = billboard.shared_loading_m[:, SHARED_ERRORS.index("object_height")]
    # 3 m for the billboard and the ground below it: as much nearer at 45 degrees.
    sigma_m = math.hypot(3.0, view.ground_sigma_m)
    assert height == pytest.approx([0.0, -sigma_m, sigma_m], rel=0.03, abs=0.01)


def test_a_box_cut_by_the_photos_edge_is_a_part_in_an_uncertain_place() -> None:
    view = make_view()
    whole = placed(make_detection(200.0, CY, size_px=100.0), view)
    part = placed(make_detection(50.0, CY, size_px=100.0), view)
    assert (whole.is_part, part.is_part) == (False, True)
    gained_m2 = part.own_covariance_m2 - whole.own_covariance_m2
    # Sigmas of 50 instead of 10 px to the left and right, of ground that is GSD wide.
    assert gained_m2[0, 0] == pytest.approx((50**2 - 10**2) * part.gsd_m**2, rel=0.1)
    assert gained_m2[1, 1] == pytest.approx(0.0, abs=0.05)


def test_rtk_and_steeper_views_are_more_accurate() -> None:
    def major(**pose: object) -> float:
        return error_ellipse(full_covariance(placed(make_detection(CX, CY), make_view(**pose))))[0]

    assert major(rtk_flag=50) < major()
    assert major(rtk_flag=50) < major(rtk_flag=50, pitch_deg=-60.0)
    assert major(pitch_deg=-60.0) < major(pitch_deg=-30.0)


def test_a_billboard_in_an_oblique_view_is_less_certain_than_garbage() -> None:
    view = make_view(pitch_deg=-45.0, rtk_flag=50)
    garbage = placed(make_detection(CX, CY), view)
    billboard = placed(make_detection(CX, CY, class_name="damaged_billboard"), view)
    assert error_ellipse(full_covariance(billboard))[0] > error_ellipse(full_covariance(garbage))[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("pitch_deg", "rtk_flag"), [(-90.0, None), (-60.0, None), (-60.0, 50), (-90.0, 50)]
)
def test_nine_of_ten_truths_lie_in_the_ellipse(
    pitch_deg: float, rtk_flag: int | None, seed: int
) -> None:
    view = make_view(pitch_deg=pitch_deg, yaw_deg=33.0, rtk_flag=rtk_flag, height_m=60.0)
    detection = make_detection(CX + 400.0, CY + 100.0)
    place = placed(detection, view)
    truths = draw_truths(view, detection, np.random.default_rng(seed), 4000)
    offsets = truths - east_north(place, view)
    covariance = full_covariance(place)[:2, :2]
    squared = np.einsum("ij,jk,ik->i", offsets, np.linalg.inv(covariance), offsets)
    assert np.mean(squared < -2.0 * math.log(0.1)) == pytest.approx(0.90, abs=0.02)


def draw_truths(
    view: View, detection: Detection, rng: np.random.Generator, count: int
) -> np.ndarray:
    """Where the object may really be, (count, 2) east and north, given what the photo says."""
    budget = plan_error_budget(view, class_name=detection.class_name, box_photo=detection.box_photo)
    errors = rng.normal(size=(count, 7)) * budget.steps
    height, yaw, pitch, roll, focal, column, row = errors.T
    accuracy, camera = view.pose.accuracy, view.camera
    place = rng.normal(size=(count, 2)) * math.hypot(
        accuracy.shared_horizontal_m, accuracy.own_horizontal_m
    )
    x, y = contact_pixel(detection.box_photo, view)
    cx, cy = ((camera.cx, camera.cy) + rng.normal(size=(count, 2)) * camera.center_sigma_px).T
    plane = np.column_stack(
        [
            (x + column - cx) / (camera.fx * (1.0 + focal)),
            (y + row - cy) / (camera.fy * (1.0 + focal)),
            np.ones(count),
        ]
    )
    pose = view.pose
    rotations = rotation_camera_to_enu(
        pose.yaw_deg + yaw, pose.pitch_deg + pitch, pose.roll_deg, roll
    )
    rays = np.einsum("nij,nj->ni", rotations, plane)
    scale = (view.camera_height_m - height) / -rays[:, 2]
    return place + rays[:, :2] * scale[:, None]


def test_flat_ground_of_another_level_is_nearer() -> None:
    view = replace(make_view(pitch_deg=-45.0), ground=FlatGround(level_m=10.0))
    assert locate_pixels(view, np.array([[CX, CY]]))[0] == pytest.approx([0.0, 30.0, 10.0])


def test_view_frame_lies_below_the_camera() -> None:
    view = make_view()
    assert view.frame == EnuFrame(latitude_deg=30.0, longitude_deg=120.0)
    assert pixel_to_ray(view.camera, [[CX, CY]])[0] == pytest.approx([0.0, 0.0, 1.0])
