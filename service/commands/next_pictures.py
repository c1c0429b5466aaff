"""The command `skypatrol dataset next`: which inspected pictures to label first."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from datasets.errors import DatasetError
from datasets.reviews.json_lines import read_review_lines
from models.registry import read_model
from service.commands.inspected_pictures import InspectedPictures, read_inspected_pictures
from service.commands.shared_options import parse_path
from service.errors import CannotStartError
from service.printable import printable_text
from service.settings import read_settings
from service.store.inspections import Run
from training.errors import TrainingError
from training.selection import Choice, choose_next


def next_pictures(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULTS...",
            parser=parse_path,
            help="What inspect wrote; no picture sets.",
        ),
    ],
    *,
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Pictures to choose.")] = 50,
    most_per_flight: Annotated[
        int | None,
        typer.Option(min=1, help="Of one flight at most; else twice each flight's even share."),
    ] = None,
    reviewed: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="Reviews so far; their pictures are passed over."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR", help="That inspected; where no registry knows it."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all for scripts, nothing else.")
    ] = False,
) -> None:
    """Choose the pictures whose labels would teach the model most.

    They are those that it doubts, that differ from one another, and that come from many flights.
    Inspect with a low `--min-confidence`, such as 0.05, so that what it nearly reports counts, too.
    """
    try:
        known = _read_reviewed(reviewed)
        inspected = [read_inspected_pictures(folder, reviewed=known) for folder in results]
        choices = choose_next(
            [one for found in inspected for one in found.candidates],
            count=count,
            thresholds=_find_thresholds(inspected, model),
            most_per_group=most_per_flight,
        )
    except (DatasetError, TrainingError) as error:
        raise CannotStartError(str(error)) from error
    typer.echo(_render(choices) if as_json else _describe(choices))


def _read_reviewed(path: Path | None) -> set[str]:
    if path is None:
        return set()
    return {review.sha256 for review in read_review_lines(path) if review.sha256 is not None}


def _find_thresholds(inspected: Sequence[InspectedPictures], model: str | None) -> dict[str, float]:
    """Return the operating thresholds of the model that inspected the pictures."""
    runs = {found.run.model_sha256: found.run for found in inspected}
    if len(runs) > 1:
        told = ", ".join(sorted(_model_id(run) for run in runs.values()))
        raise CannotStartError(
            f"different models inspected these pictures: {told}; give them apart"
        )
    run = next(iter(runs.values()))
    manifest = read_model(model or _model_id(run), registry=read_settings().registry).manifest
    if manifest.weights_sha256 != run.model_sha256:
        raise CannotStartError(
            f"{manifest.id} is not the model that inspected these pictures, {_model_id(run)}; "
            "name that with --model, or inspect anew"
        )
    return dict(manifest.min_confidence)


def _model_id(run: Run) -> str:
    return f"{run.model_name}-{run.model_version}"


def _describe(choices: Sequence[Choice]) -> str:
    lines = [
        f"{choice.uncertainty:.2f}  {printable_text(choice.candidate.name)}  {_reason(choice)}"
        for choice in choices
    ]
    groups = Counter(choice.candidate.group for choice in choices)
    return "\n".join([*lines, f"pictures {len(choices)}, flights {len(groups)}"])


def _reason(choice: Choice) -> str:
    if choice.box is None:
        return "nothing found"
    return f"{choice.box.class_name} {choice.box.score:.2f}"


def _render(choices: Sequence[Choice]) -> str:
    records = [
        {
            "picture": choice.candidate.name,
            "group": choice.candidate.group,
            "uncertainty": round(choice.uncertainty, 4),
            "class": choice.box and choice.box.class_name,
            "score": choice.box and round(choice.box.score, 4),
        }
        for choice in choices
    ]
    return json.dumps({"pictures": records}, ensure_ascii=False, indent=2)
