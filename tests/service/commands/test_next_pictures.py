import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.reviews.json_lines import write_review_lines
from inference.reading.metadata import Band, PhotoKind, PhotoMetadata
from inference.receipt import Outcome
from inference.sighting import Detection
from models.registry import read_model
from service.command_line import main
from service.commands.inspected_pictures import read_inspected_pictures
from service.errors import CannotStartError
from service.inspecting.folder import STORE_NAME
from service.store.inspections import Inspection, Run
from service.store.local_store import open_store
from tests.datasets.reviews.factories import make_review

GARBAGE = "exposed_garbage"
MANIFEST = read_model(None).manifest
AT_THRESHOLD = MANIFEST.min_confidence[GARBAGE]
RUN = Run(
    id="run",
    model_name=MANIFEST.name,
    model_version=MANIFEST.version,
    model_sha256=MANIFEST.weights_sha256,
    settings_hash="1" * 64,
    pipeline_version="1",
)


def write_results(
    folder: Path,
    scores: Mapping[str, Sequence[float]],
    *,
    run: Run = RUN,
    rejected: Sequence[str] = (),
) -> Path:
    """Write what an inspection of photos with these detections leaves; flights by first letter."""
    folder.mkdir()
    files = [
        {"path": f"{name}.jpg", "sha256": name, "flight_id": name[0], "duplicate_of": None}
        for name in scores
    ]
    files.append({"path": "notes.txt", "sha256": None, "flight_id": None, "duplicate_of": None})
    (folder / "receipt.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    metadata = PhotoMetadata(
        width_px=100, height_px=80, orientation=1, kind=PhotoKind.DRONE, band=Band.VISUAL
    )
    with open_store(folder / STORE_NAME) as store:
        store.save_run(run)
        for number, name in enumerate(scores):
            store.save_photo(name, metadata, read_as="1")
            outcome = Outcome.REJECTED if name in rejected else Outcome.ACCEPTED
            inspection = Inspection(photo_sha256=name, outcome=outcome, gsd_m=None)
            look = np.eye(len(scores), dtype=np.float32)[number]
            detections = [
                Detection(
                    id=f"{name}{score}",
                    photo_sha256=name,
                    class_name=GARBAGE,
                    confidence=score,
                    box_photo=(1.0, 2.0, 3.0, 4.0),
                    appearance=look,
                )
                for score in scores[name]
            ]
            store.save_inspection(run.id, inspection, detections)
    return folder


def run_command(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["dataset", "next", *arguments])
    return int(stopped.value.code or 0)


def test_the_most_doubtful_pictures_come_first_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = {"a1": [0.99], "a2": [AT_THRESHOLD], "b1": []}
    folder = write_results(tmp_path / "results", scores)
    assert run_command(str(folder), "--count", "2", "--most-per-flight", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"1.00  results/a2.jpg  {GARBAGE} {AT_THRESHOLD:.2f}")
    assert lines[-1] == "pictures 2, flights 2"


def test_scripts_get_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_results(tmp_path / "results", {"a1": [AT_THRESHOLD], "b1": []})
    assert run_command(str(folder), "--json") == 0
    first, second = json.loads(capsys.readouterr().out)["pictures"]
    assert (first["picture"], first["class"]) == ("results/a1.jpg", GARBAGE)
    assert (second["picture"], second["class"], second["uncertainty"]) == (
        "results/b1.jpg",
        None,
        0.0,
    )


def test_pictures_that_were_rejected_or_reviewed_are_passed_over(tmp_path: Path) -> None:
    folder = write_results(tmp_path / "results", {"a1": [], "a2": [], "b1": []}, rejected=["a2"])
    found = read_inspected_pictures(folder, reviewed={"b1"})
    assert [candidate.name for candidate in found.candidates] == ["results/a1.jpg"]


def test_a_file_of_reviews_says_what_was_reviewed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_results(tmp_path / "results", {"a" * 64: [0.5], "b" * 64: [0.5]})
    write_review_lines([make_review(sha256="a" * 64)], tmp_path / "reviews.jsonl")
    assert run_command(str(folder), "--reviewed", str(tmp_path / "reviews.jsonl")) == 0
    assert "aaa.jpg" not in capsys.readouterr().out


def test_another_models_thresholds_are_not_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = replace(RUN, model_sha256="0" * 64)
    folder = write_results(tmp_path / "results", {"a1": [0.5]}, run=strange)
    assert run_command(str(folder)) == 1
    assert "is not the model that inspected these pictures" in capsys.readouterr().err


def test_results_of_two_models_are_not_mixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_results(tmp_path / "first", {"a1": [0.5]})
    strange = replace(RUN, model_sha256="0" * 64, model_version="9")
    second = write_results(tmp_path / "second", {"a1": [0.5]}, run=strange)
    assert run_command(str(first), str(second)) == 1
    assert "give them apart" in capsys.readouterr().err


def test_a_folder_without_results_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="holds no results"):
        read_inspected_pictures(tmp_path, reviewed=())
    open_store(tmp_path / STORE_NAME).__exit__(None, None, None)
    with pytest.raises(CannotStartError, match="run skypatrol inspect to its end"):
        read_inspected_pictures(tmp_path, reviewed=())
