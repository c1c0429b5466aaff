"""The commands `skypatrol models`: what is registered, what is in force, and how that changes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from datasets.picture_set import SPLITS, read_picture_set
from models.errors import ModelError, ModelNotFoundError
from models.history import Signature
from models.manifest import format_manifest
from models.promotion import add_model
from models.promotion import rollback as roll_back
from models.registry import (
    RegisteredModel,
    Registry,
    list_model_folders,
    read_history,
    read_model,
    read_model_folder,
    read_promotion,
)
from service.commands.calibrate import calibrate
from service.commands.model_text import (
    describe_history,
    describe_list,
    describe_model,
    describe_promotion,
)
from service.commands.score import score
from service.commands.shared_options import parse_path
from service.errors import CannotStartError
from service.inspecting.progress import show_progress
from service.printable import printable_text
from service.settings import read_settings, read_user_name
from training.evaluation.evaluate import select_split
from training.promotion.gate_report import describe_report
from training.promotion.promote import promote_through_gate
from training.promotion.run_gate import DEFAULT_SPLIT, GateRun

EXIT_REFUSED = 2

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Such as patrol-n-0.1.0.")]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="WHO", help="For the history; else the system's user.")
]

models = typer.Typer(help="The registry of models: list, show, add, promote, roll back.")
models.command()(calibrate)
models.command()(score)


@models.callback(invoke_without_command=True)
def models_or_list(context: typer.Context) -> None:
    """List the models, or do what a command says."""
    if context.invoked_subcommand is None:
        list_models()


@models.command("list")
def list_models() -> None:
    """List the models; the one that is used where none is named has a star."""
    registry = read_settings().registry
    found = {folder.name: _read_or_error(folder) for folder in list_model_folders(registry)}
    _tell(describe_list(found, in_force=_name_in_force(registry)))


@models.command()
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A name or folder; else that in force.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest.")] = False,
) -> None:
    """Show what a model is, what it may be used for, and how good it is."""
    registry = read_settings().registry
    model = read_model(name, registry=registry)
    if as_json:
        typer.echo(format_manifest(model.manifest), nl=False)
        return
    is_in_force = model.manifest.id == _name_in_force(registry)
    promotion = read_promotion(registry) if is_in_force else None
    _tell(describe_model(model, promotion=promotion))


@models.command()
def history() -> None:
    """Tell which model was in force when, and why."""
    _tell(describe_history(read_history(read_settings().registry)))


@models.command()
def add(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", parser=parse_path, help="An exported model.")
    ],
) -> None:
    """Check a model folder and copy it into the bureau's registry; nothing is promoted."""
    model = add_model(folder, read_settings().registry)
    _tell(f"added {model.manifest.id} in {model.folder}")


@models.command()
def promote(
    name: NameArgument,
    *,
    against: Annotated[
        Path | None,
        typer.Option(metavar="SET", help="Frozen picture set that it must not do worse on."),
    ] = None,
    split: Annotated[
        str, typer.Option(metavar="|".join(SPLITS), help="Of the set.")
    ] = DEFAULT_SPLIT,
    force: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Whatever the gate says; goes into the history."),
    ] = None,
    by: ByOption = None,
) -> None:
    """Put a model into force if the gate lets it through. Exit code 2: the gate refused it."""
    registry = read_settings().registry
    if force is not None and not force.strip():
        raise CannotStartError("--force: the reason is empty")
    if against is None and force is None:
        raise CannotStartError("name a regression set with --against, or give --force a reason")
    candidate = read_model(name, registry=registry)
    pictures = None if against is None else read_picture_set(against)
    with show_progress() as reporter:
        if pictures is not None:
            reporter.begin("both models", total=2 * len(select_split(pictures, split)))
        attempt = promote_through_gate(
            candidate,
            registry,
            signed=_sign(by),
            against=pictures,
            force_reason=force,
            how=GateRun(split=split, on_picture=reporter.step),
        )
    if attempt.report is not None:
        _tell(describe_report(attempt.report))
    if attempt.promotion is None:
        _tell(f"{candidate.manifest.id} is not promoted; --force REASON would do so")
        raise typer.Exit(EXIT_REFUSED)
    _tell(f"{attempt.promotion.model} is in force: {describe_promotion(attempt.promotion)}")


@models.command()
def rollback(
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="For the history.")] = "",
    by: ByOption = None,
) -> None:
    """Put the model before the present one into force again."""
    promotion = roll_back(read_settings().registry, signed=_sign(by), reason=reason)
    _tell(f"{promotion.model} is in force: {describe_promotion(promotion)}")


def _read_or_error(folder: Path) -> RegisteredModel | ModelError:
    try:
        return read_model_folder(folder)
    except ModelError as error:
        return error


def _name_in_force(registry: Registry) -> str | None:
    try:
        return read_promotion(registry).model
    except ModelNotFoundError:
        return None


def _sign(by: str | None) -> Signature:
    return Signature(by=by or read_user_name(), at=datetime.now(UTC))


def _tell(text: str) -> None:
    """Print lines; what comes from files of strangers must not steer the terminal."""
    typer.echo("\n".join(map(printable_text, text.splitlines())))
