"""Flights: what is written, and that truth and metadata differ by the stated errors only."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from datasets.errors import DatasetError
from datasets.scenes.flight import (
    FlightBiases,
    FlightNoise,
    FlightPlan,
    plan_shots,
    render_flight,
)
from datasets.scenes.photo_file import degrees_minutes_seconds
from datasets.scenes.plans import demo_plan, scene_camera
from datasets.scenes.scene import FIRST_TRAINING_SEED
from datasets.scenes.truth import FlightTruth, read_truth
from datasets.taxonomy import CLASS_NAMES

METRES_A_DEGREE = 111_320.0  # good to half a percent


def small_plan() -> FlightPlan:
    """Return a quick flight of 6 photos of 1200 x 900, the last two oblique."""
    plan, camera = demo_plan(), scene_camera(1200, 900)
    scene = replace(
        plan.scene, seed=8, half_size_m=54, object_reach_m=24, texel_m=0.1,
        counts=dict.fromkeys(CLASS_NAMES, 3),
    )  # fmt: skip
    shots = plan_shots(rows=2, columns=2, camera=camera, height_m=plan.height_m, overlap=0.6)
    return replace(plan, scene=scene, camera=camera, shots=(*shots, *plan.shots[9:11]))


def tiny_plan() -> FlightPlan:
    plan = small_plan()
    scene = replace(
        plan.scene, half_size_m=30, texel_m=0.2, counts={"exposed_garbage": 2}, object_reach_m=14
    )
    camera = scene_camera(400, 300)
    return replace(plan, scene=scene, camera=camera, shots=plan.shots[:2])


@pytest.fixture(scope="module")
def small_flight(tmp_path_factory: pytest.TempPathFactory) -> tuple[FlightTruth, Path]:
    folder = tmp_path_factory.mktemp("flight")
    return render_flight(small_plan(), folder, seed=1), folder


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.mark.slow
def test_a_flight_has_its_photos_and_objects_of_every_class(
    small_flight: tuple[FlightTruth, Path],
) -> None:
    truth, folder = small_flight
    assert len(list(folder.glob("*.JPG"))) == len(truth.photos) == 6
    assert {entry.class_name for entry in truth.objects} == set(CLASS_NAMES)
    seen = [box.object_id for photo in truth.photos for box in photo.boxes]
    assert max(np.bincount(seen)) >= 2


@pytest.mark.slow
def test_the_written_truth_reads_back_as_it_was(small_flight: tuple[FlightTruth, Path]) -> None:
    truth, folder = small_flight
    assert read_truth(folder / "truth.json") == truth


@pytest.mark.slow
def test_exif_and_xmp_hold_the_reported_pose(small_flight: tuple[FlightTruth, Path]) -> None:
    truth, folder = small_flight
    photo = truth.photos[0]
    with Image.open(folder / photo.file_name) as picture:
        exif, xmp = picture.getexif(), picture.info["xmp"].decode()
    gps = exif.get_ifd(IFD.GPSInfo)
    degrees, minutes, seconds = (float(part) for part in gps[GPS.GPSLatitude])
    latitude = degrees + minutes / 60 + seconds / 3600
    assert exif[Base.Make] == "DJI"
    assert latitude == pytest.approx(photo.reported_pose.latitude_deg, abs=2e-9)
    assert gps[GPS.GPSDateStamp] == "2026:05:12"
    assert exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2026:05:12 10:15:00"
    assert exif.get_ifd(IFD.Exif)[Base.FocalLengthIn35mmFilm] == 24
    fields = dict(re.findall(r'drone-dji:(\w+)="([^"]*)"', xmp))
    assert re.fullmatch(r"[+-]\d+\.\d\d", fields["RelativeAltitude"])
    assert float(fields["GimbalPitchDegree"]) >= -90
    assert float(fields["GimbalYawDegree"]) == pytest.approx(photo.reported_pose.yaw_deg, abs=0.006)


@pytest.mark.slow
def test_dewarp_data_give_the_optical_centre_as_an_offset_from_the_middle(
    small_flight: tuple[FlightTruth, Path],
) -> None:
    _, folder = small_flight
    with Image.open(folder / "DJI_0001.JPG") as picture:
        xmp = picture.info["xmp"].decode()
    numbers = re.search(r'DewarpData="[^;]*;([^"]*)"', xmp)
    assert numbers is not None
    values = [float(text) for text in numbers[1].split(",")]
    # Scaled by 1200 / 4000: focal length 1200 * 24 / 36 + 3.2 * 0.3, offset 7.5 * 0.3.
    assert values[0] == pytest.approx(800.96)
    assert values[2:4] == pytest.approx([2.25, -3.3])
    assert values[4:] == pytest.approx([-0.062, 0.041, 0.0006, -0.0004, -0.012])


@pytest.mark.slow
def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        render_flight(tiny_plan(), tmp_path / name, seed=5)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


@pytest.mark.slow
def test_without_objects_the_place_is_the_same_elsewhere(tmp_path: Path) -> None:
    truth = render_flight(tiny_plan(), tmp_path / "with", seed=5)
    bare = render_flight(tiny_plan(), tmp_path / "without", seed=5, with_objects=False)
    assert not bare.objects
    assert not any(photo.boxes for photo in bare.photos)
    assert [p.pose for p in bare.photos] == [p.pose for p in truth.photos]
    name = truth.photos[0].file_name
    before = np.asarray(Image.open(tmp_path / "with" / name)).astype(int)
    after = np.asarray(Image.open(tmp_path / "without" / name)).astype(int)
    change = np.abs(before - after).max(axis=-1)
    assert np.mean(change == 0) > 0.7
    x_min, y_min, x_max, y_max = (int(v) for v in truth.photos[0].boxes[0].box_photo)
    assert np.mean(change[y_min:y_max, x_min:x_max] > 8) > 0.5


def test_without_noise_reported_and_true_pose_differ_by_the_biases(tmp_path: Path) -> None:
    plan = replace(
        tiny_plan(),
        biases=FlightBiases(east_m=2.0, north_m=-3.0, up_m=1.5, yaw_deg=4.0),
        noise=FlightNoise(),
    )
    truth = render_flight(replace(plan, shots=plan.shots[:1]), tmp_path, seed=2)
    true, reported = truth.photos[0].pose, truth.photos[0].reported_pose
    north_m = (reported.latitude_deg - true.latitude_deg) * METRES_A_DEGREE
    east_m = (reported.longitude_deg - true.longitude_deg) * METRES_A_DEGREE
    east_m *= np.cos(np.radians(true.latitude_deg))
    assert (east_m, north_m) == pytest.approx((2.0, -3.0), rel=0.01)
    assert reported.height_above_takeoff_m - true.height_above_takeoff_m == pytest.approx(1.5)
    assert reported.yaw_deg - true.yaw_deg == pytest.approx(4.0)
    assert reported.pitch_deg == true.pitch_deg


def test_scenes_that_detectors_train_on_are_refused(tmp_path: Path) -> None:
    plan = small_plan()
    plan = replace(plan, scene=replace(plan.scene, seed=FIRST_TRAINING_SEED))
    with pytest.raises(DatasetError, match="training"):
        render_flight(plan, tmp_path, seed=0)


def test_the_demo_flight_does_not_use_a_training_scene() -> None:
    assert demo_plan().scene.seed < FIRST_TRAINING_SEED


def test_the_demo_flight_is_large_enough() -> None:
    plan = demo_plan()
    assert len(plan.shots) >= 12
    assert plan.camera.width_px * plan.camera.height_px >= 12_000_000


def test_shots_are_apart_by_what_the_overlap_leaves() -> None:
    # At 40 m the photo is 40 * 36 / 24 = 60 m wide and 45 m high; 60 % overlap leave 24 and 18.
    camera = replace(scene_camera(4000, 3000), fx=4000 * 24 / 36, fy=4000 * 24 / 36)
    shots = plan_shots(rows=2, columns=2, camera=camera, height_m=40, overlap=0.6)
    places = [(round(s.east_m, 6), round(s.north_m, 6)) for s in shots]
    assert places == [(-12, -9), (12, -9), (12, 9), (-12, 9)]


def test_an_oblique_shot_is_taken_from_behind_its_aim() -> None:
    camera = scene_camera(4000, 3000)
    (shot,) = plan_shots(
        rows=1, columns=1, camera=camera, height_m=40, overlap=0.6, pitch_deg=-60, yaw_deg=90
    )
    assert (shot.east_m, shot.north_m) == pytest.approx((-40 / np.sqrt(3), 0), abs=1e-9)


def test_angles_are_written_in_degrees_minutes_seconds_with_carry() -> None:
    assert [float(part) for part in degrees_minutes_seconds(31.5125)] == [31, 30, 45]
    assert [float(part) for part in degrees_minutes_seconds(30.99999999999)] == [31, 0, 0]
