"""The command `skypatrol evaluate`."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from datasets.picture_set import SPLITS
from models.openvino_detector import Precision
from models.registry import read_model
from service.commands.shared_options import parse_language, parse_path
from service.errors import CannotStartError
from service.evaluation.job import PAGE, SCORES, EvaluateOptions, run_evaluation
from service.evaluation.summary import describe_evaluations
from service.inspecting.progress import show_progress
from service.printable import printable_text
from service.settings import read_settings
from service.translations import read_texts
from training.evaluation.result import Evaluation, Way

PROMOTED = "promoted"  # in place of a model's name
EXIT_LEFT_OUT = 2
EXIT_STOPPED = 130  # as shells have it for Ctrl-C


class WayChoice(StrEnum):
    """In which ways pictures are shown to the network."""

    BOTH = "both"
    TILED = "tiled"
    WHOLE = "whole"


def evaluate(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="Name in the registry, a folder, or `promoted`."),
    ],
    dataset: Annotated[
        Path,
        typer.Argument(metavar="DATASET", parser=parse_path, help="Folder of a picture set."),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", parser=parse_path, help="Folder for scores and the page."),
    ],
    split: Annotated[str, typer.Option(metavar="|".join(SPLITS), help="Which pictures.")] = "test",
    way: Annotated[
        WayChoice, typer.Option(help="As inspections do it, whole pictures, or one by one both.")
    ] = WayChoice.BOTH,
    precision: Annotated[
        Precision, typer.Option(help="f32: the same on every machine; bf16: faster on some.")
    ] = Precision.F32,
    lang: Annotated[str | None, typer.Option(metavar="en|zh", help="Of page and terminal.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the scores for scripts and nothing else.")
    ] = False,
) -> None:
    """Tell how well a model finds what people labelled: scores, a page, the worst as pictures.

    The output folder holds parts of the pictures: mind their licence. Stopped, the same command
    goes on where it was. Exit code 0: all pictures were evaluated; 2: some were left out; 1:
    nothing could be done.
    """
    if split not in SPLITS:
        raise CannotStartError(f"--split: {split!r} is none of {', '.join(SPLITS)}")
    settings = read_settings()
    language = parse_language(lang or settings.language)
    options = EvaluateOptions(
        dataset=dataset,
        output=out,
        split=split,
        ways=(Way.TILED, Way.WHOLE) if way is WayChoice.BOTH else (Way(way.value),),
        precision=precision,
        language=language,
    )
    found = read_model(None if model == PROMOTED else model, registry=settings.registry)
    try:
        with show_progress(quiet=as_json) as reporter:
            evaluations = run_evaluation(options, model=found, reporter=reporter)
    except KeyboardInterrupt as error:
        typer.echo("stopped; the same command goes on from here", err=True)
        raise typer.Exit(EXIT_STOPPED) from error
    if as_json:
        typer.echo((out / SCORES).read_text(encoding="utf-8"), nl=False)
    else:
        _tell(evaluations, out, language)
    raise typer.Exit(EXIT_LEFT_OUT if evaluations[0].left_out else 0)


def _tell(evaluations: Sequence[Evaluation], out: Path, language: str) -> None:
    words = read_texts(language).evaluation
    typer.echo(describe_evaluations(evaluations, language=language))
    left_out = evaluations[0].left_out
    if left_out:
        first = left_out[0]
        line = words["console_left_out"].format(
            count=len(left_out), path=first.path, reason=first.reason
        )
        typer.echo(printable_text(line))
    typer.echo(words["console_report"].format(path=out / PAGE))
