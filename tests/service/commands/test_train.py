"""The command `skypatrol train`: one line of trouble, or a run and a model."""

import subprocess
import sys
from pathlib import Path

import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source, write_picture_set
from service.command_line import main

REPOSITORY = Path(__file__).parents[3]
CONFIG = """
name = "tiny"
initial_weights = "scratch"
architecture = "yolov5n.yaml"
input_size_px = 64
batch_size = 2
epochs = 1
device = "cpu"
threads = 1
[[pictures]]
folder = "{folder}"
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Return the exit code, what was printed and what was complained of."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), printed.out, printed.err


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a configuration with a set of three drawn pictures."""
    import hashlib

    import cv2
    import numpy as np

    (tmp_path / "set").mkdir()
    pictures = []
    for name, split in (("a", "train"), ("b", "train"), ("c", "val")):
        path = tmp_path / "set" / f"{name}.png"
        cv2.imwrite(str(path), np.full((64, 64, 3), 90, np.uint8))
        box = LabelledBox(class_name="exposed_garbage", x_min=8, y_min=8, x_max=40, y_max=40)
        pictures.append(
            LabelledPicture(
                path=path.name,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
                width_px=64,
                height_px=64,
                boxes=(box,),
                labelled_classes=("exposed_garbage",),
                source="drawn",
                group=name,
                split=split,
                view=View.DRONE,
                gsd_m=0.02,
            )
        )
    write_picture_set(
        PictureSet(
            name="drawn",
            version="1",
            taxonomy_version="1",
            sources=(Source(name="drawn", origin="drawn by the test", licence="CC0"),),
            pictures=tuple(pictures),
            folder=tmp_path / "set",
        )
    )
    (tmp_path / "tiny.toml").write_text(CONFIG.format(folder=tmp_path / "set"))
    return tmp_path / "tiny.toml"


@pytest.mark.train
@pytest.mark.slow
def test_a_run_becomes_a_model_that_the_registry_takes(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ultralytics", reason="the `train` extra is not installed")
    arguments = ("train", config, "--out", tmp_path / "runs", "--export", "tiny", "--version", "1")
    code, printed, complaints = run(capsys, *arguments)
    assert (code, complaints) == (0, "")
    assert "epoch 1 of 1" in printed
    steps = [line for line in printed.splitlines() if "models " in line]
    words = [line.split("models ")[1].split()[0] for line in steps]
    # Thresholds are calibrated scores, and what was added does not change any more.
    assert words == ["calibrate", "score", "add", "promote"]
    assert (tmp_path / "runs" / "tiny" / "model" / "MADE.md").is_file()
    from models.registry import read_model

    manifest = read_model(tmp_path / "runs" / "tiny" / "model").manifest
    assert manifest.id == "tiny-1"
    assert manifest.gsd_range_m["exposed_garbage"] == (0.02, 0.02)
    assert manifest.data == "Picture sets drawn 1."
    assert manifest.training["epochs"] == 1


def test_without_torch_one_line_says_how_to_get_it(config: Path) -> None:
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'torch':\n"
        "            raise ModuleNotFoundError('absent', name='torch')\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from service.command_line import main; main(['train', sys.argv[1]])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(config)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["skypatrol: training needs torch: run make install-all"]


def test_a_wrong_configuration_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wrong.toml").write_text('name = "a"\nepoch = 3\n[[pictures]]\nfolder = "set"\n')
    code, printed, complaints = run(capsys, "train", tmp_path / "wrong.toml")
    assert (code, printed) == (1, "")
    assert complaints.startswith("skypatrol: ")
    assert "epoch: Unexpected keyword argument" in complaints
    assert complaints.count("\n") == 1


def test_a_set_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="the `train` extra is not installed")
    (tmp_path / "a.toml").write_text('name = "a"\n[[pictures]]\nfolder = "nowhere"\n')
    code, _, complaints = run(capsys, "train", tmp_path / "a.toml", "--out", tmp_path / "runs")
    assert code == 1
    assert "nowhere" in complaints


def test_a_version_that_is_taken_is_said_before_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--export", "patrol-n", "--version", "0.1.0")
    code, _, complaints = run(capsys, "train", tmp_path / "absent.toml", *options)
    assert code == 1
    assert "patrol-n-0.1.0 is registered" in complaints


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--export", "tiny"), "go together"),
        (("--version", "1"), "go together"),
        (("--weights", "last"), "--export"),
        (("--export", "../tiny", "--version", "1"), "'../tiny' is no name"),
        (("--export", "tiny", "--version", "one two"), "no version"),
    ],
)
def test_a_models_name_is_checked_before_the_training(
    config: Path, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, complaints = run(capsys, "train", config, *options)
    assert code == 1
    assert said in complaints
