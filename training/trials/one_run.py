"""One short training with its search: done once, written down, and skipped the next time."""

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from training.chosen_pictures import PlacedPicture
from training.config import TrainingConfig, describe_settings
from training.errors import TrainingError
from training.evaluation.result import LeftOut, PictureResult
from training.trials.config_overrides import learn_from
from training.trials.deadline import Clock
from training.trials.linked_set import write_linked_set
from training.trials.plan import TrialRow
from training.trials.searched_pictures import read_results, write_results

RECORD_FILE = "run.json"
FOUND_FILE = "found.jsonl"
KEY_DIGITS_IN_NAME = 8

Train = Callable[[TrainingConfig, Path], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that may be done.

    Attributes:
        folder: SERIES/ROW/RUN, its own.
        learned: Pictures of train and val.
        searched: Pictures to find things on afterwards.
    """

    folder: Path
    row: TrialRow
    config: TrainingConfig
    learned: tuple[PlacedPicture, ...]
    searched: tuple[PlacedPicture, ...]
    taxonomy_version: str


# The folder of a training, and the run that it belongs to.
Search = Callable[[Path, Run], Iterable[PictureResult | LeftOut]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What a run works with: the real ones need torch, a test's do not."""

    train: Train
    search: Search
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What is known of a run that was done.

    Attributes:
        key: Of all that the run was made from; another key means another run.
        training_folder: Where its weights lie.
    """

    key: str
    finished_at: str
    machine: str
    train_min: float
    search_min: float
    learned_pictures: int
    searched_pictures: int
    training_folder: str


def plan_key(run: Run) -> str:
    """Return what changes with the run's settings, pictures and labels."""
    parts = {
        "config": describe_settings(run.config),
        "search": dict(run.row.search),
        "learned": [asdict(entry.picture) for entry in run.learned],
        "searched": [entry.picture.sha256 for entry in run.searched],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def read_done(run: Run) -> tuple[RunRecord, list[PictureResult]] | None:
    """Return the record and findings of a run, or None where it was not done as it is planned."""
    record = read_record(run.folder)
    if record is None or record.key != plan_key(run):
        return None
    return record, read_results(run.folder / FOUND_FILE)


def read_record(folder: Path) -> RunRecord | None:
    """Return the record in a run's folder, or None where there is none.

    Raises:
        TrainingError: It cannot be read.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        return None
    try:
        table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return RunRecord(**table)
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"{path}: no record of a run: {error!r}") from error


def do_run(run: Run, tools: Tools) -> RunRecord:
    """Train, search, and write both down; the record is written last.

    Raises:
        TrainingError, DatasetError: The training cannot be done.
    """
    linked = write_linked_set(
        run.learned,
        run.folder / "pictures",
        name="run",
        taxonomy_version=run.taxonomy_version,
    )
    started = tools.clock()
    # One folder for all trainings of a series: they share what they have of the same pictures.
    trainings = run.folder.parent.parent / "trainings"
    # Its name holds the key: a run that was begun with other settings is not gone on with.
    name = f"{run.row.name}-{run.folder.name}-{plan_key(run)[:KEY_DIGITS_IN_NAME]}"
    config = replace(learn_from(run.config, linked.folder), name=name)
    trained = tools.train(config, trainings)
    searching = tools.clock()
    found = list(tools.search(trained, run))
    write_results(found, run.folder / FOUND_FILE)
    finished = tools.clock()
    record = RunRecord(
        key=plan_key(run),
        finished_at=finished.isoformat(timespec="seconds"),
        machine=read_machine(),
        train_min=_minutes(started, searching),
        search_min=_minutes(searching, finished),
        learned_pictures=len(run.learned),
        searched_pictures=sum(isinstance(entry, PictureResult) for entry in found),
        training_folder=str(trained),
    )
    text = json.dumps(asdict(record), indent=1) + "\n"
    (run.folder / RECORD_FILE).write_text(text, encoding="utf-8")
    return record


def read_machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor and its number of cores, in words."""
    name = platform.processor() or platform.machine()
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        name = next(iter(names), name)
    return f"{os.cpu_count()} x {name}, {platform.system()}"


def _minutes(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds() / 60, 2)
