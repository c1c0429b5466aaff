"""A flight over a rendered scene, encoded as a video: true boxes on its frames become places."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.scenes.flight import view_to_pose
from datasets.scenes.geodesy import Origin, enu_to_wgs84
from datasets.scenes.photo import DEFAULT_DEVELOPMENT, ObjectView, take_photo
from datasets.scenes.plans import demo_plan
from datasets.scenes.scene import Scene, build_scene
from datasets.scenes.truth import TruePose
from datasets.scenes.viewing import SceneCamera, SceneView
from inference.geometry.frames import EnuFrame, wgs84_to_plane
from inference.geometry.uncertainty import circular_error_90_m, full_covariance
from inference.merging.flights import FlightPhoto
from inference.pipeline import conclude, plan_flights
from inference.sighting import Detection, Placement
from inference.video.frame_metadata import Assumed
from inference.video.read_frames import VideoReading, VideoTask, read_frames
from inference.video.telemetry import parse_telemetry

CAMERA = SceneCamera(width_px=640, height_px=360, fx=426.7, fy=426.7, cx=319.5, cy=179.5)
FRAME_RATE, FRAMES, SPEED_M_S = 4.0, 24, 8.0
# What the drone is wrong by: within the sigmas of its kind, the same all the way.
EAST_ERROR_M, NORTH_ERROR_M, UP_ERROR_M, YAW_ERROR_DEG = 1.4, -1.1, 0.8, 1.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flight:
    """A video with what each of its frames truly shows."""

    path: Path
    scene: Scene
    origin: Origin
    boxes: tuple[tuple[ObjectView, ...], ...]


def view_at(time_s: float, height_m: float) -> SceneView:
    """Return where the drone truly is on its way east, swaying a little."""
    sway = np.sin(2.0 * time_s)
    return SceneView(
        east_m=-24.0 + SPEED_M_S * time_s,
        north_m=float(sway),
        up_m=height_m,
        yaw_deg=90.0 + 2.0 * float(sway),
        pitch_deg=-80.0,
        roll_deg=0.0,
    )


def reported_pose(time_s: float, flight: Flight) -> TruePose:
    view = view_at(time_s, demo_plan().height_m)
    wrong = replace(
        view,
        east_m=view.east_m + EAST_ERROR_M,
        north_m=view.north_m + NORTH_ERROR_M,
        up_m=view.up_m + UP_ERROR_M,
        yaw_deg=view.yaw_deg + YAW_ERROR_DEG,
    )
    return view_to_pose(wrong, flight.origin)


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Flight:
    plan = demo_plan()
    scene = build_scene(replace(plan.scene, texel_m=0.15))
    path = tmp_path_factory.mktemp("flight") / "flight.MP4"
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), codec, FRAME_RATE, (CAMERA.width_px, CAMERA.height_px))
    boxes = []
    for number in range(FRAMES):
        photo = take_photo(
            scene,
            view_at(number / FRAME_RATE, plan.height_m),
            CAMERA,
            development=DEFAULT_DEVELOPMENT,
            rng=np.random.default_rng(number),
        )
        writer.write(photo.pixels)
        boxes.append(photo.objects)
    writer.release()
    return Flight(path=path, scene=scene, origin=plan.origin, boxes=tuple(boxes))


def write_named(pose: TruePose, time_s: float) -> str:
    return (
        f"FrameCnt: 1, DiffTime: 250ms\n2026-05-12 10:15:{time_s:06.3f}\n[focal_len: 24.00] "
        f"[latitude: {pose.latitude_deg:.6f}] [longitude: {pose.longitude_deg:.6f}] "
        f"[rel_alt: {pose.height_above_takeoff_m:.3f} abs_alt: 99.000] "
        f"[gb_yaw: {pose.yaw_deg:.1f} gb_pitch: {pose.pitch_deg:.1f} gb_roll: 0.0]"
    )


def write_gimbal(pose: TruePose, _: float) -> str:
    return (
        f"F/5.6, SS 400, ISO 100, EV 0, GPS ({pose.longitude_deg:.6f}, {pose.latitude_deg:.6f}, "
        f"15), D 1.00m, H {pose.height_above_takeoff_m:.2f}m, H.S 8.00m/s, V.S 0.00m/s, "
        f"F.PRY (0.0°, 0.0°, 90.0°), G.PRY ({pose.pitch_deg:.1f}°, 0.0°, {pose.yaw_deg:.1f}°)"
    )


def read_flight(
    flight: Flight, write: Callable[[TruePose, float], str], *, step_s: float, assumed: Assumed
) -> VideoReading:
    blocks = []
    for number in range(round(FRAMES / FRAME_RATE / step_s)):
        time_s = number * step_s
        span = f"00:00:{time_s:06.3f} --> 00:00:{time_s + step_s:06.3f}"
        blocks.append(f"{number + 1}\n{span}\n{write(reported_pose(time_s, flight), time_s)}\n")
    task = VideoTask(
        path=flight.path,
        video_sha256="a" * 64,
        telemetry=parse_telemetry("\n".join(blocks).encode()),
        telemetry_sha256="b" * 64,
        known={},
        assumed=assumed,
    )
    return read_frames(task)


def true_detections(flight: Flight, reading: VideoReading) -> dict[str, list[Detection]]:
    """Return the true boxes on each frame, as a perfect detector would give them."""
    return {
        frame.id: [
            Detection(
                id=f"{shown.object_id}/{frame.number}",
                photo_sha256=frame.id,
                class_name=shown.class_name,
                confidence=0.8,
                box_photo=shown.box_photo,
                appearance=np.array([1.0], dtype=np.float32),
            )
            for shown in flight.boxes[frame.number]
            if shown.visible_share > 0.9
        ]
        for frame in reading.frames
    }


def off_m(place: Placement, flight: Flight, object_id: int) -> float:
    true = next(entry for entry in flight.scene.objects if entry.id == object_id)
    latitude_deg, longitude_deg, _ = enu_to_wgs84(true.centre, flight.origin)
    frame = EnuFrame(latitude_deg=latitude_deg, longitude_deg=longitude_deg)
    return float(np.hypot(*wgs84_to_plane(frame, place.latitude_deg, place.longitude_deg)[0]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "step_s", "assumed"),
    [
        (write_named, 0.25, Assumed()),
        (write_gimbal, 1.0, Assumed(focal_length_35mm=24.0)),
    ],
    ids=["named, each frame", "gimbal, each second"],
)
def test_objects_on_the_frames_of_a_video_are_found_where_they_are(
    flight: Flight, write: Callable[[TruePose, float], str], step_s: float, assumed: Assumed
) -> None:
    reading = read_flight(flight, write, step_s=step_s, assumed=assumed)
    # 40 m up a frame shows 60 m across and 34 m along: 13.5 m on, 40 % is new.
    assert 4 <= len(reading.frames) <= 6
    detections = true_detections(flight, reading)
    photos = [FlightPhoto(sha256=f.id, metadata=f.metadata, folder="") for f in reading.frames]
    issues = conclude(plan_flights(photos, ground=None), detections, permits=[], grids=[]).issues
    inside = []
    for issue in issues:
        (object_id,) = {one.detection.id.partition("/")[0] for one in issue.sightings}
        assert isinstance(issue.position, Placement)
        ce90_m = circular_error_90_m(full_covariance(issue.position))
        away_m = off_m(issue.position, flight, int(object_id))
        inside.append(away_m <= ce90_m)
        assert away_m < 5.0
        assert ce90_m < 20.0  # no ellipse so large that it would hold anything
    assert len(issues) == len({one.id.partition("/")[0] for d in detections.values() for one in d})
    assert len(issues) >= 6
    assert np.mean(inside) >= 0.8
