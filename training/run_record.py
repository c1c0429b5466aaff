"""What a training run was made of, frozen beside its result."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from training.config import CONFIG_FILE, WORDS, TrainingConfig, describe_config, describe_words
from training.errors import TrainingError
from training.initial_weights import InitialWeights
from training.whole_file import write_whole

RESULT_FILE = "result.json"
# The run's own folder holds the weights of the best epoch, this one in it those of the last.
LAST_FOLDER = "last"
# What must not change while a run goes on.
FIXED_PARTS = ("config", "picture_sets")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRecord:
    """One picture set of a run.

    Attributes:
        pack_sha256: Of all that the pack depends on; see `training.packs.plan_pack_key`.
        train, val: Pictures and tiles shown in an epoch, before rare ones are repeated.
        left_out: Which pictures could not be used, and why.
    """

    name: str
    version: str
    folder: str
    pack_sha256: str
    train: int
    val: int
    left_out: tuple[str, ...]


def describe_run(
    config: TrainingConfig, sets: Sequence[Mapping[str, Any]], weights: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all that a run depends on, as JSON holds it."""
    return {
        "config": describe_config(config),
        "picture_sets": list(sets),
        "initial_weights": dict(weights),
        "code": read_code_version(),
        "machine": read_machine(config),
    }


def read_code_version() -> dict[str, str | bool | None]:
    """Return the versions of what trains; the commit is None outside a checkout of git."""
    folder = Path(__file__).resolve().parent
    changes = _git("status", "--porcelain", "--untracked-files=no", folder=folder)
    return {
        "skypatrol": _package_version("skypatrol"),
        "commit": _git("rev-parse", "HEAD", folder=folder),
        "uncommitted_changes": None if changes is None else bool(changes),
        "torch": str(torch.__version__),
        "ultralytics": _package_version("ultralytics"),
        "python": platform.python_version(),
    }


def read_machine(config: TrainingConfig) -> dict[str, Any]:
    """Return what a run is calculated on."""
    cuda = torch.cuda.is_available()
    return {
        "system": platform.platform(),
        "processor": _processor_name(),
        "gpu": torch.cuda.get_device_name(0) if cuda else None,
        "device": choose_device(config),
        "threads": choose_threads(config),
        "precision": config.precision.value,
    }


def choose_device(config: TrainingConfig) -> str:
    """Return what a run is calculated on, as torch and ultralytics name it: cpu or 0.

    Raises:
        TrainingError: A GPU is asked for and torch finds none.
    """
    cuda = torch.cuda.is_available()
    if config.device == "cuda" and not cuda:
        raise TrainingError("device: torch finds no CUDA GPU; set it to auto or cpu")
    return "0" if cuda and config.device != "cpu" else "cpu"


def choose_threads(config: TrainingConfig) -> int:
    """Return how many threads torch calculates with: one a core unless the configuration says."""
    return config.threads or os.cpu_count() or 1


def write_run_record(record: Mapping[str, Any], folder: Path) -> None:
    """Write a record into the folder of a run."""
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / CONFIG_FILE, text.encode())


def check_same_run(record: Mapping[str, Any], folder: Path) -> None:
    """Return if the run in a folder was begun with the same configuration and pictures.

    Words about the model may be others.

    Raises:
        TrainingError: It was not, or its record cannot be read; says what differs.
    """
    path = folder / CONFIG_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        begun = {part: found[part] for part in FIXED_PARTS}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} cannot be read ({error!r}); --fresh begins anew") from error
    now = json.loads(json.dumps({part: record[part] for part in FIXED_PARTS}))
    differing = [
        key
        for key in sorted((set(begun["config"]) | set(now["config"])) - set(WORDS))
        if begun["config"].get(key) != now["config"].get(key)
    ]
    if begun["picture_sets"] != now["picture_sets"]:
        differing.append("the pictures or their labels")
    if differing:
        raise TrainingError(
            f"{folder} was begun with another configuration ({', '.join(differing)}): give the "
            "run another name, or begin anew with --fresh"
        )


def renew_words(config: TrainingConfig, folder: Path) -> None:
    """Write the words about the model into the record of the run in a folder, if they are others.

    Raises:
        TrainingError: The record cannot be read.
    """
    path = folder / CONFIG_FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        renewed = {**record, "config": {**record["config"], **describe_words(config)}}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} cannot be read ({error!r}); --fresh begins anew") from error
    if renewed != record:
        write_run_record(renewed, folder)


def read_initial_record(folder: Path) -> InitialWeights:
    """Return what the run in a folder started from, without the weights themselves.

    Raises:
        TrainingError: The record cannot be read.
    """
    path = folder / CONFIG_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["initial_weights"]
        classes = found["classes"]
        return InitialWeights(
            origin=found["origin"],
            sha256=found["sha256"],
            tensors={},
            architecture=found["architecture"],
            classes=None if classes is None else tuple(classes),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} cannot be read ({error!r}); --fresh begins anew") from error


def _package_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _git(*arguments: str, folder: Path) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  (fixed words)
            ["git", *arguments],  # noqa: S607  (the one on the path is meant)
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
