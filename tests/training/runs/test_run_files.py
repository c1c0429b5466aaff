"""What a run writes down: time, state, curves and samples."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the `train` extra is not installed")

from models.detector import Detections, Image  # noqa: E402
from training.chosen_pictures import PlacedPicture  # noqa: E402
from training.curves import write_curves, write_results_table  # noqa: E402
from training.errors import TrainingError  # noqa: E402
from training.run_clock import CLOCK_FILE, RunClock  # noqa: E402
from training.run_state import (  # noqa: E402
    STATE_FILE,
    EpochFigures,
    RunState,
    read_run_state,
    write_run_state,
)
from training.samples import choose_samples, write_samples  # noqa: E402

pytestmark = pytest.mark.train
CLASSES = ("exposed_garbage", "damaged_billboard")


def make_figures(epoch: int, map50: float | None = 0.5) -> EpochFigures:
    return EpochFigures(
        epoch=epoch,
        epochs=3,
        seconds=10.0 * epoch,
        learning_rate=0.001,
        losses={"train/box_loss": 2.0 / epoch, "val/box_loss": 3.0 / epoch},
        precision=map50,
        recall=map50,
        map50=map50,
        map50_95=map50,
        map50_by_class={"exposed_garbage": map50, "damaged_billboard": None},
    )


def make_state() -> RunState:
    values = {"weight": torch.ones(2), "count": torch.tensor(3)}
    return RunState(
        history=(make_figures(1),),
        model=values,
        averaged=values,
        updates=7,
        optimizer={"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{"lr": 0.1}]},
        best=values,
        best_fitness=0.5,
        best_epoch=1,
        finished=False,
    )


def test_a_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_run_state(tmp_path) is None
    write_run_state(make_state(), tmp_path)
    found = read_run_state(tmp_path)
    assert found is not None
    assert found.history == make_state().history
    assert torch.equal(found.averaged["weight"], torch.ones(2))
    assert found.optimizer == make_state().optimizer


class Bomb:
    """Would write a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


def test_a_state_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"history": Bomb(tmp_path / "harm")}, tmp_path / STATE_FILE)
    with pytest.raises(TrainingError, match=r"state\.pt cannot be read"):
        read_run_state(tmp_path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"half a file"])
def test_a_damaged_state_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STATE_FILE).write_bytes(content)
    with pytest.raises(TrainingError, match="--fresh"):
        read_run_state(tmp_path)


def test_the_clock_goes_on_from_its_note(tmp_path: Path) -> None:
    assert RunClock(tmp_path).seconds() == 0
    (tmp_path / CLOCK_FILE).write_text("120.5\n")
    clock = RunClock(tmp_path)
    assert clock.seconds() == 120.5
    clock.start()
    assert clock.seconds() >= 120.5


@pytest.mark.parametrize("text", ["soon", "-3", "nan", ""])
def test_a_note_that_is_no_time_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / CLOCK_FILE).write_text(text)
    with pytest.raises(TrainingError, match=CLOCK_FILE):
        RunClock(tmp_path)


def test_the_table_has_a_row_an_epoch_and_leaves_the_unknown_empty(tmp_path: Path) -> None:
    write_results_table([make_figures(1), make_figures(2, None)], tmp_path)
    with (tmp_path / "results.csv").open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["epoch"], first["train/box_loss"], first["map50"]) == ("1", "2.0", "0.5")
    assert (second["epoch"], second["map50"], second["map50(exposed_garbage)"]) == ("2", "", "")


@pytest.mark.slow
def test_curves_are_drawn_with_gaps_where_nothing_is_known(tmp_path: Path) -> None:
    write_curves([make_figures(1, None), make_figures(2), make_figures(3)], tmp_path)
    assert cv2.imread(str(tmp_path / "curves.png")).std() > 0


class FakeDetector:
    """Finds one box of the second class in each crop."""

    classes = CLASSES
    input_size_px = 64
    batch_size = 1

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        return [
            Detections(
                boxes=np.array([[8, 8, 40, 40]], np.float32),
                scores=np.array([0.9], np.float32),
                class_ids=np.array([1], np.int32),
            )
            for _ in crops
        ]


def test_samples_are_of_all_classes_and_always_the_same(
    tmp_path: Path, draw_picture: Callable
) -> None:
    kinds = [*(["exposed_garbage"] * 20), "damaged_billboard", *([None] * 20)]
    pictures = [
        PlacedPicture(
            picture=draw_picture(tmp_path, f"p{n}", class_name=kind), path=tmp_path / f"p{n}.png"
        )
        for n, kind in enumerate(kinds)
    ]
    chosen = choose_samples(pictures, CLASSES)
    assert len(chosen) == 12
    assert chosen == choose_samples(pictures[::-1], CLASSES)
    shown = {box.class_name for sample in chosen for box in sample.picture.boxes}
    assert shown == set(CLASSES)
    assert any(not sample.picture.boxes for sample in chosen)
    write_samples(chosen, FakeDetector(), tmp_path, classes=CLASSES)
    # Three rows of four squares.
    assert cv2.imread(str(tmp_path / "samples.png")).shape == (3 * 64, 4 * 64, 3)
