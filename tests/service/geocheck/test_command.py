"""`skypatrol geocheck` from photos and a truth file to figures, page and points."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pyproj import Transformer

from datasets.scenes.flight import FlightBiases, FlightNoise, FlightPlan, plan_shots, render_flight
from datasets.scenes.geodesy import Origin, enu_to_wgs84, to_earth_centred
from datasets.scenes.plans import scene_camera
from datasets.scenes.scene import ScenePlan
from datasets.scenes.truth import FlightTruth, TruePose
from datasets.scenes.viewing import SceneView, project
from service.command_line import main

if TYPE_CHECKING:
    from tests.service.geocheck.conftest import NadirScene

REPOSITORY = Path(__file__).resolve().parents[3]
BIASES = FlightBiases(east_m=0.9, north_m=-0.7, up_m=0.8, yaw_deg=1.1)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit code, what was printed and what was complained of."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main(["geocheck", *map(str, arguments)])
    printed = capsys.readouterr()
    code = stopped.value.code
    assert code is None or isinstance(code, int)
    return code or 0, printed.out, printed.err


def plan_flight() -> FlightPlan:
    """Return a flight over level ground in small photos, whose biases an ordinary drone has."""
    camera = scene_camera(480, 360)
    nadir = plan_shots(rows=1, columns=3, camera=camera, height_m=40.0, overlap=0.6)
    oblique = [
        shot
        for yaw_deg in (0.0, 120.0, 240.0)
        for shot in plan_shots(
            rows=1, columns=1, camera=camera, height_m=40.0, overlap=0.6,
            pitch_deg=-50.0, yaw_deg=yaw_deg,
        )
    ]  # fmt: skip
    return FlightPlan(
        scene=ScenePlan(seed=7, half_size_m=80.0, object_reach_m=30.0, texel_m=0.3, relief_m=0.0),
        origin=Origin(latitude_deg=31.0512, longitude_deg=121.2034, height_m=6.0),
        height_m=40.0,
        camera=camera,
        shots=(*nadir, *oblique),
        biases=BIASES,
        noise=FlightNoise(
            horizontal_m=0.25, vertical_m=0.2, yaw_deg=0.2, pitch_deg=0.1, roll_deg=0.1
        ),
    )


def write_gcp_list(plan: FlightPlan, truth: FlightTruth, path: Path) -> int:
    """Write marks on the ground where the photos really show them; return how many times."""
    to_grid = Transformer.from_crs(4326, 32651, always_xy=True)
    marks = [np.array([e, n, 0.0]) for e in range(-24, 25, 12) for n in range(-24, 25, 12)]
    lines = ["WGS84 UTM 51N", "# marks of a rendered survey"]
    for photo in truth.photos:
        view = _scene_view(photo.pose, plan.origin)
        for number, mark in enumerate(marks):
            column, row = project(mark[None], view, plan.camera)[0]
            if 5 <= column < plan.camera.width_px - 5 and 5 <= row < plan.camera.height_px - 5:
                latitude, longitude, _ = enu_to_wgs84(mark, plan.origin)
                x, y = to_grid.transform(longitude, latitude)
                # Somebody else's names: other capitals, another folder.
                name = f"survey/{photo.file_name.lower()}"
                lines.append(f"{x:.3f}\t{y:.3f}\t6.0\t{column:.2f}\t{row:.2f}\t{name}\tm{number}")
    path.write_text("\n".join(lines) + "\n")
    return len(lines) - 2


def _scene_view(pose: TruePose, origin: Origin) -> SceneView:
    """Return where the camera really was, in metres of the scene."""
    here = to_earth_centred(origin.latitude_deg, origin.longitude_deg, origin.height_m)
    ground = to_earth_centred(pose.latitude_deg, pose.longitude_deg, origin.height_m)
    latitude, longitude = np.radians([origin.latitude_deg, origin.longitude_deg])
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    north = np.array(
        [
            -np.sin(latitude) * np.cos(longitude),
            -np.sin(latitude) * np.sin(longitude),
            np.cos(latitude),
        ]
    )
    return SceneView(
        east_m=float(east @ (ground - here)),
        north_m=float(north @ (ground - here)),
        up_m=pose.height_above_takeoff_m,
        yaw_deg=pose.yaw_deg,
        pitch_deg=pose.pitch_deg,
        roll_deg=pose.roll_deg,
    )


@pytest.mark.slow
def test_a_rendered_flight_shows_its_biases_and_keeps_its_ellipses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan, card, out = plan_flight(), tmp_path / "card", tmp_path / "out"
    truth = render_flight(plan, card, seed=3)
    count = write_gcp_list(plan, truth, tmp_path / "gcp_list.txt")
    code, printed, complaints = run(
        capsys, card, "--truth", tmp_path / "gcp_list.txt", "--out", out, "--no-refine", "--json"
    )
    assert (code, complaints) == (0, "")
    stated = json.loads(printed)["overall"]
    assert (stated["points"], stated["photos"]) == (count, 6)
    assert count > 80
    # What GNSS is off shows as it is; yaw and height cancel over points on all sides.
    assert stated["bias_east_m"] == pytest.approx(BIASES.east_m, abs=0.35)
    assert stated["bias_north_m"] == pytest.approx(BIASES.north_m, abs=0.35)
    assert stated["ellipses"][1]["share"] >= 0.85  # one draw of the biases, not nine of ten
    assert json.loads((out / "geocheck.json").read_text()) == json.loads(printed)

    code, printed, complaints = run(capsys, card, "--truth", tmp_path / "gcp_list.txt")
    assert (code, complaints) == (0, "")
    assert f"points   {count} of {count} compared" in printed
    assert "WGS 84 / UTM zone 51N (EPSG:32651)" in printed


def test_files_are_written_and_are_the_same_the_next_time(
    scene: "NadirScene", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("image,px,py,lat,lon\nDJI_0.JPG,299.5,224.5,30.25,120.15\n")
    first, second = tmp_path / "first", tmp_path / "second"
    for out in (first, second):
        code, printed, complaints = run(
            capsys, scene.folder, "--truth", truth, "--out", out, "--no-refine"
        )
        assert (code, complaints) == (0, "")
        assert f"report   {out / 'geocheck.html'}" in printed
    names = {path.name for path in first.iterdir()}
    assert names == {"geocheck.html", "geocheck.json", "points.csv"}
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes()


@pytest.mark.parametrize(
    ("truth", "options", "complaint"),
    [
        ("image,px,py,lat,lon\nDJI_0.JPG,1,2,x,3\n", [], "line 2: the latitude is 'x'"),
        ("image,px,py,lat,lon\ngone.jpg,1,2,30,120\n", [], "not one point could be compared"),
        ("EPSG:4326\n", [], "holds no points"),
        (None, [], "truth.csv: cannot be read"),
        ("EPSG:4326\n", ["--scale", "0"], "--scale: 0 is not above 0 and up to 1"),
        ("EPSG:4326\n", ["--scale", "nan"], "--scale: nan is not above 0 and up to 1"),
        ("EPSG:4326\n", ["--lang", "fr"], "--lang: 'fr' is none of en, zh"),
        ("EPSG:4326\n", ["--colour", "red"], "(see skypatrol geocheck --help)"),
        ("EPSG:4326\n9 50 0 1 2 a.jpg\n", ["--ground", "gone.tif"], "--ground gone.tif cannot"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_one(
    truth: str | None,
    options: list[str],
    complaint: str,
    scene: "NadirScene",
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "truth.csv"
    if truth is not None:
        path.write_text(truth)
    code, _, complaints = run(capsys, scene.folder, "--truth", path, *options)
    assert code == 1
    assert complaint in complaints
    assert complaints.startswith("skypatrol: ")
    assert complaints.count("\n") == 1


def test_page_and_terminal_speak_the_language_asked_for_and_figures_stay(
    scene: "NadirScene",
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("image,px,py,lat,lon\nDJI_0.JPG,299.5,224.5,30.25,120.15\n")
    arguments = (scene.folder, "--truth", truth, "--no-refine", "--out")
    run(capsys, *arguments, tmp_path / "en", "--lang", "en")
    code, printed, complaints = run(capsys, *arguments, tmp_path / "zh", "--lang", "zh")
    assert (code, complaints) == (0, "")
    assert f"报告     {tmp_path / 'zh' / 'geocheck.html'}" in printed
    assert "中误差" in (tmp_path / "zh" / "geocheck.html").read_text(encoding="utf-8")
    for name in ("geocheck.json", "points.csv"):
        assert (tmp_path / "zh" / name).read_bytes() == (tmp_path / "en" / name).read_bytes()


def test_an_output_among_the_photos_is_refused(
    scene: "NadirScene", tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("image,px,py,lat,lon\nDJI_0.JPG,299.5,224.5,30.25,120.15\n")
    before = sorted(scene.folder.iterdir())
    code, _, complaints = run(capsys, scene.folder, "--truth", truth, "--out", scene.folder)
    assert code == 1
    assert "--out" in complaints
    assert sorted(scene.folder.iterdir()) == before


def test_pixels_of_full_size_are_told_and_scaled(
    tmp_path: Path,
    write_drone_photo: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_drone_photo(tmp_path / "photos" / "DJI_0.JPG", number=0)
    truth = tmp_path / "truth.csv"
    # The middle of 3000 x 2250 pixels, of which the photo here is a fifth.
    truth.write_text("image,px,py,lat,lon\nDJI_0.JPG,1499.5,1124.5,30.25,120.15\n")
    code, printed, complaints = run(capsys, tmp_path / "photos", "--truth", truth)
    assert code == 1
    assert "Pixel outside the photo, such as line 2" in printed
    assert "not one point" in complaints
    code, printed, _ = run(capsys, tmp_path / "photos", "--truth", truth, "--scale", "0.2")
    assert code == 0
    assert "points   1 of 1 compared" in printed


def test_it_loads_neither_detector_nor_torch() -> None:
    code = (
        "import sys, service.geocheck.job; "
        "print([name for name in ('torch', 'ultralytics', 'openvino') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=REPOSITORY)  # fmt: skip
    assert done.stdout == "[]\n"


def test_a_fixed_camera_is_checked_at_its_registered_pose(
    tmp_path: Path,
    write_drone_photo: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_drone_photo(tmp_path / "gate" / "a.JPG", number=0, with_xmp=False)
    (tmp_path / "cameras.toml").write_text(
        '[[camera]]\nid = "gate"\nmatch = { folder = "gate" }\nlatitude = 30.25\n'
        "longitude = 120.15\nheight_above_ground_m = 10.0\nyaw_deg = 0.0\npitch_deg = -45.0\n"
        "horizontal_fov_deg = 60.0\n"
    )
    truth = tmp_path / "truth.csv"
    # The middle of the picture is 10 m to the north: a degree of latitude has 110855 m here.
    truth.write_text(f"image,px,py,lat,lon\na.JPG,299.5,224.5,{30.25 + 10 / 110_855!r},120.15\n")
    code, printed, complaints = run(
        capsys, tmp_path / "gate", "--truth", truth, "--cameras", tmp_path / "cameras.toml",
        "--json",
    )  # fmt: skip
    assert (code, complaints) == (0, "")
    summary = json.loads(printed)
    assert summary["overall"]["max_m"] < 0.05
    assert summary["photos"][0]["methods"] == {"fixed_camera": 1}
