"""A video with its flight data goes the same way as photos, with a stand-in for the model."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from inference.receipt import Outcome, ReasonCode
from service.inspecting.folder import LOCK_NAME, STORE_NAME
from service.inspecting.job import InspectOptions
from service.inspecting.summary import exit_code, summarise

SCRIPT = Path(__file__).with_name("stand_in_inspection.py")
REPOSITORY = Path(__file__).resolve().parents[3]

# 24 mm of 36 mm wide film on 640 px: 426.7 px of focal length. From 64 m a pixel is 0.15 m.
WIDTH_PX, HEIGHT_PX, FRAME_RATE, SECONDS = 640, 360, 10.0, 8
HEIGHT_M, SPEED_M_S = 64.0, 8.0
GSD_M = HEIGHT_M / (WIDTH_PX * 24 / 36)
LATITUDE_DEG, LONGITUDE_DEG = 30.25, 120.15
METRES_PER_DEGREE = 111_320.0
COS_LATITUDE = 0.863836  # of 30.25 degrees

# The heap lies 30 m east and 6 m north of where the drone is at the beginning.
HEAP_EAST_M, HEAP_NORTH_M = 30.0, 6.0

MakeCue = Callable[[float, float], str]


def named_relative(east_m: float, time_s: float) -> str:
    """Return what a Matrice 30 writes."""
    longitude = LONGITUDE_DEG + east_m / METRES_PER_DEGREE / COS_LATITUDE
    return (
        f'<font size="28">FrameCnt: 1, DiffTime: 33ms\n2026-05-04 11:02:{1 + time_s:06.3f}\n'
        f"[iso: 100] [shutter: 1/1000.0] [fnum: 2.8] [ct: 5600] [focal_len: 24.00] "
        f"[dzoom_ratio: 1.00], [latitude: {LATITUDE_DEG:.6f}] [longitude: {longitude:.6f}] "
        f"[rel_alt: {HEIGHT_M:.3f} abs_alt: {HEIGHT_M + 20:.3f}] "
        f"[gb_yaw: 0.0 gb_pitch: -90.0 gb_roll: 0.0] </font>"
    )


def gps_gimbal(east_m: float, time_s: float) -> str:
    """Return what a Phantom 4 RTK writes: neither time nor lens."""
    longitude = LONGITUDE_DEG + east_m / METRES_PER_DEGREE / COS_LATITUDE
    return (
        f"F/5.6, SS 400, ISO 100, EV 0, GPS ({longitude:.6f}, {LATITUDE_DEG:.6f}, 15), "
        f"HOME ({LONGITUDE_DEG:.6f}, {LATITUDE_DEG:.6f}, -57.98m), D {east_m:.2f}m, "
        f"H {HEIGHT_M:.2f}m, H.S 8.00m/s, V.S 0.00m/s, "
        "F.PRY (2.7°, -7.0°, 0.1°), G.PRY (-90.0°, 0.0°, 0.0°)"
    )


def stamp(time_s: float) -> str:
    whole, milliseconds = divmod(round(time_s * 1000), 1000)
    return f"00:{whole // 60:02d}:{whole % 60:02d},{milliseconds:03d}"


def write_srt(path: Path, make_cue: MakeCue, *, step_s: float) -> Path:
    blocks = [
        f"{n + 1}\n{stamp(n * step_s)} --> {stamp((n + 1) * step_s)}\n"
        f"{make_cue(SPEED_M_S * n * step_s, n * step_s)}\n\n"
        for n in range(round(SECONDS / step_s))
    ]
    path.write_text("".join(blocks), encoding="utf-8")
    return path


def draw_frames() -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
    """Yield the pictures that the drone takes on its way east over rough ground and the heap."""
    ground = np.random.default_rng(7).integers(40, 90, (HEIGHT_PX, 2000, 3), np.uint8)
    ground = cv2.GaussianBlur(ground, (0, 0), 2)
    for number in range(round(SECONDS * FRAME_RATE)):
        moved_px = round(SPEED_M_S * number / FRAME_RATE / GSD_M)
        picture = ground[:, moved_px : moved_px + WIDTH_PX].copy()
        column = (WIDTH_PX - 1) / 2 + HEAP_EAST_M / GSD_M - moved_px
        row = (HEIGHT_PX - 1) / 2 - HEAP_NORTH_M / GSD_M
        if 12 < column < WIDTH_PX - 12:
            corner = (round(column) - 10, round(row) - 10)
            cv2.rectangle(picture, corner, (corner[0] + 20, corner[1] + 20), (255,) * 3, -1)
        yield picture


def write_video(path: Path, pictures: Iterable[np.ndarray[Any, np.dtype[np.uint8]]]) -> None:
    writer: cv2.VideoWriter | None = None
    for picture in pictures:
        if writer is None:
            size = (picture.shape[1], picture.shape[0])
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            writer = cv2.VideoWriter(str(path), codec, FRAME_RATE, size)
        writer.write(picture)
    assert writer is not None
    writer.release()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds flight.MP4 with flight.SRT."""
    folder = tmp_path_factory.mktemp("card")
    write_video(folder / "flight.MP4", draw_frames())
    write_srt(folder / "flight.SRT", named_relative, step_s=0.1)
    return folder


@pytest.fixture(scope="module")
def done(video: Path, tmp_path_factory: pytest.TempPathFactory, stand_in: ModuleType) -> Path:
    out = tmp_path_factory.mktemp("done") / "out"
    stand_in.inspect_with_stand_in(InspectOptions(paths=(video,), output=out))
    return out


def results(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith((STORE_NAME, LOCK_NAME))
    }


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def receipt(out: Path) -> dict[str, Any]:
    """Return the receipt's entries by path."""
    return {entry["path"]: entry for entry in read_json(out / "receipt.json")["files"]}


def codes(entry: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in entry["reasons"]]


def copy_card(video: Path, folder: Path) -> Path:
    return Path(shutil.copytree(video, folder))


def inspect(stand_in: ModuleType, out: Path, *paths: Path) -> Any:
    return stand_in.inspect_with_stand_in(InspectOptions(paths=paths, output=out))


def check_heap(out: Path) -> None:
    """Check that there is one issue, seen on several frames, whose ellipse holds the heap."""
    (feature,) = read_json(out / "issues.geojson")["features"]
    record = feature["properties"]
    assert record["observation_count"] == len(record["observations"]) >= 2
    longitude, latitude = feature["geometry"]["coordinates"]
    east_m = (longitude - LONGITUDE_DEG) * METRES_PER_DEGREE * COS_LATITUDE
    north_m = (latitude - LATITUDE_DEG) * METRES_PER_DEGREE
    away_m = np.hypot(east_m - HEAP_EAST_M, north_m - HEAP_NORTH_M)
    assert away_m < 0.5 < record["position"]["ellipse"]["minor_m"] < 15.0


def test_a_heap_that_several_frames_show_is_one_issue_where_it_lies(done: Path) -> None:
    check_heap(done)


def test_another_dialect_with_one_subtitle_a_second_needs_to_be_told_the_lens(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    card = copy_card(video, tmp_path / "card")
    write_srt(card / "flight.SRT", gps_gimbal, step_s=1.0)
    out = tmp_path / "out"
    inspect(stand_in, out, card)
    missing = [
        one["properties"]["not_placed"] for one in read_json(out / "issues.geojson")["features"]
    ]
    assert {reason["code"] for reason in missing} == {"no_focal_length"}
    told = InspectOptions(paths=(card,), output=out, video_focal_length_35mm=24.0)
    stand_in.inspect_with_stand_in(told)
    check_heap(out)


def test_the_receipt_names_the_video_its_flight_data_and_each_frame(done: Path) -> None:
    entries = receipt(done)
    frames = [path for path in entries if "#" in path]
    assert list(entries) == ["flight.MP4", *frames, "flight.SRT"]
    assert frames[0] == "flight.MP4#00:00.000"
    assert len(frames) == 3
    assert {entry["outcome"] for entry in entries.values()} == {"accepted"}
    assert codes(entries["flight.MP4"]) == ["video_frames"]
    assert entries["flight.MP4"]["reasons"][0]["detail"] == "3 frames"
    assert codes(entries["flight.SRT"]) == ["used_with_video"]
    assert codes(entries[frames[1]]) == ["time_zone_unknown"]
    assert entries[frames[1]]["kind"] == "drone"
    assert entries[frames[1]]["captured_at"].startswith("2026-05-04T11:02:0")


def test_frames_count_as_photos_and_the_two_files_do_not(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    summary = summarise(inspect(stand_in, tmp_path / "out", video))
    assert (summary.photos, summary.inspected, summary.other_files) == (3, 3, 2)
    assert summary.flights == 1
    assert exit_code(summary) == 0


def test_the_report_shows_pictures_of_the_frames(done: Path) -> None:
    assert sorted(path.name for path in (done / "evidence").rglob("*.jpg"))[0] == "crop.jpg"
    (feature,) = read_json(done / "issues.geojson")["features"]
    assert {one["photo"] for one in feature["properties"]["evidence"]} <= set(receipt(done))
    page = (done / "report.html").read_text(encoding="utf-8")
    assert "flight.MP4#00:00.000" in page
    assert "data:image/jpeg;base64," in page


def test_a_video_named_alone_finds_its_flight_data(
    video: Path, tmp_path: Path, done: Path, stand_in: ModuleType
) -> None:
    inspect(stand_in, tmp_path / "out", video / "flight.MP4")
    assert results(tmp_path / "out") == results(done)


def test_names_in_any_case_belong_together(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    card = tmp_path / "card"
    card.mkdir()
    shutil.copy(video / "flight.MP4", card / "Flight.mp4")
    shutil.copy(video / "flight.SRT", card / "FLIGHT.srt")
    inspect(stand_in, tmp_path / "out", card)
    check_heap(tmp_path / "out")


def test_a_second_run_does_nothing_anew_and_writes_the_same_bytes(
    video: Path, tmp_path: Path, done: Path, stand_in: ModuleType
) -> None:
    out = tmp_path / "out"
    inspect(stand_in, out, video)
    assert results(out) == results(done)
    detector = stand_in.BrightSpotDetector()
    options = InspectOptions(paths=(video,), output=out)
    stand_in.inspect_with_stand_in(options, detector=detector)
    assert detector.photos == 0
    assert results(out) == results(done)


@pytest.mark.parametrize("moment", ["step:3", "step:4", "rename:3"])
def test_an_inspection_that_was_killed_goes_on_to_the_same_bytes(
    video: Path, tmp_path: Path, done: Path, moment: str
) -> None:
    out = tmp_path / "out"

    def run(dies_at: str) -> int:
        command = [sys.executable, str(SCRIPT), str(out), "2", dies_at, str(video)]
        environment = {"PYTHONPATH": str(REPOSITORY), "PATH": ""}
        return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode

    assert run(moment) == -signal.SIGKILL
    assert run("never:0") == 0
    assert results(out) == results(done)


def test_what_is_wrong_with_each_video_is_told_and_stops_no_other(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    card = copy_card(video, tmp_path / "card")
    whole = (card / "flight.MP4").read_bytes()
    subtitles = (card / "flight.SRT").read_bytes()
    # Different bytes for each, or they would be duplicates.
    for name, data, telemetry in (
        ("no_srt.MP4", whole + b"\0", None),
        ("cut.MP4", whole[:5000], subtitles),
        ("text.MP4", b"no video at all", subtitles),
        ("zeros.MP4", bytes(1000), subtitles),
        ("empty.MP4", b"", subtitles),
        ("words.MP4", whole + b"\1", b"1\n00:00:00,000 --> 00:00:01,000\nHello\n"),
        ("nothing.MP4", whole + b"\2", b""),
        ("flight.LRF", whole + b"\3", None),
        ("photo.MP4", cv2.imencode(".jpg", np.zeros((64, 64, 3)))[1].tobytes(), None),
    ):
        (card / name).write_bytes(data)
        if telemetry is not None:
            (card / name).with_suffix(".SRT").write_bytes(telemetry)
    result = inspect(stand_in, tmp_path / "out", card)
    entries = receipt(tmp_path / "out")
    assert {name: codes(entries[name])[0] for name in entries if name.endswith(("MP4", "LRF"))} == {
        "flight.MP4": "video_frames",
        "flight.LRF": "not_a_photo",
        "no_srt.MP4": "no_telemetry",
        "cut.MP4": "video_unreadable",
        "text.MP4": "video_unreadable",
        "zeros.MP4": "video_unreadable",
        "empty.MP4": "empty_file",
        "words.MP4": "telemetry_unreadable",
        "nothing.MP4": "telemetry_unreadable",
        "photo.MP4": "no_exif",
    }
    assert entries["photo.MP4"]["outcome"] == "accepted"
    assert codes(entries["words.SRT"]) == ["not_a_photo"]
    check_heap(tmp_path / "out")
    # Without flight data there is nothing to be done; the six damaged ones are missed.
    assert exit_code(summarise(result)) == 2
    assert summarise(result).rejected == 6


def test_a_bad_video_alone_leaves_earlier_results_in_place(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    card = copy_card(video, tmp_path / "card")
    inspect(stand_in, tmp_path / "out", card)
    (card / "flight.MP4").write_bytes(b"damaged")
    result = inspect(stand_in, tmp_path / "out", card)
    assert exit_code(summarise(result)) == 1
    check_heap(tmp_path / "out")


def test_of_two_copies_the_one_with_flight_data_is_inspected(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    (tmp_path / "card" / "a").mkdir(parents=True)
    shutil.copy(video / "flight.MP4", tmp_path / "card" / "a" / "flight.MP4")
    copy_card(video, tmp_path / "card" / "b")
    copy_card(video, tmp_path / "card" / "c")
    inspect(stand_in, tmp_path / "out", tmp_path / "card")
    entries = receipt(tmp_path / "out")
    assert codes(entries["a/flight.MP4"]) == ["no_telemetry"]
    assert codes(entries["b/flight.MP4"]) == ["video_frames"]
    assert entries["c/flight.MP4"]["duplicate_of"] == "b/flight.MP4"
    # The flight data of both were equal, and neither card lost a photo.
    assert codes(entries["b/flight.SRT"]) == codes(entries["c/flight.SRT"]) == ["used_with_video"]
    check_heap(tmp_path / "out")


def test_subtitles_without_a_video_are_no_lost_photos(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    card = copy_card(video, tmp_path / "card")
    shutil.copy(card / "flight.SRT", card / "a copy.SRT")
    (card / "empty.SRT").write_bytes(b"")
    result = inspect(stand_in, tmp_path / "out", card)
    entries = receipt(tmp_path / "out")
    assert codes(entries["a copy.SRT"]) == ["telemetry_without_video"]
    assert codes(entries["flight.SRT"]) == ["used_with_video"]
    assert codes(entries["empty.SRT"]) == ["not_a_photo"]
    assert summarise(result).rejected == 0


def test_files_called_like_frames_are_survived(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    card = copy_card(video, tmp_path / "card")
    (card / "flight.MP4#00:00.000").write_bytes(b"no photo")
    result = inspect(stand_in, tmp_path / "out", card)
    assert summarise(result).inspected == 3
    assert "flight.MP4#00:00.000#" in receipt(tmp_path / "out")


def test_frames_of_a_thermal_camera_are_held(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    card = tmp_path / "card"
    card.mkdir()
    shutil.copy(video / "flight.SRT", card / "flight.SRT")
    write_video(card / "flight.MP4", [np.full((256, 320, 3), 90, np.uint8)] * 20)
    summary = summarise(inspect(stand_in, tmp_path / "out", card))
    assert (summary.inspected, summary.held) == (0, summary.photos)
    assert summary.held > 0
    entry = receipt(tmp_path / "out")["flight.MP4#00:00.000"]
    assert codes(entry)[0] == "not_visual_band"


def test_a_video_that_changes_on_the_way_is_not_inspected_under_its_old_name(
    video: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    card = copy_card(video, tmp_path / "card")

    class Change(stand_in.SilentReporter):  # type: ignore[misc, name-defined] - loaded by path
        def begin(self, what: str, *, total: int) -> None:
            if what == "Inspecting photos":
                os.utime(card / "flight.MP4", ns=(0, 0))

    options = InspectOptions(paths=(card,), output=tmp_path / "out")
    result = stand_in.inspect_with_stand_in(options, reporter=Change())
    frames = [file for file in result.files if "#" in file.name]
    assert {file.outcome for file in frames} == {Outcome.REJECTED}
    assert {file.reasons[0].code for file in frames} == {ReasonCode.UNREADABLE_FILE}
    stand_in.inspect_with_stand_in(options)
    check_heap(tmp_path / "out")


def test_the_decoder_says_nothing_of_a_video_that_cannot_be_decoded(tmp_path: Path) -> None:
    (tmp_path / "flight.MP4").write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08moov")
    (tmp_path / "flight.SRT").write_text(SUBTITLE_OF_A_MAVIC)
    (tmp_path / "truth.txt").write_text("EPSG:4326\n120 30 5 1 1 a.jpg\n")
    command = [sys.executable, "-m", "service", "geocheck", tmp_path / "flight.MP4", "--truth"]
    done = subprocess.run(
        [*command, tmp_path / "truth.txt"],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 1
    assert done.stderr == "skypatrol: not one point could be compared\n"


SUBTITLE_OF_A_MAVIC = (
    "1\n00:00:00,000 --> 00:00:01,000\n[latitude: 30.1] [longitude: 120.1] [rel_alt: 50.0]\n"
)
