"""The command `skypatrol models score`."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from datasets.picture_set import read_picture_set
from models.registry import check_is_no_registered_folder, read_model_folder
from models.safe_files import CARD_FILE
from service.commands.model_text import describe_left_out
from service.commands.shared_options import parse_path
from service.errors import CannotStartError
from service.inspecting.progress import show_progress
from service.settings import read_settings
from training.evaluation.evaluate import select_split
from training.evaluation.result import Way
from training.evaluation.score_model import read_made, score_model, write_scored_model


def score(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", parser=parse_path, help="An exported model.")
    ],
    *,
    on: Annotated[
        Path,
        typer.Option(metavar="SET", parser=parse_path, help="Picture set with val and test."),
    ],
    day: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="On the card; else today.")] = "",
) -> None:
    """Choose a model's thresholds on val, score it on test, and write its manifest and card.

    After `models calibrate`, and before the model is added: thresholds are calibrated scores.
    """
    check_is_no_registered_folder(folder, read_settings().registry)
    model = read_model_folder(folder)
    made = read_made(model)  # before the search, which takes minutes
    pictures = read_picture_set(on)
    try:
        on_day = date.fromisoformat(day) if day else date.today()
    except ValueError as error:
        raise CannotStartError(f"--day: {day!r} is no date such as 2026-11-25") from error
    val, test = (len(select_split(pictures, split)) for split in ("val", "test"))
    with show_progress() as reporter:
        reporter.begin("pictures", total=val + test * len(Way))
        scored = score_model(model, pictures, day=on_day, on_picture=reporter.step)
    write_scored_model(scored, model, made=made)
    if (line := describe_left_out(scored.left_out)) is not None:
        typer.echo(line, err=True)
    for name, point in scored.points.items():
        recall = "nothing to be found" if point.recall is None else f"recall {point.recall:.2f}"
        typer.echo(f"{name}: shown from {point.threshold:g}, {recall} on val")
    typer.echo(f"card {folder / CARD_FILE}")
