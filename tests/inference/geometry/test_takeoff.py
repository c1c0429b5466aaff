"""The height of the take-off place in the heights of a model."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from inference.geometry.frames import EnuFrame
from inference.geometry.ground import Bounds
from inference.geometry.pose import Pose, plan_pose
from inference.geometry.takeoff import takeoff_ground_m, takeoff_sigma_m
from inference.reading.metadata import Attitude, Band, PhotoKind, PhotoMetadata, StatedAccuracy


@dataclass(frozen=True, kw_only=True)
class Stripes:
    """Ground at 100 m with a tenth of it at 100 m - `depth_m`, in stripes that run north."""

    depth_m: float
    datum: str | None = None

    def height_m(self, latitude_deg: float, longitude_deg: float) -> float | None:
        return 100.0

    def around(self, frame: EnuFrame, bounds: Bounds) -> "Stripes":
        return self

    def up_m(self, east_north: np.ndarray) -> np.ndarray:
        return np.where(east_north[:, 0] % 10.0 < 2.0, 100.0 - self.depth_m, 100.0)

    def cast(self, origins: np.ndarray, directions: np.ndarray, *, max_range_m: float):
        raise NotImplementedError


def make_pose(*, takeoff_m: float | None, rtk_flag: int | None) -> Pose:
    pose = plan_pose(
        PhotoMetadata(
            width_px=4000,
            height_px=3000,
            orientation=1,
            kind=PhotoKind.DRONE,
            band=Band.VISUAL,
            latitude_deg=30.0,
            longitude_deg=120.0,
            relative_altitude_m=50.0,
            absolute_altitude_m=None if takeoff_m is None else takeoff_m + 50.0,
            attitude=Attitude(yaw_deg=0.0, pitch_deg=-90.0, roll_deg=0.0, source="dji_gimbal"),
            accuracy=StatedAccuracy(rtk_flag=rtk_flag),
        )
    )
    assert isinstance(pose, Pose)
    return pose


def test_nobody_takes_off_from_the_tree_tops() -> None:
    assert takeoff_ground_m(make_pose(takeoff_m=None, rtk_flag=None), Stripes(depth_m=8.0)) == 92.0


def test_a_height_by_rtk_that_the_ground_around_has_is_believed() -> None:
    pose = make_pose(takeoff_m=95.0, rtk_flag=50)
    assert takeoff_ground_m(pose, Stripes(depth_m=8.0)) == pytest.approx(95.0)
    assert takeoff_sigma_m(pose, 95.0, relief_m=20.0) == 3.0


def test_a_height_by_rtk_in_another_datum_is_not() -> None:
    # A geoid 30 m above the ellipsoid puts the take-off place where there is no ground.
    pose = make_pose(takeoff_m=70.0, rtk_flag=50)
    assert takeoff_ground_m(pose, Stripes(depth_m=8.0)) == 92.0
    assert takeoff_sigma_m(pose, 92.0, relief_m=20.0) == 20.0


def test_a_model_that_names_its_datum_is_not_mixed_with_heights_of_rtk() -> None:
    pose = make_pose(takeoff_m=95.0, rtk_flag=50)
    assert takeoff_ground_m(pose, Stripes(depth_m=8.0, datum="EGM2008 height")) == 92.0


def test_an_absolute_height_without_rtk_says_nothing() -> None:
    pose = make_pose(takeoff_m=95.0, rtk_flag=None)
    assert takeoff_ground_m(pose, Stripes(depth_m=8.0)) == 92.0
    assert takeoff_sigma_m(pose, 92.0, relief_m=0.5) == 3.0


def test_unknown_ground_gives_no_height() -> None:
    pose = make_pose(takeoff_m=None, rtk_flag=None)
    assert takeoff_ground_m(pose, Stripes(depth_m=math.nan)) == 100.0

    class Nothing(Stripes):
        def up_m(self, east_north: np.ndarray) -> np.ndarray:
            return np.full(len(east_north), np.nan)

    assert takeoff_ground_m(pose, Nothing(depth_m=0.0)) is None
