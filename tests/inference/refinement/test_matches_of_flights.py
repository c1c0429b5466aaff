"""Matches of whole photos against what is known of their flights: rendered, and real ones."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.scenes.flight import FlightPlan, plan_shots, render_flight
from datasets.scenes.plans import demo_plan, scene_camera
from datasets.scenes.truth import TruePose
from datasets.scenes.viewing import SceneView, viewing_rays
from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.geometry.plan_camera import plan_camera
from inference.reading.decode import read_pixels
from inference.reading.read_photo import read_photo_metadata
from inference.receipt import NotPlaced
from inference.refinement.features import describe_features
from inference.refinement.matches import PairMatches, match_pair

MAX_OFF_EPIPOLAR_PX = 4.0  # of 1000; points are found on a copy of half that size


def match_files(first: Path, second: Path) -> PairMatches | None:
    cameras = [plan_camera(read_photo_metadata(path)) for path in (first, second)]
    assert not any(isinstance(camera, NotPlaced) for camera in cameras)
    features = [describe_features(read_pixels(path)) for path in (first, second)]
    return match_pair("a", features[0], "b", features[1], cameras=tuple(cameras))


def plan_small_flight() -> FlightPlan:
    """Return two photos straight down and one oblique, over the demonstration's place."""
    plan, camera = demo_plan(), scene_camera(1000, 750)
    shots = plan_shots(rows=1, columns=2, camera=camera, height_m=plan.height_m, overlap=0.6)
    scene = replace(plan.scene, texel_m=0.1)
    return replace(plan, scene=scene, camera=camera, shots=(*shots, plan.shots[9]))


def true_view(plan: FlightPlan, pose: TruePose) -> SceneView:
    frame = EnuFrame(latitude_deg=plan.origin.latitude_deg, longitude_deg=plan.origin.longitude_deg)
    place = [pose.latitude_deg, pose.longitude_deg, pose.height_above_takeoff_m]
    east_m, north_m, up_m = wgs84_to_enu(frame, place)[0]
    return SceneView(
        east_m=east_m,
        north_m=north_m,
        up_m=up_m,
        yaw_deg=pose.yaw_deg,
        pitch_deg=pose.pitch_deg,
        roll_deg=pose.roll_deg,
    )


@pytest.mark.slow
def test_rays_of_matches_in_rendered_photos_meet(tmp_path: Path) -> None:
    plan = plan_small_flight()
    truth = render_flight(plan, tmp_path, seed=1)
    for first, second in combinations(truth.photos, 2):
        matches = match_files(tmp_path / first.file_name, tmp_path / second.file_name)
        assert matches is not None
        views = true_view(plan, first.pose), true_view(plan, second.pose)
        rays_a = viewing_rays(matches.pixels_first, views[0], plan.camera)
        rays_b = viewing_rays(matches.pixels_second, views[1], plan.camera)
        # Two rays pass each other at the distance of their common perpendicular.
        across = np.cross(rays_a, rays_b)
        baseline_m = views[1].position - views[0].position
        apart_m = np.abs(across @ baseline_m) / np.linalg.norm(across, axis=1)
        slant_m = plan.height_m * np.linalg.norm(rays_a, axis=1) / -rays_a[:, 2]
        off_px = apart_m / slant_m * plan.camera.fx
        assert np.median(off_px) < 0.5
        assert (off_px < MAX_OFF_EPIPOLAR_PX).mean() > 0.98


@pytest.mark.shared
@pytest.mark.parametrize(
    ("first", "second", "turned_deg"), [("0018", "0019", 0.0), ("0019", "0027", 180.0)]
)
def test_a_photo_turned_by_software_is_matched_and_shows_it(
    shared_folder: Path, first: str, second: str, turned_deg: float
) -> None:
    """0027 was turned by half after capture and still states the yaw of the capture."""
    folder = shared_folder / "photos" / "flights" / "brighton_beach"
    paths = [folder / f"DJI_{number}.JPG" for number in (first, second)]
    matches = match_files(*paths)
    assert matches is not None
    similarity, _ = cv2.estimateAffinePartial2D(matches.pixels_first, matches.pixels_second)
    seen_deg = np.degrees(np.arctan2(similarity[1, 0], similarity[0, 0]))
    yaws_deg = [read_photo_metadata(path).attitude.yaw_deg for path in paths]
    # Looking straight down, the ground turns against the camera.
    more_deg = seen_deg + (yaws_deg[1] - yaws_deg[0]) - turned_deg
    assert abs((more_deg + 180.0) % 360.0 - 180.0) < 10.0
