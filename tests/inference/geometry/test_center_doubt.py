"""The principal point's doubt in a position: the same for all photos of a flight."""

import numpy as np
import pytest

from inference.geometry.heights import plan_view
from inference.geometry.uncertainty import (
    FLIGHT_ERRORS,
    SHARED_ERRORS,
    covariance_within_flight,
    plan_error_budget,
    split_errors,
)
from inference.geometry.view import View
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.sighting import Placement


def make_view() -> View:
    view = plan_view(
        PhotoMetadata(
            width_px=4000,
            height_px=2000,
            orientation=1,
            kind=PhotoKind.DRONE,
            band=Band.VISUAL,
            latitude_deg=30.0,
            longitude_deg=120.5,
            relative_altitude_m=40.0,
            attitude=Attitude(yaw_deg=0.0, pitch_deg=-90.0, roll_deg=0.0, source="dji_gimbal"),
            # Calibrated for 4000 x 3000, and half of that cut out by somebody.
            lens=Lens(calibrated_focal_px=2000.0, calibrated_size_px=(4000, 3000)),
        )
    )
    assert isinstance(view, View)
    return view


def test_a_cut_out_part_shifts_all_places_alike() -> None:
    view = make_view()
    budget = plan_error_budget(
        view, class_name="exposed_garbage", box_photo=(1900.0, 900.0, 2100.0, 1100.0)
    )
    # 40 m up with 2000 px: 0.02 m to a pixel, columns to the east and rows to the south.
    jacobian = np.zeros((3, 7))
    jacobian[0, 5], jacobian[1, 6] = 0.02, -0.02
    own, loading = split_errors(jacobian, budget)
    assert loading.shape == (3, len(SHARED_ERRORS))
    # 1000 rows are missing: 1000 / sqrt(12) = 288.7 px, and 0.5 % of 4000 for the lens: 289.4.
    row = loading[:, SHARED_ERRORS.index("center_row")]
    assert row == pytest.approx([0.0, -0.02 * 289.4, 0.0], rel=0.001)
    column = loading[:, SHARED_ERRORS.index("center_column")]
    assert column == pytest.approx([0.02 * 20.0, 0.0, 0.0])
    assert own[1, 1] < 1.0


def test_it_is_no_error_between_places_of_one_flight() -> None:
    loading = np.zeros((3, len(SHARED_ERRORS)))
    loading[0, FLIGHT_ERRORS.index("center_column")] = 5.0
    placement = Placement(
        latitude_deg=30.0,
        longitude_deg=120.5,
        height_m=None,
        height_datum=None,
        own_covariance_m2=np.eye(3),
        shared_loading_m=loading,
        method="flat_ground_at_takeoff",
        footprint_wgs84=(),
        ground_size_m=(1.0, 1.0),
        gsd_m=0.02,
    )
    assert covariance_within_flight(placement) == pytest.approx(np.eye(3))
