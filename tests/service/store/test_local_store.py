from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import create_engine

from inference.reading.metadata import (
    Attitude,
    Band,
    CaptureTimeSource,
    Lens,
    PhotoKind,
    PhotoMetadata,
)
from inference.receipt import Outcome, Reason, ReasonCode
from inference.sighting import Detection
from service.errors import CannotStartError
from service.store.found_files import StoredFile
from service.store.inspections import Inspection, Run
from service.store.local_store import open_store

RUN = Run(
    id="run",
    model_name="m",
    model_version="1",
    model_sha256="0" * 64,
    settings_hash="1" * 64,
    pipeline_version="1",
)


def make_metadata(**changes: object) -> PhotoMetadata:
    values: dict[str, object] = {
        "width_px": 4000,
        "height_px": 3000,
        "orientation": 1,
        "kind": PhotoKind.DRONE,
        "band": Band.VISUAL,
    }
    return PhotoMetadata(**(values | changes))  # type: ignore[arg-type]


def make_detection(name: str, photo: str = "a", confidence: float = 0.5) -> Detection:
    return Detection(
        id=name,
        photo_sha256=photo,
        class_name="exposed_garbage",
        confidence=confidence,
        box_photo=(1.0, 2.5, 30.1, 40.2),
        appearance=np.array([0.6, 0.8], dtype=np.float32),
    )


def test_metadata_comes_back_equal(tmp_path: Path) -> None:
    metadata = make_metadata(
        captured_at=datetime(2026, 5, 4, 3, 2, 1, 500_000, tzinfo=UTC),
        capture_time_source=CaptureTimeSource.GPS,
        latitude_deg=30.123456789,
        longitude_deg=120.1,
        attitude=Attitude(yaw_deg=12.5, pitch_deg=-90.0, roll_deg=0.0, source="dji_gimbal"),
        lens=Lens(dewarp_px=(3000.0, 3000.0, 2000.5, 1500.25), calibrated_size_px=(4000, 3000)),
        reasons=(Reason(code=ReasonCode.NO_XMP, detail="no flight data"),),
    )
    with open_store(tmp_path / "store.sqlite") as store:
        store.save_photo("a", metadata, read_as="1")
    with open_store(tmp_path / "store.sqlite") as store:
        assert store.read_photos(read_as="1") == {"a": metadata}


def test_metadata_read_in_another_way_is_not_used(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.sqlite") as store:
        store.save_photo("a", make_metadata(), read_as="1")
        assert store.read_photos(read_as="1 Asia/Shanghai") == {}


def test_files_of_a_later_intake_replace_the_earlier_ones(tmp_path: Path) -> None:
    def make_file(name: str) -> StoredFile:
        return StoredFile(name=name, byte_count=1, sha256="a", outcome=Outcome.ACCEPTED, reasons=())

    with open_store(tmp_path / "store.sqlite") as store:
        store.save_files([make_file("b"), make_file("a")])
        store.save_files([make_file("照片.jpg"), make_file("b")])
        assert store.read_files() == [make_file("b"), make_file("照片.jpg")]


def test_detections_come_back_best_first_with_their_inspection(tmp_path: Path) -> None:
    inspection = Inspection(photo_sha256="a", outcome=Outcome.ACCEPTED, gsd_m=0.012)
    with open_store(tmp_path / "store.sqlite") as store:
        store.save_run(RUN)
        store.save_photo("a", make_metadata(), read_as="1")
        store.save_inspection(
            RUN.id, inspection, [make_detection("x", confidence=0.3), make_detection("y")]
        )
        found = store.read_detections(RUN.id)["a"]
        assert store.read_inspections(RUN.id) == {"a": inspection}
    assert [detection.id for detection in found] == ["y", "x"]
    assert found[0].box_photo == (1.0, 2.5, 30.1, 40.2)
    np.testing.assert_array_equal(found[0].appearance, np.array([0.6, 0.8], dtype=np.float32))


def test_inspecting_again_leaves_nothing_of_the_earlier_detections(tmp_path: Path) -> None:
    with open_store(tmp_path / "store.sqlite") as store:
        store.save_run(RUN)
        store.save_photo("a", make_metadata(), read_as="1")
        for gsd_m, names in ((0.01, ["x", "y"]), (0.02, ["y"])):
            inspection = Inspection(photo_sha256="a", outcome=Outcome.ACCEPTED, gsd_m=gsd_m)
            store.save_inspection(RUN.id, inspection, [make_detection(name) for name in names])
        assert [one.id for one in store.read_detections(RUN.id)["a"]] == ["y"]
        assert store.read_inspections(RUN.id)["a"].gsd_m == 0.02


def test_metadata_read_anew_keeps_the_inspections(tmp_path: Path) -> None:
    inspection = Inspection(photo_sha256="a", outcome=Outcome.ACCEPTED, gsd_m=None)
    with open_store(tmp_path / "store.sqlite") as store:
        store.save_run(RUN)
        store.save_photo("a", make_metadata(), read_as="1")
        store.save_inspection(RUN.id, inspection, [make_detection("x")])
        store.save_photo("a", make_metadata(make="DJI"), read_as="2")
        store.save_run(RUN)
        assert list(store.read_inspections(RUN.id)) == ["a"]


def test_an_inspection_of_an_unknown_photo_is_refused_with_its_detections(tmp_path: Path) -> None:
    from sqlalchemy.exc import IntegrityError

    inspection = Inspection(photo_sha256="a", outcome=Outcome.ACCEPTED, gsd_m=None)
    with open_store(tmp_path / "store.sqlite") as store:
        store.save_run(RUN)
        with pytest.raises(IntegrityError):
            store.save_inspection(RUN.id, inspection, [make_detection("x")])
        assert store.read_detections(RUN.id) == {}


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with create_engine(f"sqlite:///{path}").begin() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 99")
    with pytest.raises(CannotStartError, match="another version"):
        open_store(path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"this is a text and no data base" * 100)
    with pytest.raises(CannotStartError, match="cannot be used as a store"):
        open_store(path)


def test_runs_come_back_in_the_order_they_were_begun(tmp_path: Path) -> None:
    later = replace(RUN, id="a later one", model_version="2")
    with open_store(tmp_path / "s.sqlite") as store:
        store.save_run(RUN)
        store.save_run(later)
        assert store.read_runs() == [RUN, later]


def test_a_run_that_is_taken_up_again_is_the_last_one_and_keeps_its_inspections(
    tmp_path: Path,
) -> None:
    done = Inspection(photo_sha256="a", outcome=Outcome.ACCEPTED, gsd_m=0.02)
    with open_store(tmp_path / "store.sqlite") as store:
        store.save_photo("a", make_metadata(), read_as="1")
        store.save_run(RUN)
        store.save_inspection("run", done, [make_detection("1")])
        store.save_run(replace(RUN, id="other"))
        assert [run.id for run in store.read_runs()] == ["run", "other"]
        store.save_run(RUN)
        assert [run.id for run in store.read_runs()] == ["other", "run"]
        assert store.read_inspections("run") == {"a": done}
        assert len(store.read_detections("run")["a"]) == 1
