import hashlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import openvino
import pytest
from openvino import opset13

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source
from models.detector import Detector
from models.errors import ModelError
from models.history import Promotion, PromotionKind, Signature, format_history
from models.manifest import ModelManifest
from models.promotion import add_model, rollback
from models.registry import (
    Registry,
    read_history,
    read_model,
    read_model_folder,
    read_weights_sha256,
    write_manifest,
)
from training.errors import TrainingError
from training.promotion.check import Quantity, TileTimes, Verdict
from training.promotion.gate_report import describe_report, parse_report
from training.promotion.promote import promote_through_gate
from training.promotion.run_gate import GateRun, frozen_set_sha256, measure_tile_times, run_gate

SIDE_PX, CELL_PX = 64, 32
NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
RED = (0, 0, 255)


def as_fast(_: Detector, __: Detector) -> TileTimes:
    """Judge no machine."""
    return TileTimes(production_ms=10.0, candidate_ms=10.0)


ANN = Signature(by="ann", at=NOW)
HOW = GateRun(measure=as_fast)


def write_model(folder: Path, *, version: str, gain: float) -> Path:
    """Write a model that takes red cells for garbage, with scores of `gain` at most."""
    picture = opset13.parameter([-1, 3, SIDE_PX, SIDE_PX], np.float32)
    cell = [CELL_PX, CELL_PX]
    means = opset13.avg_pool(picture, cell, [0, 0], [0, 0], cell, exclude_pad=False)
    by_cell = opset13.reshape(means, np.array([0, 3, 4]), special_zero=True)
    red = opset13.gather(by_cell, np.array([0]), np.array(1))
    score = opset13.multiply(red, np.float32(gain))
    nothing = opset13.multiply(
        opset13.gather(by_cell, np.zeros(4, int), np.array(1)), np.float32(0)
    )
    cells = np.array([[[16, 48, 16, 48], [16, 16, 48, 48], [32] * 4, [32] * 4]], dtype=np.float32)
    network = openvino.Model([opset13.concat([opset13.add(nothing, cells), score], 1)], [picture])
    folder.mkdir(parents=True)
    openvino.save_model(network, folder / "model.xml", compress_to_fp16=False)
    write_manifest(
        ModelManifest(
            name="red",
            version=version,
            classes=("exposed_garbage",),
            input_size_px=SIDE_PX,
            gsd_range_m={"exposed_garbage": (0.01, 1.0)},
            street_long_side_px=SIDE_PX,
            min_confidence={"exposed_garbage": 0.5},
            weights_sha256=read_weights_sha256(folder),
            licence="x",
            data="x",
            metrics={},
        ),
        folder,
    )
    return folder


@pytest.fixture
def picture_set(tmp_path: Path) -> PictureSet:
    """Return twelve pictures in six groups: half of them show a red cell."""
    folder = tmp_path / "set"
    folder.mkdir()
    pictures = []
    for number in range(12):
        pixels = np.zeros((SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
        boxes = ()
        if number % 2:
            pixels[:CELL_PX, CELL_PX:] = RED
            box = LabelledBox(class_name="exposed_garbage", x_min=32, y_min=0, x_max=64, y_max=32)
            boxes = (box,)
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), pixels)
        pictures.append(
            LabelledPicture(
                path=path.name,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                width_px=SIDE_PX,
                height_px=SIDE_PX,
                boxes=boxes,
                labelled_classes=("exposed_garbage",),
                source="drawn",
                group=f"g{number // 2}",
                split="test",
                view=View.STREET,
            )
        )
    return PictureSet(
        name="frozen",
        version="1",
        taxonomy_version="1",
        sources=(Source(name="drawn", origin="here", licence="none"),),
        pictures=tuple(pictures),
        folder=folder,
    )


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Return a registry that promotes a good model."""
    built_in = tmp_path / "built-in"
    model = read_model_folder(write_model(built_in / "red-1", version="1", gain=1.0))
    first = Promotion(
        model="red-1",
        weights_sha256=model.manifest.weights_sha256,
        kind=PromotionKind.PROMOTE,
        at=NOW,
        by=None,
        gate_report=None,
        forced=False,
        reason="the first",
    )
    (built_in / "promoted.json").write_text(format_history([first]), encoding="utf-8")
    return Registry(own=tmp_path / "own", built_in=built_in)


def test_an_equal_model_is_promoted_and_can_be_rolled_back(
    registry: Registry, picture_set: PictureSet, tmp_path: Path
) -> None:
    model = add_model(write_model(tmp_path / "new", version="2", gain=0.99), registry)
    attempt = promote_through_gate(model, registry, signed=ANN, against=picture_set, how=HOW)
    assert attempt.report is not None
    assert attempt.report.passed
    assert attempt.promotion is not None
    assert not attempt.promotion.forced
    assert read_model(registry=registry).manifest.id == "red-2"
    assert registry.own is not None
    kept = (registry.own / str(attempt.promotion.gate_report)).read_text(encoding="utf-8")
    assert parse_report(kept) == attempt.report
    assert rollback(registry, signed=ANN, reason="no").model == "red-1"


def test_a_model_that_finds_nothing_is_refused_and_only_force_takes_it(
    registry: Registry, picture_set: PictureSet, tmp_path: Path
) -> None:
    blind = add_model(write_model(tmp_path / "new", version="2", gain=0.3), registry)
    attempt = promote_through_gate(blind, registry, signed=ANN, against=picture_set, how=HOW)
    assert attempt.report is not None
    assert attempt.promotion is None
    assert read_model(registry=registry).manifest.id == "red-1"
    failed = [one for one in attempt.report.checks if one.verdict is Verdict.FAILS]
    assert [one.quantity.value for one in failed] == ["recall"]
    assert "FAILS" in describe_report(attempt.report)
    forced = promote_through_gate(
        blind,
        registry,
        signed=ANN,
        against=picture_set,
        force_reason="for a demo",
        how=HOW,
    )
    assert forced.promotion is not None
    assert forced.promotion.forced
    assert forced.promotion.reason.startswith("for a demo (the gate: recall exposed_garbage")
    assert read_history(registry)[-1] == forced.promotion


def test_without_a_set_only_a_reason_promotes(registry: Registry, tmp_path: Path) -> None:
    model = add_model(write_model(tmp_path / "new", version="2", gain=1.0), registry)
    with pytest.raises(ModelError, match="regression set"):
        promote_through_gate(model, registry, signed=ANN, against=None)
    attempt = promote_through_gate(
        model, registry, signed=ANN, against=None, force_reason="no set yet"
    )
    assert attempt.promotion is not None
    assert (attempt.promotion.forced, attempt.promotion.reason) == (True, "no set yet")


def test_a_set_without_pictures_of_the_split_is_refused(
    registry: Registry, picture_set: PictureSet
) -> None:
    model = read_model(registry=registry)
    with pytest.raises(TrainingError, match="no val pictures"):
        run_gate(model, model, picture_set, at=NOW, how=replace(HOW, split="val"))


def test_a_picture_that_was_exchanged_is_left_out_for_both_and_closes_the_gate(
    registry: Registry, picture_set: PictureSet
) -> None:
    shutil.copy(picture_set.folder / "1.png", picture_set.folder / "0.png")
    model = read_model(registry=registry)
    report = run_gate(model, model, picture_set, at=NOW, how=HOW)
    assert (report.pictures, report.left_out) == (11, 1)
    assert [check.quantity for check in report.checks if check.verdict is Verdict.FAILS] == [
        Quantity.PICTURES
    ]


def test_another_label_or_picture_is_another_set(picture_set: PictureSet) -> None:
    first, *rest = picture_set.pictures
    hashes = {frozen_set_sha256(picture_set, "test")}
    for changed in (
        replace(first, sha256="1" * 64),
        replace(first, group="other"),
        replace(first, boxes=rest[0].boxes),
    ):
        other = replace(picture_set, pictures=(changed, *rest))
        hashes.add(frozen_set_sha256(other, "test"))
    assert len(hashes) == 4


def test_times_are_the_least_of_each_model(registry: Registry) -> None:
    class Still:
        classes = ("a",)
        input_size_px = 32
        batch_size = 1

        def detect(self, crops: object, *, min_score: float) -> list[object]:
            return []

    # A tile of production takes 1 s, one of the candidate 2 s, and the first turn longer.
    durations_s = [9.0, 9.0] + [1.0, 2.0] * 99
    readings = [0.0]  # of the beginning
    for turn in range(100):
        for duration_s in durations_s[2 * turn : 2 * turn + 2]:
            readings += [0.0, duration_s]
        readings += [0.0] if turn + 1 >= 5 else []  # whether it took long enough
    clock = iter(readings)
    assert measure_tile_times(Still(), Still(), clock=lambda: next(clock)) == TileTimes(
        production_ms=1000.0, candidate_ms=2000.0
    )


@pytest.mark.parametrize("text", ["", "{}", '{"candidate": 3}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(TrainingError, match="no gate report"):
        parse_report(text)


def test_what_cannot_be_promoted_is_said_before_the_gate_takes_its_minutes(
    tmp_path: Path, registry: Registry, picture_set: PictureSet
) -> None:
    def too_late() -> None:
        raise AssertionError("a picture was searched")

    how = GateRun(measure=as_fast, on_picture=too_late)
    stranger = read_model_folder(write_model(tmp_path / "stranger", version="2", gain=1.0))
    with pytest.raises(ModelError, match="not registered; add it first"):
        promote_through_gate(stranger, registry, signed=ANN, against=picture_set, how=how)
    with pytest.raises(ModelError, match="in force already"):
        promote_through_gate(
            read_model(registry=registry), registry, signed=ANN, against=picture_set, how=how
        )
