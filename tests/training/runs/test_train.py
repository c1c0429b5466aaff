"""Training starts from the weights it was given, goes on when killed, and leaves what is needed."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the `train` extra is not installed")
pytest.importorskip("ultralytics", reason="the `train` extra is not installed")

from safetensors.torch import load_file, save_file  # noqa: E402

from datasets.picture_set import PictureSet  # noqa: E402
from models.ultralytics_detector import read_trainable_network  # noqa: E402
from training import train as train_module  # noqa: E402
from training.config import (  # noqa: E402
    SCRATCH,
    Device,
    PictureChoice,
    Precision,
    Tiling,
    TrainingConfig,
    describe_config,
)
from training.errors import InitialWeightsError, TrainingError  # noqa: E402
from training.initial_weights import (  # noqa: E402
    load_initial_weights,
    read_initial_weights,
    resolve_initial_weights,
    start_network,
)
from training.network import PatrolNetwork  # noqa: E402
from training.run_state import STATE_FILE, read_run_state  # noqa: E402
from training.train import train  # noqa: E402
from training.trainer import PatrolTrainer  # noqa: E402

pytestmark = [pytest.mark.train, pytest.mark.slow]
REPOSITORY = Path(__file__).parents[3]
HEAD = "model.4."
CLASSES = ("exposed_garbage", "damaged_billboard", "illegal_structure")


@pytest.fixture
def weights_file(tmp_path: Path, tiny_network: Path) -> Path:
    torch.manual_seed(7)
    network = PatrolNetwork(str(tiny_network), nc=80, verbose=False)
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    save_file(state, str(tmp_path / "initial.safetensors"))
    return tmp_path / "initial.safetensors"


@pytest.fixture
def config(drawn_set: PictureSet, tiny_network: Path) -> TrainingConfig:
    return TrainingConfig(
        name="tiny",
        pictures=(PictureChoice(folder=drawn_set.folder),),
        initial_weights=SCRATCH,
        architecture=str(tiny_network),
        input_size_px=64,
        batch_size=2,
        epochs=2,
        device=Device.CPU,
        threads=1,
        # Pictures mixed of others depend on which were read before, and so on where it went on.
        options={"optimizer": "AdamW", "lr0": 0.01, "mosaic": 0.0, "warmup_epochs": 0.0, "nbs": 2},
    )


def read_weights(folder: Path) -> dict[str, Any]:
    return dict(load_file(str(folder / "trainable.safetensors")))


def test_a_run_leaves_all_that_people_and_the_next_step_need_and_no_pickle(
    config: TrainingConfig, tmp_path: Path
) -> None:
    said: list[str] = []
    folder = train(config, tmp_path / "runs", say=said.append)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    wanted = {"trainable.safetensors", "trainable.yaml", "config.json", "result.json", "log.txt"}
    assert files >= wanted | {"results.csv", "curves.png", "samples.png"}
    assert files >= {"last/trainable.safetensors", "last/trainable.yaml"}
    assert not [name for name in files if name.endswith((".pt", ".pkl", ".npy", ".cache"))]
    assert tuple(read_trainable_network(folder).names.values()) == CLASSES
    rows = (folder / "results.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "1", "2"]
    assert json.loads((folder / "result.json").read_text())["pictures_an_epoch"] == 4
    assert [line.split(" · ")[0] for line in said if line.startswith("epoch")] == [
        "epoch 1 of 2",
        "epoch 2 of 2",
    ]


def test_the_record_says_all_that_the_run_depends_on(
    config: TrainingConfig, weights_file: Path, tmp_path: Path
) -> None:
    folder = train(replace(config, initial_weights=str(weights_file), epochs=1), tmp_path / "runs")
    record = json.loads((folder / "config.json").read_text())
    assert record["config"]["options"]["lr0"] == 0.01
    assert record["picture_sets"][0]["version"] == "1"
    assert len(record["picture_sets"][0]["pack_sha256"]) == 64
    assert len(record["initial_weights"]["sha256"]) == 64
    assert record["code"]["torch"] == torch.__version__
    assert record["machine"]["threads"] == 1


def test_a_finished_run_is_returned_as_it_is(config: TrainingConfig, tmp_path: Path) -> None:
    folder = train(replace(config, epochs=1), tmp_path / "runs")
    before = (folder / "result.json").read_bytes()
    said: list[str] = []
    assert train(replace(config, epochs=1), tmp_path / "runs", say=said.append) == folder
    assert (folder / "result.json").read_bytes() == before
    assert "finished" in said[-1]


def test_another_configuration_under_the_same_name_is_refused_unless_fresh(
    config: TrainingConfig, tmp_path: Path
) -> None:
    train(replace(config, epochs=1), tmp_path / "runs")
    changed = replace(config, epochs=1, seed=5)
    with pytest.raises(TrainingError, match=r"another configuration \(seed\)"):
        train(changed, tmp_path / "runs")
    train(changed, tmp_path / "runs", fresh=True)


def test_other_words_about_the_model_are_no_other_run(
    config: TrainingConfig, tmp_path: Path
) -> None:
    def break_off(line: str) -> None:
        if line.startswith("epoch"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "runs", say=break_off)
    told = replace(config, intended_use="Clues for reviewers.", limits=("Not at night.",))
    folder = train(told, tmp_path / "runs")
    assert json.loads((folder / "result.json").read_text())["epochs"] == 2
    # The record has the newest words, of a finished run, too: a model is made from it.
    train(replace(told, limits=("No snow.",)), tmp_path / "runs")
    record = json.loads((folder / "config.json").read_text())["config"]
    assert (record["intended_use"], record["limits"]) == ("Clues for reviewers.", ["No snow."])


def test_a_record_of_a_version_that_knew_no_words_is_gone_on_with(
    config: TrainingConfig, tmp_path: Path
) -> None:
    folder = train(replace(config, epochs=1), tmp_path / "runs")
    path = folder / "config.json"
    record = json.loads(path.read_text())
    del record["config"]["limits"], record["config"]["intended_use"]
    path.write_text(json.dumps(record))
    assert train(replace(config, epochs=1), tmp_path / "runs") == folder


def test_a_set_named_twice_repeats_training_pictures_and_judges_each_val_picture_once(
    config: TrainingConfig, tmp_path: Path
) -> None:
    twice = replace(config, pictures=config.pictures * 2)
    said: list[str] = []
    once = train_module._read_pictures(config, tmp_path / "packs", said.append)
    found = train_module._read_pictures(twice, tmp_path / "packs", said.append)
    assert (len(once.train), len(found.train)) == (4, 8)
    assert [one.picture for one in found.val] == [one.picture for one in once.val]
    assert "no training picture shows damaged_billboard: nothing is learned of it" in said


def test_fresh_removes_no_folder_that_is_no_run(config: TrainingConfig, tmp_path: Path) -> None:
    (tmp_path / "runs" / "tiny").mkdir(parents=True)
    (tmp_path / "runs" / "tiny" / "thesis.docx").write_text("mine")
    with pytest.raises(TrainingError, match="no folder of a run"):
        train(config, tmp_path / "runs", fresh=True)
    assert (tmp_path / "runs" / "tiny" / "thesis.docx").exists()


def test_a_run_that_broke_off_ends_with_the_weights_of_one_that_did_not(
    config: TrainingConfig, tmp_path: Path
) -> None:
    three = replace(config, epochs=3)
    whole = train(three, tmp_path / "whole")

    def break_off(line: str) -> None:
        if line.startswith("epoch 1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(three, tmp_path / "broken", say=break_off)
    state = read_run_state(tmp_path / "broken" / "tiny")
    assert state is not None
    assert len(state.history) == 1
    gone_on = train(three, tmp_path / "broken")
    wanted, found = read_weights(whole / "last"), read_weights(gone_on / "last")
    assert all(torch.equal(found[name], value) for name, value in wanted.items())


def test_a_killed_run_goes_on_from_its_last_epoch(config: TrainingConfig, tmp_path: Path) -> None:
    many = replace(config, epochs=60)
    table = tmp_path / "config.json"
    table.write_text(json.dumps(describe_config(many)))
    code = (
        "import json, sys; from pathlib import Path; "
        "from training.config import parse_training_config; from training.train import train; "
        "train(parse_training_config(json.loads(Path(sys.argv[1]).read_text())), "
        "Path(sys.argv[2]))"
    )
    folder = tmp_path / "runs" / "tiny"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(table), str(tmp_path / "runs")], cwd=REPOSITORY
    )
    while not (folder / STATE_FILE).exists() and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    state = read_run_state(folder)
    assert state is not None
    before = state.history
    assert 1 <= len(before) < 60

    def stop_soon(line: str) -> None:
        if line.startswith("epoch"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(many, tmp_path / "runs", say=stop_soon)
    state = read_run_state(folder)
    assert state is not None
    assert state.history[: len(before)] == before
    assert len(state.history) == len(before) + 1
    assert state.history[-1].seconds > before[-1].seconds


def test_time_that_was_used_before_counts(config: TrainingConfig, tmp_path: Path) -> None:
    limited = replace(config, epochs=50, time_limit_h=0.5)

    def break_off(line: str) -> None:
        if line.startswith("epoch"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(limited, tmp_path / "runs", say=break_off)
    # Half an hour has passed, says the note.
    (tmp_path / "runs" / "tiny" / "seconds.txt").write_text("1800\n")
    said: list[str] = []
    folder = train(limited, tmp_path / "runs", say=said.append)
    assert json.loads((folder / "result.json").read_text())["epochs"] == 1
    assert "min left" not in said[-1]


def test_initial_weights_reach_every_layer_but_the_head(
    config: TrainingConfig, weights_file: Path, tiny_network: Path
) -> None:
    weights = resolve_initial_weights(replace(config, initial_weights=str(weights_file)))
    network = PatrolNetwork(str(tiny_network), nc=3, verbose=False)
    fresh = load_initial_weights(network, weights.tensors, head_prefix=HEAD)
    assert fresh
    assert all(name.startswith(HEAD) for name in fresh)
    state = network.state_dict()
    body = {k: v for k, v in weights.tensors.items() if not k.startswith(HEAD)}
    assert all(torch.equal(state[name], value) for name, value in body.items())


def test_what_a_head_knows_of_other_classes_starts_fresh_though_it_would_fit(
    config: TrainingConfig, tmp_path: Path, tiny_network: Path
) -> None:
    folder = train(replace(config, epochs=1), tmp_path / "runs")
    turned = replace(config, initial_weights=str(folder), architecture=None, classes=CLASSES[::-1])
    weights = resolve_initial_weights(turned)
    assert weights.classes == CLASSES
    for classes, taken in ((CLASSES, True), (CLASSES[::-1], False)):
        network = PatrolNetwork(str(tiny_network), nc=3, verbose=False)
        start_network(network, weights, classes)
        state = network.state_dict()
        of_classes, of_boxes = "model.4.cv3.0.2.weight", "model.4.cv2.0.2.weight"
        assert torch.equal(state[of_classes], weights.tensors[of_classes]) is taken
        assert torch.equal(state[of_boxes], weights.tensors[of_boxes])


def test_weights_of_another_network_are_refused(
    config: TrainingConfig, weights_file: Path, tmp_path: Path
) -> None:
    other = replace(config, initial_weights=str(weights_file), architecture="yolov5n.yaml")
    with pytest.raises(InitialWeightsError, match="do not fit"):
        train(other, tmp_path / "runs")


def test_lost_weights_stop_the_run_before_its_first_step(
    config: TrainingConfig, weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(PatrolTrainer):
        """Builds the network as ultralytics does by itself."""

        def get_model(self, cfg=None, weights=None, verbose=True):
            return PatrolNetwork(config.architecture, nc=3, verbose=False)

    monkeypatch.setattr(train_module, "PatrolTrainer", Forgetful)
    with pytest.raises(InitialWeightsError, match="differs from the file"):
        train(replace(config, initial_weights=str(weights_file)), tmp_path / "runs")


def test_absent_weights_are_named(config: TrainingConfig, tmp_path: Path) -> None:
    with pytest.raises(InitialWeightsError, match=r"nothing\.safetensors"):
        read_initial_weights(tmp_path / "nothing.safetensors")


def test_a_pickle_is_no_initial_weights(config: TrainingConfig, tmp_path: Path) -> None:
    torch.save({"model": 1}, tmp_path / "best.pt")
    with pytest.raises(InitialWeightsError, match=r"best\.pt"):
        train(replace(config, initial_weights=str(tmp_path / "best.pt")), tmp_path / "runs")


def test_weights_without_a_description_need_an_architecture(
    config: TrainingConfig, weights_file: Path
) -> None:
    bare = replace(config, initial_weights=str(weights_file), architecture=None)
    with pytest.raises(InitialWeightsError, match="set architecture"):
        resolve_initial_weights(bare)


def test_the_promoted_model_is_where_training_starts_by_default(config: TrainingConfig) -> None:
    weights = resolve_initial_weights(
        TrainingConfig(name="default", pictures=(PictureChoice(folder=Path("set")),))
    )
    assert weights.origin.endswith("trainable.safetensors")
    assert weights.classes == CLASSES
    assert isinstance(weights.architecture, dict)


def test_frozen_layers_stay_and_the_others_move(
    config: TrainingConfig, weights_file: Path, tmp_path: Path
) -> None:
    frozen = replace(config, initial_weights=str(weights_file), frozen_layers=2)
    after = read_weights(train(frozen, tmp_path / "runs") / "last")
    before = read_initial_weights(weights_file)
    assert torch.equal(after["model.1.conv.weight"].float(), before["model.1.conv.weight"])
    assert not torch.equal(after["model.2.conv.weight"].float(), before["model.2.conv.weight"])


def test_half_precision_mixing_and_tiles_train_too(config: TrainingConfig, tmp_path: Path) -> None:
    mixed = replace(
        config,
        epochs=1,
        precision=Precision.BF16,
        pictures=(replace(config.pictures[0], tiling=Tiling.BOTH, weight=1.5),),
        options={**config.options, "mosaic": 1.0, "close_mosaic": 0, "mixup": 1.0, "degrees": 9.0},
    )
    folder = train(mixed, tmp_path / "runs")
    assert all(torch.isfinite(value).all() for value in read_weights(folder).values())


def test_a_gpu_that_is_not_there_is_said_so(config: TrainingConfig, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(TrainingError, match="no CUDA GPU"):
        train(replace(config, device=Device.CUDA), tmp_path / "runs")


def test_a_source_that_is_not_in_the_set_is_named(config: TrainingConfig, tmp_path: Path) -> None:
    odd = replace(config, pictures=(replace(config.pictures[0], sources=("dashcam",)),))
    with pytest.raises(TrainingError, match="dashcam"):
        train(odd, tmp_path / "runs")


def test_two_trainings_never_write_in_one_folder(config: TrainingConfig, tmp_path: Path) -> None:
    def begin_again(line: str) -> None:
        if line.startswith("epoch"):
            train(config, tmp_path / "runs")

    with pytest.raises(TrainingError, match="another training is at work"):
        train(config, tmp_path / "runs", say=begin_again)
