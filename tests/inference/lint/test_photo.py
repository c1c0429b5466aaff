"""What makes one photo's geometry doubtful."""

from dataclasses import replace

import pytest

from inference.geometry.heights import plan_view
from inference.geometry.view import View
from inference.lint.photo import lint_photo
from inference.reading.metadata import (
    Attitude,
    Band,
    Lens,
    PhotoKind,
    PhotoMetadata,
    RegisteredPose,
)
from inference.receipt import ReasonCode


def make_metadata(
    *, pitch_deg: float = -90.0, longitude_deg: float = 121.5, utc_offset_h: float | None = None
) -> PhotoMetadata:
    """Return a drone's photo with a field of view of 73.7 by 58.7 degrees."""
    return PhotoMetadata(
        width_px=4000,
        height_px=3000,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        latitude_deg=31.2,
        longitude_deg=longitude_deg,
        relative_altitude_m=50.0,
        utc_offset_h=utc_offset_h,
        attitude=Attitude(yaw_deg=10.0, pitch_deg=pitch_deg, roll_deg=0.0, source="dji_gimbal"),
        lens=Lens(focal_length_35mm=24.0),
    )


def codes(metadata: PhotoMetadata) -> list[ReasonCode]:
    view = plan_view(metadata)
    assert isinstance(view, View)
    reasons = [reason.code for reason in lint_photo(metadata, view)]
    # A matter of its own, see test_height_doubt.
    return [code for code in reasons if code is not ReasonCode.HEIGHT_UNVERIFIED]


@pytest.mark.parametrize("pitch_deg", [-90.0, -60.0, -36.0])
def test_a_camera_that_looks_down_has_nothing_to_say(pitch_deg: float) -> None:
    # The upper edge looks 29.4 degrees above the middle: at -36 still 6.6 degrees down.
    assert codes(make_metadata(pitch_deg=pitch_deg)) == []


def test_the_horizon_in_the_picture_is_told() -> None:
    assert codes(make_metadata(pitch_deg=-25.0)) == [ReasonCode.HORIZON_IN_VIEW]


def test_a_camera_that_looks_ahead_is_told() -> None:
    assert codes(make_metadata(pitch_deg=-12.0)) == [
        ReasonCode.HORIZON_IN_VIEW,
        ReasonCode.OBLIQUE_BEYOND_MODEL,
    ]


def test_a_registered_camera_may_look_at_the_horizon() -> None:
    pose = RegisteredPose(
        camera_id="gate",
        place_sigma_m=1.0,
        height_sigma_m=0.3,
        yaw_sigma_deg=1.0,
        pitch_sigma_deg=0.5,
        roll_sigma_deg=0.5,
    )
    assert codes(replace(make_metadata(pitch_deg=-12.0), registered=pose)) == []


@pytest.mark.parametrize(
    ("longitude_deg", "utc_offset_h"),
    [
        (121.5, 8.0),
        (76.0, 8.0),  # Kashgar, 2.9 hours behind its clock
        (-58.4, -3.0),
        (-0.1, 1.0),
        (179.9, 12.0),
        (-179.9, 12.0),  # beyond the date line
        (-121.5, None),
        (-121.5, 0.0),
        (20.0, -6.0),  # fits neither side: the clock may be wrong
    ],
)
def test_a_clock_that_fits_the_place_says_nothing(
    longitude_deg: float, utc_offset_h: float | None
) -> None:
    metadata = make_metadata(longitude_deg=longitude_deg, utc_offset_h=utc_offset_h)
    assert ReasonCode.HEMISPHERE_SUSPECT not in codes(metadata)


@pytest.mark.parametrize(
    ("longitude_deg", "utc_offset_h"), [(-121.5, 8.0), (104.0, -7.0), (-77.2, 5.5)]
)
def test_a_clock_of_the_other_side_of_the_globe_is_told(
    longitude_deg: float, utc_offset_h: float
) -> None:
    metadata = make_metadata(longitude_deg=longitude_deg, utc_offset_h=utc_offset_h)
    assert codes(metadata) == [ReasonCode.HEMISPHERE_SUSPECT]


def test_a_photo_without_geometry_is_judged_by_its_clock_alone() -> None:
    metadata = make_metadata(longitude_deg=-121.5, utc_offset_h=8.0)
    assert [reason.code for reason in lint_photo(metadata, None)] == [ReasonCode.HEMISPHERE_SUSPECT]
