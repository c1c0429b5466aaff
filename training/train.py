"""Train a detector as a configuration says; killed at any moment, the same call goes on."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datasets.picture_set import read_picture_set
from models.registry import BUILT_IN, Registry
from training.chosen_pictures import (
    PlacedPicture,
    choose_pictures,
    limit_pictures,
    repeat_rare_pictures,
)
from training.config import CONFIG_FILE, PictureChoice, TrainingConfig
from training.errors import TrainingError
from training.initial_weights import (
    InitialWeights,
    describe_initial_weights,
    resolve_initial_weights,
)
from training.packs import PackRule, plan_pack_key, write_pack
from training.recipe import measure_gsd_ranges_m
from training.run_clock import CLOCK_FILE, RunClock
from training.run_lock import LOCK_FILE, lock_run
from training.run_log import log_ultralytics
from training.run_outputs import describe_epoch, write_outputs
from training.run_record import (
    RESULT_FILE,
    SetRecord,
    check_same_run,
    describe_run,
    read_initial_record,
    renew_words,
    write_run_record,
)
from training.run_state import STATE_FILE, RunState, read_run_state, write_run_state
from training.trainer import PatrolTrainer, TrainingPlan
from training.whole_file import write_whole

Say = Callable[[str], None]


def train(
    config: TrainingConfig,
    out: Path,
    *,
    fresh: bool = False,
    packs: Path | None = None,
    registry: Registry = BUILT_IN,
    say: Say = lambda _: None,
) -> Path:
    """Train, and return the run's folder; a run that is finished is returned as it is.

    The folder then holds trainable.safetensors and trainable.yaml (the averaged weights of the
    best epoch; those of the last one in `last/`), config.json (all that the run depends on),
    result.json, results.csv, curves.png, samples.png and log.txt.

    Args:
        config: What to do.
        out: Folder of all runs; this one's is `out/NAME`.
        fresh: Begin anew where the run was begun before.
        packs: Folder of all packs; None for `packs` beside `out`.
        registry: Where the promoted model is looked for.
        say: Is told a line whenever something was done.

    Raises:
        TrainingError: The pictures are not there, the run was begun with another configuration,
            or the loss is no number any more.
        InitialWeightsError: The weights do not fit or were lost before the first step.
        DatasetError: A picture set cannot be read.
    """
    folder = out / config.name
    folder.mkdir(parents=True, exist_ok=True)
    with lock_run(folder):
        if fresh:
            _empty_run(folder)  # with the lock: nobody is at work there
        pictures = _read_pictures(config, packs or out.parent / "packs", say)
        if (folder / CONFIG_FILE).is_file():
            check_same_run(describe_run(config, pictures.records, {}), folder)
            renew_words(config, folder)
        if (folder / RESULT_FILE).is_file():
            say(f"{folder} is finished; --fresh begins anew")
            return folder
        state = read_run_state(folder)
        weights = _read_start(config, pictures, folder, registry, begun=state is not None)
        state = _train_epochs(config, pictures, weights, state, folder, say)
        _finish(state, pictures, folder, config)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pictures:
    train: list[PlacedPicture]
    val: list[PlacedPicture]
    records: list[dict[str, Any]]  # as JSON has them


def _read_start(
    config: TrainingConfig,
    pictures: _Pictures,
    folder: Path,
    registry: Registry,
    *,
    begun: bool,
) -> InitialWeights:
    """Return what a run starts from, which its record has from its first epoch on."""
    if begun:
        return read_initial_record(folder)
    weights = resolve_initial_weights(config, registry=registry)
    facts = describe_initial_weights(weights)
    write_run_record(describe_run(config, pictures.records, facts), folder)
    return weights


def _read_pictures(config: TrainingConfig, packs: Path, say: Say) -> _Pictures:
    train: list[PlacedPicture] = []
    val: list[PlacedPicture] = []
    records = []
    for choice in config.pictures:
        found = _read_choice(choice, config, packs, say)
        train += found.train
        val += found.val
        records += found.records
    train = limit_pictures(train, config.picture_limit)
    if not train or not val:
        raise TrainingError("the picture sets have no picture of the train or of the val split")
    train = repeat_rare_pictures(
        train, least_per_class=config.least_pictures_per_class, classes=config.classes
    )
    _tell_unshown_classes(train, config.classes, say)
    return _Pictures(train=train, val=_without_copies(val), records=records)


def _without_copies(pictures: Sequence[PlacedPicture]) -> list[PlacedPicture]:
    """Return each picture once: a set that is named twice, to repeat what is rare, counts once."""
    return list({placed.picture.sha256: placed for placed in reversed(pictures)}.values())[::-1]


def _tell_unshown_classes(
    pictures: Sequence[PlacedPicture], classes: Sequence[str], say: Say
) -> None:
    shown = {box.class_name for placed in pictures for box in placed.picture.boxes}
    for name in classes:
        if name not in shown:
            say(f"no training picture shows {name}: nothing is learned of it")


def _read_choice(choice: PictureChoice, config: TrainingConfig, packs: Path, say: Say) -> _Pictures:
    picture_set = read_picture_set(choice.folder)
    absent = set(choice.sources) - {picture.source for picture in picture_set.pictures}
    if absent:
        raise TrainingError(f"{choice.folder} has no pictures of the sources {sorted(absent)}")
    rule = PackRule(
        tiling=choice.tiling,
        longest_side_px=choice.longest_side_px or config.input_size_px,
        tile_px=choice.tile_px or config.input_size_px,
    )
    say(f"pictures of {picture_set.name} {picture_set.version} ...")
    pack = write_pack(picture_set, rule, packs)
    if pack.left_out:
        say(
            f"{len(pack.left_out)} pictures are left out; the first: {pack.left_out[0]}; once they "
            f"are put right, remove {pack.pictures.folder} to take them in"
        )
    train = choose_pictures(pack.pictures, choice, "train")
    val = choose_pictures(pack.pictures, choice, "val")
    record = SetRecord(
        name=picture_set.name,
        version=picture_set.version,
        folder=str(choice.folder),
        pack_sha256=plan_pack_key(picture_set, rule),
        train=len(train),
        val=len(val),
        left_out=pack.left_out,
    )
    return _Pictures(train=train, val=val, records=[asdict(record)])


def _train_epochs(
    config: TrainingConfig,
    pictures: _Pictures,
    weights: InitialWeights,
    state: RunState | None,
    folder: Path,
    say: Say,
) -> RunState:
    latest = state

    def keep(found: RunState) -> None:
        nonlocal latest
        latest = found
        # The state first: all else follows from it.
        write_run_state(found, folder)
        write_outputs(found, weights.architecture, pictures.val, folder, config=config)
        say(describe_epoch(found, config))

    clock = RunClock(folder, at_least_s=state.history[-1].seconds if state else 0.0)
    out_of_time = clock.seconds() >= config.time_limit_h * 3600
    if state is not None and (state.finished or out_of_time):
        keep(replace(state, finished=True))
        return state
    with log_ultralytics(folder) as outside:
        plan = TrainingPlan(
            weights=weights,
            train=pictures.train,
            val=pictures.val,
            state=state,
            clock=clock,
            folder=folder,
            epoch_done=lambda found: outside(lambda: keep(found)),
        )
        PatrolTrainer(config, plan).train()
    if latest is None:
        raise TrainingError(f"{folder}: not one epoch came to its end")
    return latest


def _finish(state: RunState, pictures: _Pictures, folder: Path, config: TrainingConfig) -> None:
    best = state.history[state.best_epoch - 1]
    result = {
        "epochs": len(state.history),
        "best_epoch": state.best_epoch,
        "seconds": round(state.history[-1].seconds, 1),
        "pictures_an_epoch": len(pictures.train),
        "best": asdict(best),
        "gsd_range_m": measure_gsd_ranges_m(
            [one.picture for one in pictures.train], config.classes, tile_px=config.input_size_px
        ),
    }
    write_whole(folder / RESULT_FILE, (json.dumps(result, indent=1) + "\n").encode(), lasting=True)
    for name in (STATE_FILE, CLOCK_FILE):
        (folder / name).unlink(missing_ok=True)


def _empty_run(folder: Path) -> None:
    """Remove what the folder of a run holds but its lock, and nothing of any other folder."""
    entries = [path for path in folder.iterdir() if path.name != LOCK_FILE]
    if entries and not (folder / CONFIG_FILE).is_file():
        raise TrainingError(f"{folder} is no folder of a run: it holds no {CONFIG_FILE}")
    # Last, so that what is left of a removal that was killed is still known for a run.
    for path in sorted(entries, key=lambda path: path.name == CONFIG_FILE):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
