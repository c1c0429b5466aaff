"""The whole way from a folder of photos to the files of results, with a stand-in for the model."""

import contextlib
import csv
import io
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inference.receipt import Outcome
from service.errors import CannotStartError, StoppedError
from service.inspecting.folder import LOCK_NAME, STORE_NAME, lock_output
from service.inspecting.inspect import inspect_photos
from service.inspecting.job import InspectModel, InspectOptions
from service.inspecting.progress import SilentReporter
from service.inspecting.summary import describe_summary, exit_code, summarise

SCRIPT = Path(__file__).with_name("stand_in_inspection.py")
REPOSITORY = Path(__file__).resolve().parents[3]

# 24 mm of 36 mm wide film on 600 px: 400 px of focal length, 0.125 m a pixel from 50 m.
GSD_M = 0.125
METRES_PER_DEGREE = 111_320.0

WriteDronePhoto = Callable[..., Path]


def write_card(folder: Path, write_drone_photo: WriteDronePhoto) -> Path:
    """Write a flight of four photos 20 m apart that pass over one heap, and what else lies about.

    The heap lies 10 m north of the first camera: 80 px above its picture's middle; each further
    camera is 20 m (160 px) east of the last, so that the heap moves left.
    """
    media = folder / "DCIM" / "100MEDIA"
    for number, columns in enumerate([(300,), (140,), (), ()]):
        write_drone_photo(
            media / f"DJI_000{number}.JPG",
            number=number,
            east_m=20.0 * number,
            spots_px=tuple((column, 145) for column in columns),
        )
    write_drone_photo(folder / "edited" / "stripped.jpg", number=50, with_xmp=False,
                      spots_px=((200, 200),))  # fmt: skip
    shutil.copy(media / "DJI_0002.JPG", media / "copy of DJI_0002.JPG")
    whole = (media / "DJI_0003.JPG").read_bytes()
    (media / "DJI_0009.JPG").write_bytes(whole[: len(whole) * 2 // 3])
    (media / "DJI_0009.SRT").write_text("1\n00:00:00,000 --> 00:00:01,000\n")
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    return folder


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory, write_drone_photo: WriteDronePhoto) -> Path:
    return write_card(tmp_path_factory.mktemp("card"), write_drone_photo)


@pytest.fixture(scope="module")
def done(card: Path, tmp_path_factory: pytest.TempPathFactory, stand_in: ModuleType) -> Path:
    """Return the folder of results of an inspection that nothing disturbed."""
    out = tmp_path_factory.mktemp("done") / "out"
    stand_in.inspect_with_stand_in(InspectOptions(paths=(card,), output=out))
    return out


def results(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and not path.name.startswith((STORE_NAME, LOCK_NAME))
    }


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def placed_features(out: Path) -> list[Any]:
    features = read_json(out / "issues.geojson")["features"]
    return [feature for feature in features if feature["geometry"] is not None]


def run(out: Path, card: Path, *, dies_at: str = "never:0", workers: int = 2) -> int:
    """Return the exit status of an inspection in a process of its own."""
    command = [sys.executable, str(SCRIPT), str(out), str(workers), dies_at, str(card)]
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": ""}
    return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode


def test_two_views_of_a_heap_are_one_issue_where_it_lies(done: Path) -> None:
    placed = placed_features(done)
    assert len(placed) == 1
    record = placed[0]["properties"]
    assert record["observation_count"] == record["independent_views"] == 2
    assert {one["photo"] for one in record["observations"]} == {
        "DCIM/100MEDIA/DJI_0000.JPG",
        "DCIM/100MEDIA/DJI_0001.JPG",
    }
    longitude, latitude = placed[0]["geometry"]["coordinates"]
    north_m = (latitude - 30.25) * METRES_PER_DEGREE
    east_m = (longitude - 120.15) * METRES_PER_DEGREE * 0.8638  # cos 30.25 deg
    assert north_m == pytest.approx(10.0, abs=0.3)
    assert east_m == pytest.approx(0.0, abs=0.3)
    assert 1.0 < record["position"]["accuracy_m"] < 20.0
    assert record["position"]["method"] == "flat_ground_at_takeoff"


def test_an_issue_says_what_it_is_and_where_it_comes_from(done: Path) -> None:
    record = placed_features(done)[0]["properties"]
    assert record["class"] == "exposed_garbage"
    assert record["status"] == "candidate"
    assert record["status_text"] == "automatically detected, unverified on site"
    assert {"standard": "GB/T 47678.5-2026", "kind": "matter", "code": "06010"} in record["codes"]
    assert record["provenance"]["model_sha256"] == "5" * 64
    assert record["provenance"]["min_confidence"] == 0.5
    assert record["first_seen"] == "2026-05-03T19:02:01Z"  # 03:02:01 at +08:00
    assert record["time_zone_known"] is True


def test_every_property_and_column_is_explained(done: Path) -> None:
    page = (REPOSITORY / "docs" / "issues.md").read_text(encoding="utf-8")
    table = (done / "issues.csv").read_text(encoding="utf-8-sig")
    names = {*placed_features(done)[0]["properties"], *table.splitlines()[0].split(",")}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_a_time_whose_zone_the_camera_did_not_tell_says_so_everywhere(
    tmp_path: Path, write_drone_photo: WriteDronePhoto, stand_in: ModuleType
) -> None:
    write_drone_photo(tmp_path / "in" / "1.jpg", number=0, spots_px=((300, 145),), zone=None)
    out = tmp_path / "out"
    stand_in.inspect_with_stand_in(InspectOptions(paths=(tmp_path / "in",), output=out))
    record = placed_features(out)[0]["properties"]
    assert (record["last_seen"], record["time_zone_known"]) == ("2026-05-04T03:02:01Z", False)
    assert record["observations"][0]["time_zone_known"] is False
    assert (
        read_json(out / "coverage.geojson")["features"][0]["properties"]["time_zone_known"] is False
    )
    assert ",2026-05-04T03:02:01Z,False," in (out / "issues.csv").read_text(encoding="utf-8")
    page = (out / "report.html").read_text(encoding="utf-8")
    # In the title, below the heading, of the issue and of the file.
    assert page.count("2026-05-04 03:02 (zone unknown)") == 4
    assert "2026-05-04 03:02 (UTC)" not in page


@pytest.mark.parametrize(
    ("zone", "given", "shown"),
    [
        ("+08:00", None, "2026-05-04 03:02 (UTC+8)"),
        (None, ZoneInfo("Asia/Shanghai"), "2026-05-04 03:02 (UTC+8)"),
        ("+08:00", ZoneInfo("Asia/Kathmandu"), "2026-05-04 00:47 (UTC+5:45)"),
    ],
)
def test_the_report_shows_local_time_with_its_zone_and_files_keep_utc(
    tmp_path: Path,
    write_drone_photo: WriteDronePhoto,
    stand_in: ModuleType,
    zone: str | None,
    given: ZoneInfo | None,
    shown: str,
) -> None:
    write_drone_photo(tmp_path / "in" / "1.jpg", number=0, spots_px=((300, 145),), zone=zone)
    out = tmp_path / "out"
    options = InspectOptions(paths=(tmp_path / "in",), output=out, assumed_zone=given)
    stand_in.inspect_with_stand_in(options)
    page = (out / "report.html").read_text(encoding="utf-8")
    # In the title, below the heading, of the issue and of the file; in the list on two lines.
    assert page.count(shown) == 4
    assert shown.replace(" (", "<br>(") in page
    assert "(UTC)" not in page
    assert placed_features(out)[0]["properties"]["last_seen"] == "2026-05-03T19:02:01Z"


def test_a_photo_without_height_gives_an_issue_without_a_place(done: Path) -> None:
    features = read_json(done / "issues.geojson")["features"]
    lost = [feature for feature in features if feature["geometry"] is None]
    assert len(lost) == 1
    record = lost[0]["properties"]
    assert record["not_placed"]["code"] in {"no_height", "no_attitude"}
    assert record["position"] is None
    assert record["camera_position"] == {
        "latitude": pytest.approx(30.25, abs=1e-6),
        "longitude": pytest.approx(120.15, abs=1e-6),
    }


def test_evidence_is_there_with_the_stated_hash(done: Path) -> None:
    import hashlib

    for feature in read_json(done / "issues.geojson")["features"]:
        assert feature["properties"]["evidence"]
        for file in feature["properties"]["evidence"]:
            data = (done / file["path"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == file["sha256"]


def test_the_receipt_has_every_file_with_its_fate(done: Path, card: Path) -> None:
    entries = {entry["path"]: entry for entry in read_json(done / "receipt.json")["files"]}
    media = "DCIM/100MEDIA"
    assert {name: entry["outcome"] for name, entry in entries.items()} == {
        ".DS_Store": "rejected",
        f"{media}/DJI_0000.JPG": "accepted",
        f"{media}/DJI_0001.JPG": "accepted",
        f"{media}/DJI_0002.JPG": "accepted",
        f"{media}/DJI_0003.JPG": "accepted",
        f"{media}/DJI_0009.JPG": "rejected",
        f"{media}/DJI_0009.SRT": "rejected",
        f"{media}/copy of DJI_0002.JPG": "accepted",
        "edited/stripped.jpg": "accepted",
    }
    assert entries[f"{media}/copy of DJI_0002.JPG"]["duplicate_of"] == f"{media}/DJI_0002.JPG"
    broken = entries[f"{media}/DJI_0009.JPG"]["reasons"][0]
    assert broken["code"] == "truncated"
    assert broken["advice"]
    assert str(card) not in (done / "receipt.json").read_text()


def test_coverage_has_every_photo_and_its_ground(done: Path) -> None:
    features = {
        feature["properties"]["photo"]: feature
        for feature in read_json(done / "coverage.geojson")["features"]
    }
    assert len(features) == 6  # four, the broken one and the stripped one; no copy
    first = features["DCIM/100MEDIA/DJI_0000.JPG"]
    assert first["properties"]["gsd_m"] == pytest.approx(GSD_M, rel=0.05)
    assert first["properties"]["area_m2"] == pytest.approx(600 * 450 * GSD_M**2, rel=0.1)
    ring = first["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert features["edited/stripped.jpg"]["geometry"] is None
    assert features["edited/stripped.jpg"]["properties"]["not_placed"]["code"]
    assert features["DCIM/100MEDIA/DJI_0009.JPG"]["properties"]["inspected"] is False


def test_the_table_has_the_same_issues(done: Path) -> None:
    data = (done / "issues.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    features = read_json(done / "issues.geojson")["features"]
    assert [row["id"] for row in rows] == [feature["id"] for feature in features]
    assert rows[0]["title_zh"] == "暴露垃圾"


def test_the_figures_and_the_exit_code(card: Path, tmp_path: Path, stand_in: ModuleType) -> None:
    result = stand_in.inspect_with_stand_in(InspectOptions(paths=(card,), output=tmp_path / "out"))
    summary = summarise(result)
    assert (summary.files, summary.photos, summary.duplicates) == (9, 6, 1)
    assert summary.other_files == 2  # .DS_Store and the SRT
    assert (summary.inspected, summary.held, summary.rejected) == (5, 0, 1)
    assert exit_code(summary) == 2
    words = describe_summary(summary, language="en")
    assert "photos   5 inspected, 0 held, 1 rejected" in words
    assert "files    9, of which 1 duplicates and 2 other files" in words


def test_the_report_counts_as_the_summary_does(done: Path) -> None:
    page = (done / "report.html").read_text(encoding="utf-8")
    assert "9 files: 5 photos inspected, 0 held, 1 rejected; 1 duplicates, 2 other files." in page


def test_whole_photos_beside_other_files_exit_with_zero(
    card: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    shutil.copytree(card, tmp_path / "card")
    (tmp_path / "card" / "DCIM" / "100MEDIA" / "DJI_0009.JPG").unlink()
    options = InspectOptions(paths=(tmp_path / "card",), output=tmp_path / "out")
    assert exit_code(summarise(stand_in.inspect_with_stand_in(options))) == 0


def test_a_lost_photo_counts_as_one_although_nothing_of_it_is_left(
    card: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    shutil.copytree(card, tmp_path / "card")
    (tmp_path / "card" / "DCIM" / "100MEDIA" / "DJI_0009.JPG").write_bytes(bytes(4096))
    options = InspectOptions(paths=(tmp_path / "card",), output=tmp_path / "out")
    summary = summarise(stand_in.inspect_with_stand_in(options))
    assert (summary.inspected, summary.rejected, exit_code(summary)) == (5, 1, 2)


def test_a_folder_without_photos_exits_with_one_and_a_receipt(
    tmp_path: Path, stand_in: ModuleType
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("no photo")
    options = InspectOptions(paths=(tmp_path / "in",), output=tmp_path / "out")
    assert exit_code(summarise(stand_in.inspect_with_stand_in(options))) == 1
    assert len(read_json(tmp_path / "out" / "receipt.json")["files"]) == 1
    assert list(results(tmp_path / "out")) == ["receipt.json"]


def test_a_folder_without_photos_leaves_earlier_results_alone(
    tmp_path: Path, done: Path, stand_in: ModuleType
) -> None:
    shutil.copytree(done, tmp_path / "out")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("no photo")
    options = InspectOptions(paths=(tmp_path / "in",), output=tmp_path / "out")
    stand_in.inspect_with_stand_in(options)
    before, after = results(done), results(tmp_path / "out")
    assert {name for name in after if after[name] != before.get(name)} == {"receipt.json"}
    assert set(after) == set(before)


def test_a_second_run_inspects_nothing_and_changes_nothing(
    card: Path, tmp_path: Path, done: Path, stand_in: ModuleType
) -> None:
    shutil.copytree(done, tmp_path / "out")
    detector = stand_in.BrightSpotDetector()
    stand_in.inspect_with_stand_in(
        InspectOptions(paths=(card,), output=tmp_path / "out"), detector=detector
    )
    assert detector.photos == 0
    assert results(tmp_path / "out") == results(done)


def test_fresh_inspects_all_again_with_the_same_bytes(
    card: Path, tmp_path: Path, done: Path, stand_in: ModuleType
) -> None:
    shutil.copytree(done, tmp_path / "out")
    detector = stand_in.BrightSpotDetector()
    stand_in.inspect_with_stand_in(
        InspectOptions(paths=(card,), output=tmp_path / "out", fresh=True), detector=detector
    )
    assert detector.photos > 0
    assert results(tmp_path / "out") == results(done)


def test_threads_and_the_order_of_paths_change_nothing(
    card: Path, tmp_path: Path, done: Path, stand_in: ModuleType
) -> None:
    paths = (card / "edited", card / "DCIM", card / ".DS_Store", card)
    stand_in.inspect_with_stand_in(InspectOptions(paths=paths, output=tmp_path / "out", workers=5))
    assert results(tmp_path / "out") == results(done)


def test_another_setting_is_another_run_and_leaves_the_first_one_done(
    card: Path, tmp_path: Path, done: Path, stand_in: ModuleType
) -> None:
    shutil.copytree(done, tmp_path / "out")
    strict = InspectOptions(paths=(card,), output=tmp_path / "out", min_confidence=0.9)
    result = stand_in.inspect_with_stand_in(strict)
    assert result.issues == ()
    detector = stand_in.BrightSpotDetector()
    stand_in.inspect_with_stand_in(
        InspectOptions(paths=(card,), output=tmp_path / "out"), detector=detector
    )
    assert detector.photos == 0
    assert results(tmp_path / "out") == results(done)


def test_a_class_that_is_not_asked_for_is_not_found(
    card: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    options = InspectOptions(paths=(card,), output=tmp_path / "out", classes=("damaged_billboard",))
    assert stand_in.inspect_with_stand_in(options).issues == ()
    feature = read_json(tmp_path / "out" / "coverage.geojson")["features"][0]
    assert feature["properties"]["not_searched"] == ["exposed_garbage", "illegal_structure"]


def test_a_photo_that_could_not_be_read_is_tried_again(
    card: Path, tmp_path: Path, done: Path, stand_in: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import service.inspecting.photo_pixels

    def pulled_out(path: Path, *, sha256: str) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(service.inspecting.photo_pixels, "read_pixels", pulled_out)
        options = InspectOptions(paths=(card,), output=tmp_path / "out")
        lost = stand_in.inspect_with_stand_in(options)
    assert {file.outcome for file in lost.files} == {Outcome.REJECTED}
    stand_in.inspect_with_stand_in(options)
    assert results(tmp_path / "out") == results(done)


def test_a_photo_that_is_replaced_on_the_way_is_not_inspected_under_the_old_name(
    tmp_path: Path, stand_in: ModuleType, write_drone_photo: WriteDronePhoto
) -> None:
    for number in range(2):
        write_drone_photo(tmp_path / "card" / f"{number}.jpg", number=number)
    replaced = tmp_path / "card" / "1.jpg"

    def load(_: str) -> Any:
        write_drone_photo(replaced, number=7, spots_px=((300, 200),))
        return stand_in.BrightSpotDetector()

    options = InspectOptions(paths=(tmp_path / "card",), output=tmp_path / "out")
    model = InspectModel(manifest=stand_in.MANIFEST, load=load)
    first = inspect_photos(options, model=model, reporter=SilentReporter())
    assert [file.outcome for file in first.files] == [Outcome.ACCEPTED, Outcome.REJECTED]
    assert first.issues == ()
    second = stand_in.inspect_with_stand_in(options)
    assert [file.outcome for file in second.files] == [Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert len(second.issues) == 1


def test_an_unknown_class_is_refused_before_anything_is_written(
    card: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    options = InspectOptions(paths=(card,), output=tmp_path / "out", classes=("graffiti",))
    with pytest.raises(CannotStartError, match="knows no class graffiti"):
        stand_in.inspect_with_stand_in(options)
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written_any_more_stops_with_a_word(
    card: Path, tmp_path: Path, done: Path, stand_in: ModuleType
) -> None:
    options = InspectOptions(paths=(card,), output=tmp_path / "out")
    with lock_output(options.output, fresh=False):
        pass  # makes the folder ours
    (tmp_path / "out" / "issues.csv").mkdir()
    with pytest.raises(StoppedError, match=r"cannot go on: .*issues\.csv"):
        stand_in.inspect_with_stand_in(options)
    (tmp_path / "out" / "issues.csv").rmdir()
    stand_in.inspect_with_stand_in(options)
    assert results(tmp_path / "out") == results(done)


def test_a_damaged_record_in_the_store_is_told_in_one_line(
    done: Path, card: Path, tmp_path: Path, stand_in: ModuleType
) -> None:
    output = tmp_path / "out"
    shutil.copytree(done, output)
    with contextlib.closing(sqlite3.connect(output / STORE_NAME)) as store, store:
        store.execute("UPDATE inspections SET reasons_json = 'cut off'")
    with pytest.raises(StoppedError, match="damaged record; use --fresh"):
        stand_in.inspect_with_stand_in(InspectOptions(paths=(card,), output=output))


@pytest.mark.slow
def test_killed_in_every_stage_it_goes_on_to_the_same_bytes(
    card: Path, tmp_path: Path, done: Path
) -> None:
    # Nine files are taken in, six photos are inspected, then ten files of results are written.
    for moment in ("step:4", "step:10", "step:13", "rename:1", "rename:8"):
        assert run(tmp_path / "out", card, dies_at=moment) == -signal.SIGKILL
    assert run(tmp_path / "out", card, workers=1) == 0
    assert results(tmp_path / "out") == results(done)
