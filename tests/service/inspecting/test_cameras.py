"""The file of registered cameras: what it gives, and what is wrong with a wrong one."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from datasets.scenes.viewing import SceneCamera, SceneView, project
from inference.patrol.fixed_cameras import CameraMatch
from service.errors import CannotStartError
from service.inspecting.cameras import parse_cameras, read_cameras
from service.inspecting.job import InspectOptions

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "cameras.md"
GATE: dict[str, Any] = {
    "id": "gate-3",
    "match": {"folder": "gate-3"},
    "latitude": 30.25,
    "longitude": 120.15,
    "height_above_ground_m": 6.0,
    "yaw_deg": 30.0,
    "pitch_deg": -20.0,
    "horizontal_fov_deg": 90.0,
}


def parse(*cameras: dict[str, Any]) -> list[Any]:
    return list(parse_cameras({"camera": list(cameras)}, path=Path("cameras.toml")))


def changed(**values: Any) -> dict[str, Any]:
    """Return GATE with these values; None takes a key out."""
    return {key: value for key, value in {**GATE, **values}.items() if value is not None}


def test_what_is_left_out_has_the_stated_accuracy_and_stands_upright() -> None:
    (camera,) = parse(GATE)
    assert camera.match == CameraMatch(folder="gate-3")
    assert camera.roll_deg == 0.0
    pose = camera.pose
    assert (pose.place_sigma_m, pose.height_sigma_m) == (1.0, 0.3)
    assert (pose.yaw_sigma_deg, pose.pitch_sigma_deg, pose.roll_sigma_deg) == (1.0, 0.5, 0.5)


def test_a_focal_length_in_pixels_is_a_field_of_view() -> None:
    # 960 pixels beside the middle at 960 pixels of focal length: 45 degrees on either side.
    (camera,) = parse(changed(horizontal_fov_deg=None, focal_px=960, width_px=1920))
    assert camera.horizontal_fov_deg == pytest.approx(90.0)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"id": None}, "camera 1: id is missing"),
        ({"id": 3}, "camera 1: id is '3', not a short text"),
        ({"id": "  "}, "id is"),
        ({"id": "a\nb"}, "id holds characters"),
        ({"match": None}, "match is missing"),
        ({"match": {}}, "match is missing"),
        ({"match": "gate-3"}, "match is missing"),
        ({"match": {"model": "X"}}, "unknown key match.model"),
        ({"match": {"serial": 7}}, "match.serial is '7'"),
        ({"match": {"folder": "./"}}, "match.folder"),
        ({"latitude": None}, r"camera 1 \(gate-3\): latitude is missing"),
        ({"latitude": 91}, "latitude is 91, not from -90 to 90"),
        ({"longitude": -181.0}, "longitude is -181, not from -180 to 180"),
        ({"latitude": 0.0, "longitude": 0}, "latitude and longitude are both 0"),
        ({"latitude": "30.25"}, "latitude is '30.25', not a number"),
        ({"latitude": 10**400}, "latitude is inf, not from -90 to 90"),
        ({"latitude": -(10**400)}, "latitude is -inf, not from -90 to 90"),
        ({"yaw_deg": True}, "yaw_deg is True, not a number"),
        ({"yaw_deg": math.nan}, "yaw_deg is nan, not from"),
        ({"pitch_deg": math.inf}, "pitch_deg is inf, not from"),
        ({"pitch_deg": -91}, "pitch_deg is -91"),
        ({"height_above_ground_m": 0.0}, "height_above_ground_m is 0"),
        ({"place_sigma_m": 0.0}, "place_sigma_m is 0"),
        ({"yaw_sigma_deg": -1.0}, "yaw_sigma_deg is -1"),
        ({"horizontal_fov_deg": None}, "neither is there"),
        ({"focal_px": 900, "width_px": 1920}, "both are there"),
        ({"horizontal_fov_deg": None, "focal_px": 900}, "width_px is missing"),
        ({"width_px": 1920}, "width_px goes with focal_px"),
        ({"horizontal_fov_deg": None, "focal_px": 2, "width_px": 4000}, "sees 18"),
        ({"horizontal_fov_deg": 170}, "horizontal_fov_deg is 170, not from 1 to 150"),
        ({"heading_deg": 30}, "unknown key heading_deg"),
    ],
)
def test_a_wrong_entry_is_refused_by_its_name_and_key(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(CannotStartError, match=problem) as caught:
        parse(changed(**values))
    assert str(caught.value).startswith("cameras.toml: camera 1")


def test_an_id_occurs_once() -> None:
    with pytest.raises(CannotStartError, match=r"camera 2 \(gate-3\): this id occurs more"):
        parse(GATE, GATE)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "0 cameras"),
        ({"camera": {}}, "no list of tables"),
        ({"camera": [1]}, "no list of tables"),
        ({"cameras": []}, "unknown key cameras"),
    ],
)
def test_another_table_is_refused(table: dict[str, Any], problem: str) -> None:
    with pytest.raises(CannotStartError, match=problem):
        parse_cameras(table, path=Path("cameras.toml"))


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"[[camera]", b"camera = " + b"[" * 5000, b"a = " + b"1" * 5000]
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "cameras.toml"
    path.write_bytes(data)
    with pytest.raises(CannotStartError, match="is no TOML"):
        read_cameras(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="cannot be read"):
        read_cameras(tmp_path / "cameras.toml")


def test_the_example_of_the_manual_can_be_read(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    path = tmp_path / "cameras.toml"
    path.write_text(text.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert [camera.pose.camera_id for camera in read_cameras(path)] == ["gate-3", "bus-stop"]


def write_cameras(path: Path, *cameras: dict[str, Any]) -> Path:
    lines = []
    for camera in cameras:
        lines.append("[[camera]]")
        for key, value in camera.items():
            inline = (
                "{" + ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items()) + "}"
                if isinstance(value, dict)
                else json.dumps(value)
            )
            lines.append(f"{key} = {inline}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def draw_heap_from_gate(path: Path, *, east_m: float, north_m: float) -> Path:
    """Write a photo without any metadata on which the camera at the gate sees a white heap."""
    camera = SceneCamera(width_px=1280, height_px=720, fx=640.0, fy=640.0, cx=639.5, cy=359.5)
    view = SceneView(east_m=0.0, north_m=0.0, up_m=6.0, yaw_deg=30.0, pitch_deg=-20.0, roll_deg=0.0)
    corners = np.array(
        [(east_m + x, north_m + y, 0.0) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    )
    pixels = np.random.default_rng(1).integers(40, 90, (720, 1280, 3), np.uint8)
    outline = np.round(project(corners, view, camera)).astype(np.int32)
    cv2.fillConvexPoly(pixels, outline, (255, 255, 255))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, "JPEG", quality=92)
    return path


def test_photos_of_a_registered_camera_give_placed_issues(
    tmp_path: Path, stand_in: ModuleType
) -> None:
    draw_heap_from_gate(tmp_path / "photos" / "gate-3" / "1.jpg", east_m=7.0, north_m=11.0)
    cameras = write_cameras(tmp_path / "cameras.toml", GATE)
    options = InspectOptions(paths=(tmp_path / "photos",), output=tmp_path / "out", cameras=cameras)
    result = stand_in.inspect_with_stand_in(options)
    (feature,) = json.loads((tmp_path / "out" / "issues.geojson").read_text())["features"]
    position = feature["properties"]["position"]
    assert position["method"] == "fixed_camera"
    assert position["position_source"] == "registered"
    metres_per_degree = 111_320.0
    north_m = (position["latitude"] - 30.25) * metres_per_degree
    east_m = (position["longitude"] - 120.15) * metres_per_degree * math.cos(math.radians(30.25))
    # A flat heap has its middle above the middle of its base as seen, by a part of its depth.
    assert math.hypot(east_m - 7.0, north_m - 11.0) < 1.0
    assert all(reason.code.value != "no_gps" for file in result.files for reason in file.reasons)


def test_another_file_of_cameras_moves_the_issues_without_a_fresh_start(
    tmp_path: Path, stand_in: ModuleType
) -> None:
    draw_heap_from_gate(tmp_path / "photos" / "gate-3" / "1.jpg", east_m=7.0, north_m=11.0)
    latitudes = []
    for latitude in (30.25, 30.26):
        options = InspectOptions(
            paths=(tmp_path / "photos",),
            output=tmp_path / "out",
            cameras=write_cameras(tmp_path / "cameras.toml", changed(latitude=latitude)),
        )
        (issue,) = stand_in.inspect_with_stand_in(options).issues
        latitudes.append(issue.position.latitude_deg)
    assert latitudes[1] - latitudes[0] == pytest.approx(0.01, abs=1e-6)


def test_a_photo_that_two_cameras_claim_stops_the_run(tmp_path: Path, stand_in: ModuleType) -> None:
    draw_heap_from_gate(tmp_path / "photos" / "gate-3" / "1.jpg", east_m=7.0, north_m=11.0)
    other = changed(id="yard", match={"name": "*.jpg"})
    options = InspectOptions(
        paths=(tmp_path / "photos",),
        output=tmp_path / "out",
        cameras=write_cameras(tmp_path / "cameras.toml", GATE, other),
    )
    with pytest.raises(CannotStartError, match=r"--cameras: /.*/1\.jpg fits .* gate-3, yard"):
        stand_in.inspect_with_stand_in(options)


def test_street_photos_with_gps_give_placed_issues(
    tmp_path: Path, stand_in: ModuleType, write_drone_photo: Callable[..., Path]
) -> None:
    path = write_drone_photo(
        tmp_path / "photos" / "a.jpg", number=1, spots_px=((300, 300),), with_xmp=False
    )
    with Image.open(path) as picture:
        exif = picture.getexif()
        exif[0x010F], exif[0x0110] = "Apple", "iPhone 15"
        exif.get_ifd(0x8825)[16] = "T"
        exif.get_ifd(0x8825)[17] = 90.0
        picture.save(path, "JPEG", quality=95, exif=exif)
    options = InspectOptions(paths=(tmp_path / "photos",), output=tmp_path / "out")
    stand_in.inspect_with_stand_in(options)
    (feature,) = json.loads((tmp_path / "out" / "issues.geojson").read_text())["features"]
    position = feature["properties"]["position"]
    assert position["method"] == "compass_ray"
    assert position["longitude"] > 120.15  # it looked east
    assert position["ellipse"]["major_m"] > position["ellipse"]["minor_m"]
    assert min(position["ellipse"]["azimuth_deg"], 180.0) == pytest.approx(90.0, abs=3.0)
