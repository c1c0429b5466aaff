"""Single points beside their truth: figures worked out by hand, and why others have none."""

import math
from typing import TYPE_CHECKING

import pytest

from inference.receipt import NotPlaced, ReasonCode
from service.geocheck.compare import PointCheck, PointError, check_points
from service.geocheck.true_point import TruePoint
from service.inspecting.progress import SilentReporter

if TYPE_CHECKING:
    from tests.service.geocheck.conftest import NadirScene


def check(scene: "NadirScene", *points: TruePoint, scale: float | None = None) -> list[PointCheck]:
    return check_points(points, scene.views, scale=scale, reporter=SilentReporter())


def error_of(found: PointCheck) -> PointError:
    assert isinstance(found.final, PointError)
    return found.final


def refusal_of(found: PointCheck) -> NotPlaced:
    assert isinstance(found.final, NotPlaced)
    return found.final


@pytest.mark.parametrize("place", [(0.0, 0.0), (20.0, 0.0), (-10.0, 15.0), (30.0, -20.0)])
def test_a_point_where_its_pixel_shows_it_has_no_error(
    scene: "NadirScene", place: tuple[float, float]
) -> None:
    error = error_of(check(scene, scene.point(east_m=place[0], north_m=place[1]))[0])
    assert error.distance_m < 0.02
    assert error.place.method == "flat_ground_at_takeoff"


def test_an_error_is_the_place_found_less_the_truth(scene: "NadirScene") -> None:
    error = error_of(check(scene, scene.point(east_m=20.0, error_m=(3.0, -4.0)))[0])
    assert error.offset_m.tolist() == pytest.approx([3.0, -4.0], abs=0.02)
    assert error.distance_m == pytest.approx(5.0, abs=0.02)


@pytest.mark.parametrize(
    ("east_m", "north_m", "azimuth_deg"),
    [(20, 0, 90.0), (0, 20, 0.0), (0, -20, 180.0), (-20, 0, 270.0)],
)
def test_the_view_goes_from_the_camera_to_the_truth(
    scene: "NadirScene", east_m: float, north_m: float, azimuth_deg: float
) -> None:
    error = error_of(check(scene, scene.point(east_m=east_m, north_m=north_m))[0])
    off = (error.view_azimuth_deg - azimuth_deg + 180.0) % 360.0 - 180.0
    assert abs(off) < 0.1


def test_results_come_in_the_order_of_the_points(scene: "NadirScene") -> None:
    points = [scene.point(photo=f"DJI_{n % 2}.JPG", east_m=float(n), line=n + 2) for n in range(6)]
    assert [found.truth.line for found in check(scene, *points)] == [2, 3, 4, 5, 6, 7]


def test_pixels_of_larger_photos_are_scaled_by_their_corners(scene: "NadirScene") -> None:
    # The picture's middle stays its middle: (599.5 + 0.5) / 2 - 0.5 = 299.5 = (600 - 1) / 2.
    middle = {"column_px": 599.5, "row_px": 449.5}
    by_option = check(scene, scene.point(**middle), scale=0.5)[0]
    by_column = check(scene, scene.point(**middle, measured_size_px=(1200.0, 900.0)))[0]
    for found in (by_option, by_column):
        assert found.pixel == (299.5, 224.5)
        assert error_of(found).distance_m < 0.02


def test_a_size_in_the_truth_file_goes_before_the_option(scene: "NadirScene") -> None:
    point = scene.point(column_px=599.5, row_px=449.5, measured_size_px=(1200.0, 900.0))
    assert check(scene, point, scale=0.1)[0].pixel == (299.5, 224.5)


def test_a_pixel_outside_makes_all_pixels_of_the_photo_doubtful(scene: "NadirScene") -> None:
    far, near, other = check(
        scene,
        scene.point(column_px=3650.0, row_px=2800.0, line=7),
        scene.point(line=8),
        scene.point(photo="DJI_1.JPG", line=9),
    )
    for found in (far, near):
        refusal = refusal_of(found)
        assert refusal.code is ReasonCode.PIXEL_OUTSIDE_PHOTO
        assert refusal.detail is not None
        assert "line 7: pixel 3650, 2800 in a photo of 600 x 450" in refusal.detail
        assert "--scale" in refusal.detail
    assert isinstance(other.final, PointError)


@pytest.mark.parametrize(
    ("column_px", "row_px", "is_inside"),
    [
        (-0.5, -0.5, True),
        (599.5, 449.5, True),
        (-0.6, 0, False),
        (599.6, 0, False),
        (0, 449.6, False),
    ],
)
def test_the_photo_ends_half_a_pixel_beyond_the_last_middle(
    scene: "NadirScene", column_px: float, row_px: float, is_inside: bool
) -> None:
    found = check(scene, scene.point(column_px=column_px, row_px=row_px))[0]
    assert isinstance(found.final, PointError) is is_inside


@pytest.mark.parametrize(
    ("photo", "code"),
    [
        ("gone.JPG", ReasonCode.PHOTO_NOT_FOUND),
        ("no_pose.JPG", ReasonCode.NO_ATTITUDE),
        ("broken.JPG", ReasonCode.CANNOT_DECODE),
    ],
)
def test_what_cannot_be_compared_says_why(
    scene: "NadirScene", photo: str, code: ReasonCode
) -> None:
    refusal = refusal_of(check(scene, scene.point(photo=photo))[0])
    assert refusal.code is code


def test_a_truth_in_another_country_is_a_mistake_of_its_file(scene: "NadirScene") -> None:
    refusal = refusal_of(check(scene, scene.point(latitude_deg=50.0, longitude_deg=9.0))[0])
    assert refusal.code is ReasonCode.BEYOND_RANGE
    assert refusal.detail is not None
    assert "km from the camera" in refusal.detail


def test_without_refinement_the_pose_as_stated_is_final(scene: "NadirScene") -> None:
    found = check(scene, scene.point())[0]
    assert found.refined is None
    assert found.final is found.stated
    assert math.isfinite(error_of(found).covariance_m2.sum())
