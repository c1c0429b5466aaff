"""One TOML file says all of a training; what is wrong in it is said, key by key."""

import json
from pathlib import Path

import pytest

from training.config import (
    Device,
    Precision,
    Tiling,
    describe_config,
    describe_settings,
    parse_training_config,
    read_training_config,
)
from training.errors import TrainingError

SMALLEST = 'name = "a"\n[[pictures]]\nfolder = "set"\n'


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "a.toml").write_text(text)
    return tmp_path / "a.toml"


def test_a_name_and_pictures_are_enough(tmp_path: Path) -> None:
    config = read_training_config(write(tmp_path, SMALLEST))
    assert config.initial_weights == "promoted"
    assert config.device is Device.AUTO
    assert config.precision is Precision.F32
    assert config.mask_unlabelled
    assert config.pictures[0].tiling is Tiling.WHOLE


def test_all_of_it_is_read(tmp_path: Path) -> None:
    text = """
    name = "b"
    precision = "bf16"
    time_limit_h = 1
    [[pictures]]
    folder = "real"
    tiling = "both"
    sources = ["dashcam"]
    weight = 0.5
    limit = 400
    [options]
    lr0 = 0.001
    cos_lr = true
    optimizer = "AdamW"
    """
    config = read_training_config(write(tmp_path, text))
    choice = config.pictures[0]
    assert (choice.folder, choice.tiling, choice.sources) == (Path("real"), "both", ("dashcam",))
    assert (choice.weight, choice.limit) == (0.5, 400)
    assert config.options == {"lr0": 0.001, "cos_lr": True, "optimizer": "AdamW"}


def test_a_configuration_survives_json(tmp_path: Path) -> None:
    config = read_training_config(write(tmp_path, SMALLEST))
    assert parse_training_config(json.loads(json.dumps(describe_config(config)))) == config


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("epochs = 0", "epochs"),
        ("batch_size = 'many'", "batch_size"),
        ("learning_rate = 1", "learning_rate"),
        ("input_size_px = 500", "input_size_px"),
        ("precision = 'fp8'", "precision"),
        ("options = { resume = 'stranger.pt' }", "resume"),
        ("options = { model = 'stranger.pt' }", "model"),
        ("options = { project = '/' }", "project"),
        ("classes = []", "classes"),
        ("classes = ['heap', 'heap']", "named twice"),
        ("limits = 'not at night'", "limits"),
        ("intended_use = ''", "intended_use"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(TrainingError, match=rf"a\.toml.*{said}"):
        read_training_config(write(tmp_path, f"{line}\n{SMALLEST}"))


@pytest.mark.parametrize("name", ["../escape", "", ".hidden", "a/b", "a" * 65])
def test_a_name_is_one_plain_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(TrainingError, match="name"):
        parse_training_config({"name": name, "pictures": [{"folder": "set"}]})


def test_a_file_that_is_absent_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"none\.toml"):
        read_training_config(tmp_path / "none.toml")
    with pytest.raises(TrainingError, match=r"a\.toml is no TOML"):
        read_training_config(write(tmp_path, "name = = 1"))


def test_a_file_of_many_brackets_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no TOML"):
        read_training_config(write(tmp_path, "a = " + "[" * 100_000))


def test_words_about_the_model_are_no_settings(tmp_path: Path) -> None:
    silent = read_training_config(write(tmp_path, SMALLEST))
    words = 'intended_use = "Clues for reviewers."\nlimits = ["Not at night.", "No snow."]\n'
    told = read_training_config(write(tmp_path, words + SMALLEST))
    assert told.intended_use == "Clues for reviewers."
    assert told.limits == ("Not at night.", "No snow.")
    assert describe_settings(told) == describe_settings(silent)
    assert describe_config(told) != describe_config(silent)
