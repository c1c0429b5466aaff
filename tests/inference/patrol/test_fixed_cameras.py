"""Photos of registered cameras are placed by what was registered, and never better known by number.

Boxes come from the projection of the rendered scenes, which knows nothing of `inference`.
"""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datasets.scenes.viewing import SceneCamera, SceneView, project
from inference.geometry.frames import EnuFrame, wgs84_to_plane
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate
from inference.geometry.uncertainty import circular_error_90_m, full_covariance
from inference.geometry.view import View
from inference.merging.flights import FlightPhoto, group_flights
from inference.merging.merge import merge_sightings
from inference.patrol.fixed_cameras import (
    AmbiguousCameraError,
    CameraMatch,
    FixedCamera,
    as_registered,
    find_camera,
    register_photo,
)
from inference.patrol.methods import FIXED_CAMERA
from inference.reading.metadata import Attitude, Band, PhotoKind, PhotoMetadata, RegisteredPose
from inference.receipt import NotPlaced, Reason, ReasonCode
from inference.sighting import Detection, Placement, Sighting

FRAME = EnuFrame(latitude_deg=30.28, longitude_deg=120.15)
START = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SQUARED_SIGMAS_90 = 4.605  # chi-square, 2 degrees of freedom
POSE = RegisteredPose(
    camera_id="gate-3",
    place_sigma_m=1.0,
    height_sigma_m=0.3,
    yaw_sigma_deg=1.0,
    pitch_sigma_deg=0.5,
    roll_sigma_deg=0.5,
)
# 1920 pixels across at a focal length of 1600.
GATE = FixedCamera(
    match=CameraMatch(folder="gate-3"),
    latitude_deg=30.28,
    longitude_deg=120.15,
    height_above_ground_m=6.0,
    yaw_deg=30.0,
    pitch_deg=-20.0,
    roll_deg=0.0,
    horizontal_fov_deg=math.degrees(2.0 * math.atan(960.0 / 1600.0)),
    pose=POSE,
)
SCENE_CAMERA = SceneCamera(width_px=1920, height_px=1080, fx=1600.0, fy=1600.0, cx=959.5, cy=539.5)
PHOTO = PhotoMetadata(
    width_px=1920,
    height_px=1080,
    orientation=1,
    kind=PhotoKind.STREET,
    band=Band.VISUAL,
    reasons=(Reason(code=ReasonCode.NO_EXIF), Reason(code=ReasonCode.NO_GPS)),
)


def view_of(camera: FixedCamera = GATE, metadata: PhotoMetadata = PHOTO) -> View:
    registered = register_photo(metadata, camera)
    view = as_registered(plan_view(registered), registered.registered)
    assert isinstance(view, View)
    return view


def scene_view(camera: FixedCamera = GATE) -> SceneView:
    return SceneView(
        east_m=0.0,
        north_m=0.0,
        up_m=camera.height_above_ground_m,
        yaw_deg=camera.yaw_deg,
        pitch_deg=camera.pitch_deg,
        roll_deg=camera.roll_deg,
    )


def detection_at(
    pixel: NDArray[np.float64], *, half_px: float = 8.0, photo: str = "p"
) -> Detection:
    x, y = pixel
    return Detection(
        id=f"detection on {photo}",
        photo_sha256=photo,
        class_name="exposed_garbage",
        confidence=0.9,
        box_photo=(x - half_px, y - half_px, x + half_px, y + half_px),
        appearance=np.array([1.0], dtype=np.float32),
    )


def place_of(pixel: NDArray[np.float64], view: View) -> Placement:
    place = locate(detection_at(pixel), view)
    assert isinstance(place, Placement)
    return place


def east_north_m(place: Placement) -> NDArray[np.float64]:
    return wgs84_to_plane(FRAME, place.latitude_deg, place.longitude_deg)[0]


def test_the_middle_of_the_picture_lies_where_the_axis_meets_the_ground() -> None:
    # 6 m up and 20 degrees down: 6 / tan(20°) = 16.485 m ahead, at 30 degrees from north.
    place = place_of(np.array([959.5, 539.5]), view_of())
    assert place.method == FIXED_CAMERA
    assert np.linalg.norm(east_north_m(place)) == pytest.approx(16.485, rel=0.02)
    assert math.degrees(math.atan2(*east_north_m(place))) == pytest.approx(30.0, abs=0.05)


@given(
    yaw_deg=st.floats(0.0, 359.0),
    pitch_deg=st.floats(-70.0, -15.0),
    roll_deg=st.floats(-10.0, 10.0),
    height_m=st.floats(3.0, 25.0),
    aside=st.floats(-0.3, 0.3),
)
def test_what_the_scene_projects_is_placed_where_it_lies(
    yaw_deg: float, pitch_deg: float, roll_deg: float, height_m: float, aside: float
) -> None:
    camera = replace(
        GATE,
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=roll_deg,
        height_above_ground_m=height_m,
    )
    ahead_m = height_m / math.tan(math.radians(-pitch_deg))
    bearing = math.radians(yaw_deg) + aside * 0.5
    truth = ahead_m * np.array([math.sin(bearing), math.cos(bearing)])
    pixel = project(np.array([[*truth, 0.0]]), scene_view(camera), SCENE_CAMERA)[0]
    place = locate(detection_at(pixel, half_px=0.1), view_of(camera))
    assert isinstance(place, Placement)
    # A tenth of a pixel, where a pixel is 1/1600 and the ground is met at 15 degrees or more.
    assert np.linalg.norm(east_north_m(place) - truth) < 0.001 * ahead_m


def test_registered_accuracies_make_the_ellipse_and_hold_the_truth() -> None:
    random = np.random.default_rng(4)
    view, inside = view_of(), []
    truth = np.array([8.0, 14.0])
    for _ in range(400):
        real = SceneView(
            east_m=POSE.place_sigma_m * random.standard_normal(),
            north_m=POSE.place_sigma_m * random.standard_normal(),
            up_m=6.0 + POSE.height_sigma_m * random.standard_normal(),
            yaw_deg=30.0 + POSE.yaw_sigma_deg * random.standard_normal(),
            pitch_deg=-20.0 + POSE.pitch_sigma_deg * random.standard_normal(),
            roll_deg=POSE.roll_sigma_deg * random.standard_normal(),
        )
        # The ground is not level, and the object is fixed to it somewhere along its height.
        ground_m = math.hypot(0.2, 0.6, 0.5) * random.standard_normal()
        pixel = project(np.array([[*truth, ground_m]]), real, SCENE_CAMERA)[0]
        place = place_of(pixel, view)
        off_m = east_north_m(place) - truth
        covariance = full_covariance(place)[:2, :2]
        inside.append(off_m @ np.linalg.solve(covariance, off_m) < SQUARED_SIGMAS_90)
    assert 0.85 <= np.mean(inside) <= 0.96


def test_a_better_survey_gives_a_smaller_ellipse() -> None:
    pixel = np.array([959.5, 539.5])
    surveyed = replace(
        GATE,
        pose=replace(
            POSE, place_sigma_m=0.05, height_sigma_m=0.05, yaw_sigma_deg=0.2, pitch_sigma_deg=0.1
        ),
    )
    usual_m = circular_error_90_m(full_covariance(place_of(pixel, view_of())))
    better_m = circular_error_90_m(full_covariance(place_of(pixel, view_of(surveyed))))
    assert better_m < usual_m


def test_what_the_photo_says_itself_is_of_no_account() -> None:
    wrong = replace(
        PHOTO,
        latitude_deg=51.0,
        longitude_deg=7.0,
        relative_altitude_m=80.0,
        laser_distance_m=200.0,
        attitude=Attitude(yaw_deg=180.0, pitch_deg=-90.0, roll_deg=0.0, source="dji_gimbal"),
        image_direction_deg=90.0,
    )
    pixel = np.array([700.0, 600.0])
    assert east_north_m(place_of(pixel, view_of(metadata=wrong))) == pytest.approx(
        east_north_m(place_of(pixel, view_of()))
    )


def test_only_reasons_about_the_position_are_settled_by_registration() -> None:
    codes = [reason.code for reason in register_photo(PHOTO, GATE).reasons]
    assert codes == [ReasonCode.NO_EXIF]


def test_a_hundred_photos_of_days_do_not_make_a_camera_better_known() -> None:
    photos = [
        FlightPhoto(
            sha256=f"{number:03}",
            metadata=replace(
                register_photo(PHOTO, GATE), captured_at=START + timedelta(hours=number)
            ),
            folder="gate-3",
        )
        for number in range(100)
    ]
    flights = group_flights(photos)
    assert len(flights) == 1
    view, pixel = view_of(), np.array([959.5, 539.5])
    sightings = [
        Sighting(
            detection=detection_at(pixel, photo=photo.sha256),
            place=locate(detection_at(pixel, photo=photo.sha256), view),
            captured_at=photo.metadata.captured_at,
            capture_uuid=None,
        )
        for photo in flights[0].photos
    ]
    (finding,) = merge_sightings(sightings, flight_id=flights[0].id)
    assert isinstance(finding.position, Placement)
    one_m = circular_error_90_m(full_covariance(place_of(pixel, view)))
    all_m = circular_error_90_m(full_covariance(finding.position))
    assert all_m == pytest.approx(one_m, rel=0.01)
    assert finding.independent_views == 1


def test_two_cameras_of_one_model_are_two_flights() -> None:
    other = replace(GATE, pose=replace(POSE, camera_id="yard"))
    photos = [
        FlightPhoto(sha256=name, metadata=register_photo(PHOTO, camera), folder="")
        for name, camera in (("a", GATE), ("b", other))
    ]
    assert len(group_flights(photos)) == 2


def test_other_views_stay_as_they_are() -> None:
    refusal = NotPlaced(code=ReasonCode.NO_HEIGHT)
    assert as_registered(refusal, POSE) is refusal
    view = plan_view(register_photo(PHOTO, GATE))
    assert as_registered(view, None) is view


@pytest.mark.parametrize(
    ("match", "is_its"),
    [
        (CameraMatch(serial="SN7"), True),
        (CameraMatch(serial="SN"), False),
        (CameraMatch(folder="gate-3"), True),
        (CameraMatch(folder="city/gate-3"), True),
        (CameraMatch(folder="gate"), False),
        (CameraMatch(folder="gate-3/city"), False),
        (CameraMatch(folder="a.jpg"), False),
        (CameraMatch(name="CAM3_*.jpg"), True),
        (CameraMatch(name="cam3_*"), False),
        (CameraMatch(serial="SN7", folder="gate-3", name="*"), True),
        (CameraMatch(serial="SN8", folder="gate-3", name="*"), False),
    ],
)
def test_all_that_is_named_has_to_fit(match: CameraMatch, is_its: bool) -> None:
    photo = replace(PHOTO, serial_number="SN7")
    path = PurePath("/media/city/gate-3/2026-11/CAM3_0001.jpg")
    camera = replace(GATE, match=match)
    assert find_camera([camera], photo, path) == (camera if is_its else None)


def test_a_photo_of_two_cameras_is_an_error_that_names_them() -> None:
    other = replace(GATE, match=CameraMatch(name="*.jpg"), pose=replace(POSE, camera_id="yard"))
    with pytest.raises(AmbiguousCameraError, match=r"/x/gate-3/0001\.jpg.*gate-3, yard"):
        find_camera([GATE, other], PHOTO, PurePath("/x/gate-3/0001.jpg"))
