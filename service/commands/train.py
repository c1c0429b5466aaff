"""The command `skypatrol train`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from datasets.errors import DatasetError
from models.manifest import NAME_PATTERN, VERSION_PATTERN
from models.registry import find_model
from models.safe_files import MADE_FILE
from service.commands.shared_options import parse_path
from service.errors import CannotStartError
from service.printable import printable_text
from service.settings import read_settings
from training.config import TrainingConfig, read_training_config
from training.errors import TrainingError
from training.recipe import RunWeights

RUNS = Path("out/training/runs")
MODEL_FOLDER = "model"
EXIT_STOPPED = 130  # as shells have it for Ctrl-C


def train(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG.toml", parser=parse_path, help="What to do.")
    ],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", parser=parse_path, help="Folder of all runs.")
    ] = RUNS,
    fresh: Annotated[
        bool, typer.Option("--fresh/--resume", help="Begin anew, or go on where it stopped.")
    ] = False,
    export: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make a model of the result, too.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="V", help="Of that model, such as 0.2.0.")
    ] = None,
    weights: Annotated[
        RunWeights, typer.Option(help="Of the epoch that was best on val, or of the last one.")
    ] = RunWeights.BEST,
) -> None:
    """Train a detector from picture sets, as a configuration says.

    Killed at any moment, the same command goes on from the last epoch. The run's folder is
    DIR/NAME, by the configuration's name; docs/training.md says what lies there.
    """
    _check_export(export, version, weights)
    _tell_if_registered(export, version)
    try:
        folder = _train(read_training_config(config), out, fresh=fresh)
        typer.echo(f"trained  {folder.resolve()}")
        if export is not None and version is not None:
            _export(folder, export, version, weights)
    except (TrainingError, DatasetError) as error:
        raise CannotStartError(str(error)) from error
    except KeyboardInterrupt as error:
        typer.echo("stopped; the same command goes on from here", err=True)
        raise typer.Exit(EXIT_STOPPED) from error


def _train(config: TrainingConfig, out: Path, *, fresh: bool) -> Path:
    try:
        # Here, since torch takes seconds to load and is not there without the extra.
        from training.train import train as train_network
    except ModuleNotFoundError as error:
        raise CannotStartError(f"training needs {error.name}: run make install-all") from error
    registry = read_settings().registry
    return train_network(
        config,
        out,
        fresh=fresh,
        registry=registry,
        say=lambda line: typer.echo(printable_text(line)),
    )


def _export(run: Path, name: str, version: str, weights: RunWeights) -> None:
    from training.model_of_run import export_run

    model = export_run(run, run / MODEL_FOLDER, name=name, version=version, weights=weights)
    typer.echo(f"exported {model.folder.resolve()}")
    typer.echo(describe_next_steps(run / MODEL_FOLDER, model.manifest.id))


def describe_next_steps(folder: Path, model: str) -> str:
    """Return what to do with an exported model, in this order.

    Thresholds are calibrated scores, and a model that was added does not change any more.
    """
    where = shlex.quote(str(folder))
    steps = [
        f"look over {where}/{MADE_FILE}: a first draft, which opens the model's card",
        f"skypatrol models calibrate {where} --on SET",
        f"skypatrol models score {where} --on SET",
        f"skypatrol models add {where}",
        f"skypatrol models promote {model} --against FROZEN_SET",
    ]
    return "\n".join(
        f"{'next' if place == 0 else '':<8} {step}" for place, step in enumerate(steps)
    )


def _tell_if_registered(name: str | None, version: str | None) -> None:
    """Say that a registered model has this name, which the new one cannot have as well."""
    if name and version and find_model(f"{name}-{version}", read_settings().registry) is not None:
        typer.echo(
            f"{name}-{version} is registered: models add will take the new one under another "
            "--version only",
            err=True,
        )


def _check_export(name: str | None, version: str | None, weights: RunWeights) -> None:
    """Return if a model can be called so: said before the training, not hours later."""
    if name is None and weights is not RunWeights.BEST:
        raise CannotStartError("--weights says what --export makes a model of: give both")
    if (name is None) != (version is None):
        raise CannotStartError("--export and --version go together")
    if name is not None and not NAME_PATTERN.fullmatch(name):
        raise CannotStartError(f"--export: {name!r} is no name such as patrol-n")
    if version is not None and not VERSION_PATTERN.fullmatch(version):
        raise CannotStartError(f"--version: {version!r} is no version such as 0.2.0")
