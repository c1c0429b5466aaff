"""A finished run becomes a model folder; what people wrote and measured there is not lost."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the `train` extra")
pytest.importorskip("ultralytics", reason="needs the `train` extra")

from models.registry import RegisteredModel, write_manifest  # noqa: E402
from models.ultralytics_detector import DetectionModel  # noqa: E402
from tests.training.test_made_draft import RESULT, make_record  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.export import write_trainable_form  # noqa: E402
from training.model_of_run import export_run  # noqa: E402
from training.recipe import RunWeights  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.slow]
CLASSES = ("heap", "shed")
NETWORK = {
    "nc": 2,
    "backbone": [[-1, 1, "Conv", [8, 3, 2]], [-1, 1, "Conv", [16, 3, 2]]],
    "head": [[[0, 1], 1, "Detect", ["nc"]]],
}


def write_record(run: Path, record: dict[str, Any]) -> None:
    (run / "config.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Return the folder of a finished run whose best and last weights differ."""
    for seed, folder in enumerate((tmp_path / "run", tmp_path / "run" / "last")):
        folder.mkdir()
        torch.manual_seed(seed)
        network = DetectionModel(dict(NETWORK), nc=len(CLASSES), verbose=False)
        network.names = dict(enumerate(CLASSES))
        write_trainable_form(network, folder)
    write_record(tmp_path / "run", make_record(input_size_px=64))
    result = {**RESULT, "gsd_range_m": {"heap": [0.02, 0.04], "shed": None}}
    (tmp_path / "run" / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return tmp_path / "run"


def export(run: Path, weights: RunWeights = RunWeights.BEST) -> RegisteredModel:
    return export_run(run, run / "model", name="m", version="1", weights=weights)


def measure(model: RegisteredModel) -> None:
    """Write thresholds, scores and a card, as scoring does."""
    scored = dataclasses.replace(
        model.manifest,
        min_confidence={"heap": 0.7, "shed": 0.6},
        metrics={"date": "2026-01-01"},
        street_long_side_px=96,
    )
    write_manifest(scored, model.folder)
    (model.folder / "CARD.md").write_text("scored", encoding="utf-8")


@pytest.mark.parametrize(("weights", "source"), [(RunWeights.BEST, "."), (RunWeights.LAST, "last")])
def test_the_weights_asked_for_are_exported_and_named(
    run: Path, weights: RunWeights, source: str
) -> None:
    model = export(run, weights)
    name = "trainable.safetensors"
    assert (model.folder / name).read_bytes() == (run / source / name).read_bytes()
    assert model.manifest.training["weights"] == f"{weights} epoch"


def test_a_draft_of_how_it_was_made_is_written_and_a_persons_words_stay(run: Path) -> None:
    made = export(run).folder / "MADE.md"
    assert "1.70 hours on EPYC" in made.read_text(encoding="utf-8")
    made.write_text("In my own words.", encoding="utf-8")
    export(run, RunWeights.LAST)
    assert made.read_text(encoding="utf-8") == "In my own words."


def test_the_same_weights_keep_what_was_measured_of_them_and_take_new_words(run: Path) -> None:
    measure(export(run))
    same = export(run)
    assert (same.folder / "CARD.md").exists()
    write_record(run, make_record(input_size_px=64, limits=["Not at night."]))
    renewed = export(run)
    assert renewed.manifest.limits == ("Not at night.",)
    assert renewed.manifest.min_confidence == {"heap": 0.7, "shed": 0.6}
    assert renewed.manifest.metrics == {"date": "2026-01-01"}
    assert renewed.manifest.street_long_side_px == 96
    # The card does not have the new words.
    assert not (renewed.folder / "CARD.md").exists()


def test_other_weights_have_nothing_of_what_was_measured_of_the_first(run: Path) -> None:
    measure(export(run))
    other = export(run, RunWeights.LAST)
    assert other.manifest.metrics == {}
    assert other.manifest.min_confidence == {"heap": 0.25, "shed": 0.25}
    assert not (other.folder / "CARD.md").exists()


def test_an_export_that_was_killed_is_made_again(run: Path) -> None:
    folder = export(run).folder
    whole = (folder / "model.bin").read_bytes()
    (folder / "model.bin").write_bytes(whole[:100])
    export(run)
    assert (folder / "model.bin").read_bytes() == whole


def test_a_run_that_is_not_finished_is_named(run: Path) -> None:
    (run / "result.json").unlink()
    with pytest.raises(TrainingError, match="no finished run"):
        export(run)
