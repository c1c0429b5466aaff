import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from service.command_line import main

REPOSITORY = Path(__file__).resolve().parents[2]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit code, what was printed and what was complained of."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    code = stopped.value.code
    assert code is None or isinstance(code, int)
    return code or 0, printed.out, printed.err


@pytest.fixture
def photos(tmp_path: Path, write_drone_photo: Callable[..., Path]) -> Path:
    for number in range(2):
        write_drone_photo(
            tmp_path / "photos" / f"DJI_{number}.JPG", number=number, spots_px=((300, 200),)
        )
    return tmp_path / "photos"


def test_photos_become_results_and_figures(
    photos: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, printed, complaints = run(
        capsys, "inspect", photos, "--out", out, "--model", model_folder, "--lang", "zh"
    )
    assert (code, complaints) == (0, "")
    assert "已检测 2 张" in printed
    assert str(out / "report.html") in printed
    assert {path.name for path in out.iterdir()} >= {
        "issues.geojson", "issues.csv", "coverage.geojson", "receipt.json", "report.html",
        "evidence",
    }  # fmt: skip
    assert json.loads((out / "issues.geojson").read_text())["features"]


def test_a_ground_model_of_another_place_is_told(
    photos: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ground = tmp_path / "dem.tif"
    with rasterio.open(
        ground, "w", driver="GTiff", width=9, height=9, count=1, dtype="float32",
        crs="EPSG:4326", transform=from_origin(10.0, 50.0, 0.001, 0.001),
    ) as file:  # fmt: skip
        file.write(np.zeros((1, 9, 9), dtype=np.float32))
    code, printed, _ = run(
        capsys, "inspect", photos, "--out", tmp_path / "out", "--model", model_folder,
        "--ground", ground,
    )  # fmt: skip
    assert code == 0
    assert "ground   does not reach 2 photos" in printed


def test_json_is_all_that_is_printed(
    photos: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "broken.jpg").write_bytes((photos / "DJI_0.JPG").read_bytes()[:9000])
    code, printed, complaints = run(
        capsys, "inspect", photos, "--out", tmp_path / "out", "--model", model_folder, "--json"
    )
    summary = json.loads(printed)
    assert (code, complaints) == (2, "")
    assert (summary["inspected"], summary["rejected"]) == (2, 1)
    assert set(summary["issues"]) == {"exposed_garbage", "damaged_billboard", "illegal_structure"}


def test_confidence_and_classes_are_taken(
    photos: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed, _ = run(
        capsys, "inspect", photos, "--out", tmp_path / "out", "--model", model_folder, "--json",
        "--min-confidence", "0.1", "--min-confidence", "exposed_garbage=1",
        "--classes", "exposed_garbage,damaged_billboard",
    )  # fmt: skip
    assert code == 0
    assert json.loads(printed)["issues"] == {"exposed_garbage": 0, "damaged_billboard": 0}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--min-confidence", "1.5"], "--min-confidence: '1.5' is no number from 0 to 1"),
        (["--min-confidence", "exposed_garbage=x"], "'x' is no number from 0 to 1"),
        (["--min-confidence", "graffiti=0.5"], "knows no class graffiti"),
        (["--classes", "graffiti"], "knows no class graffiti"),
        (["--lang", "fr"], "--lang: 'fr' is none of en, zh"),
        (["--timezone", "Mars/Olympus"], "--timezone: 'Mars/Olympus' is no time zone"),
        (["--timezone", "../etc/passwd"], "is no time zone"),
        (["--workers", "0"], "--workers: 0 is less than 1"),
        (["--workers", "many"], "--workers"),
        (
            ["--ground", "no_such.tif"],
            "--ground no_such.tif cannot be read: No such file or directory",
        ),
        (["--permits", "no_such.geojson"], "no_such.geojson: no such file"),
        (["--grids", "no_such.geojson"], "no_such.geojson: no such file"),
        (["--model", "no-such-model"], "no model 'no-such-model'"),
        (["--colour", "red"], "(see skypatrol inspect --help)"),
        (["--classes", ","], "--classes: no class is named"),
        ([""], "a PATH is empty"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_code_one(
    options: list[str],
    complaint: str,
    photos: Path,
    model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    code, printed, complaints = run(
        capsys, "inspect", photos, "--out", out, "--model", model_folder, *options
    )
    assert (code, printed) == (1, "")
    assert complaint in complaints
    assert complaints.startswith("skypatrol: ")
    assert complaints.count("\n") == 1
    assert not out.exists()


def test_a_complaint_steers_no_terminal_and_does_not_fill_it(
    photos: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cameras = tmp_path / "cameras.toml"
    cameras.write_text(f'"\\u001b[31m\\u202e{"x" * 100_000}" = 1\n')
    code, _, complaints = run(
        capsys, "inspect", photos, "--out", tmp_path / "out", "--model", model_folder,
        "--cameras", cameras,
    )  # fmt: skip
    assert code == 1
    assert complaints.endswith("…\n")
    assert complaints[:-1].isprintable()
    assert len(complaints) < 3000


def test_what_is_missing_is_said_with_exit_code_one(
    tmp_path: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "inspect")[0] == 1
    assert run(capsys, "inspect", tmp_path)[0] == 1
    code, _, complaints = run(
        capsys, "inspect", tmp_path / "gone", "--out", tmp_path / "out", "--model", model_folder
    )
    assert code == 1
    assert complaints == f"skypatrol: {tmp_path / 'gone'} does not exist\n"
    assert not (tmp_path / "out").exists()


def test_a_folder_without_photos_points_to_the_receipt(
    tmp_path: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("none")
    code, _, complaints = run(
        capsys, "inspect", tmp_path / "in", "--out", tmp_path / "out", "--model", model_folder
    )
    assert code == 1
    assert "no usable photo among 1 files; only" in complaints
    assert not (tmp_path / "out" / "report.html").exists()


def test_an_empty_folder_is_named(
    tmp_path: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    code, _, complaints = run(
        capsys, "inspect", tmp_path / "in", "--out", tmp_path / "out", "--model", model_folder
    )
    assert (code, complaints) == (1, f"skypatrol: no files in {tmp_path / 'in'}\n")


def test_an_output_among_the_photos_is_refused(
    photos: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, complaints = run(capsys, "inspect", photos, "--out", photos, "--model", model_folder)
    assert code == 1
    assert "--out" in complaints
    assert len(list(photos.iterdir())) == 2


def test_a_time_zone_given_leaves_times_alone_that_state_theirs(
    photos: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run(capsys, "inspect", photos, "--out", out, "--model", model_folder)
    before = (out / "issues.geojson").read_bytes()
    run(
        capsys, "inspect", photos, "--out", out, "--model", model_folder,
        "--timezone", "America/Lima",
    )  # fmt: skip
    assert (out / "issues.geojson").read_bytes() == before


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version")[1].startswith("0.")
    assert "inspect" in run(capsys)[1]
    assert run(capsys, "inspect", "--help")[0] == 0


@pytest.mark.slow
def test_python_m_service_is_the_command(photos: Path, model_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "照片")
    command = [sys.executable, "-m", "service", "inspect", str(tmp_path / "照片"),
               "--out", str(tmp_path / "out"), "--model", str(model_folder), "--json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["inspected"] == 2
