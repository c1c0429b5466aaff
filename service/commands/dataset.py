"""The commands `skypatrol dataset build` and `skypatrol dataset check`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from datasets.errors import DatasetError
from datasets.labelled_picture import View
from datasets.picture_set import SPLITS
from datasets.reviews.append import ReviewOptions
from datasets.sets.build import BuildReport, build_picture_set
from datasets.sets.check import CheckReport, check_folder
from datasets.sets.findings import Finding, Limits, Severity
from datasets.sets.recipe import read_recipe
from datasets.sets.reviewed import Reviews
from datasets.taxonomy import CLASS_NAMES
from service.commands.dataset_tables import describe_build, describe_check
from service.commands.next_pictures import next_pictures
from service.commands.review_labels import review_labels
from service.commands.shared_options import parse_path
from service.commands.synthesize import synthesize
from service.errors import CannotStartError
from service.settings import read_settings

EXIT_CLEAN = 0
EXIT_FOUND = 2

dataset = typer.Typer(help="Build picture sets for training, and check them.")
dataset.command("review-labels")(review_labels)
dataset.command("next")(next_pictures)
dataset.command()(synthesize)

JsonOption = Annotated[bool, typer.Option("--json", help="Print all for scripts, nothing else.")]


@dataset.command()
def build(
    recipe: Annotated[
        Path | None,
        typer.Argument(metavar="[RECIPE.toml]", parser=parse_path, help="Sources, labels, splits."),
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", parser=parse_path, help="Folder for the picture set.")
    ],
    root: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the recipe's paths; else the recipe's own."),
    ] = None,
    from_reviews: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Reviews: JSON lines, or Label Studio's JSON."),
    ] = None,
    review_pictures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Pictures that were reviewed; else the file's folder."),
    ] = None,
    asked: Annotated[
        str | None,
        typer.Option(metavar="CLASS,...", help="What reviewers were asked (Label Studio only)."),
    ] = None,
    view: Annotated[
        View | None, typer.Option(help="Of the reviewed pictures (Label Studio only).")
    ] = None,
    licence: Annotated[
        str, typer.Option(metavar="TEXT", help="Of the reviewed pictures.")
    ] = "not stated",
    review_shares: Annotated[
        str,
        typer.Option(metavar="0.8,0.1,0.1", help="Shares of train, val, test for new pictures."),
    ] = "1,0,0",
    link: Annotated[
        bool, typer.Option("--link/--copy", help="Link to the pictures instead of copying them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Build a picture set from a recipe, from reviews, or from both.

    The same inputs give the same bytes. Exit code 0: all pictures are in it; 2: some were left
    out, it says which and why; 1: no set could be built.
    """
    if recipe is None and from_reviews is None:
        raise CannotStartError("name a RECIPE.toml, or --from-reviews FILE, or both")
    options = ReviewOptions(
        asked_classes=None if asked is None else _parse_classes(asked),
        view=view,
        licence=licence,
        shares=_parse_shares(review_shares),
    )
    try:
        report = build_picture_set(
            None if recipe is None else read_recipe(recipe),
            root=root or (recipe.parent if recipe else Path()),
            folder=out,
            reviews=_plan_reviews(from_reviews, review_pictures, options),
            link=link,
            workers=read_settings().workers,
        )
    except DatasetError as error:
        raise CannotStartError(str(error)) from error
    typer.echo(_render_build(report) if as_json else describe_build(report, folder=out))
    raise typer.Exit(EXIT_FOUND if report.left_out else EXIT_CLEAN)


@dataset.command()
def check(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", parser=parse_path, help="Picture set to look through.")
    ],
    *,
    alike_bits: Annotated[
        int, typer.Option(min=0, max=16, help="Pictures look alike if so many of 64 bits differ.")
    ] = Limits().alike_bits,
    near_m: Annotated[
        float, typer.Option(min=0.0, max=100_000.0, help="Pictures nearer than this are near.")
    ] = Limits().near_m,
    near_minutes: Annotated[
        float, typer.Option(min=0.0, help="Near ones within this show the same moment.")
    ] = Limits().near_minutes,
    least_side: Annotated[
        float, typer.Option(metavar="PX", min=0.0, help="Boxes with a shorter side are tiny.")
    ] = Limits().least_side_px,
    least_boxes: Annotated[
        int, typer.Option(min=0, help="Classes with fewer boxes in a split are rare.")
    ] = Limits().least_boxes,
    rows: Annotated[
        int, typer.Option(min=0, help="Findings shown of each kind; --json prints all.")
    ] = 5,
    as_json: JsonOption = False,
) -> None:
    """Check a picture set: files, boxes, doubles and leaks across splits, balance.

    Exit code 0: nothing but warnings; 2: errors were found; 1: there is no set to check.
    """
    limits = Limits(
        alike_bits=alike_bits,
        near_m=near_m,
        near_minutes=near_minutes,
        least_side_px=least_side,
        least_boxes=least_boxes,
    )
    try:
        report = check_folder(folder, limits, workers=read_settings().workers)
    except DatasetError as error:
        raise CannotStartError(str(error)) from error
    typer.echo(_render_check(report) if as_json else describe_check(report, rows=rows))
    raise typer.Exit(EXIT_FOUND if report.count(Severity.ERROR) else EXIT_CLEAN)


def _plan_reviews(
    file: Path | None, pictures: Path | None, options: ReviewOptions
) -> Reviews | None:
    if file is None:
        return None
    return Reviews(file=file, pictures=pictures or file.parent, options=options)


def _render_build(report: BuildReport) -> str:
    return json.dumps(asdict(report), ensure_ascii=False, indent=2)


def _render_check(report: CheckReport) -> str:
    table = {
        "name": report.name,
        "version": report.version,
        "pictures": report.pictures,
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "counts": [asdict(count) for count in report.counts],
        "findings": [_as_json(finding) for finding in report.findings],
    }
    return json.dumps(table, ensure_ascii=False, indent=2)


def _as_json(finding: Finding) -> dict[str, str | None]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "picture": finding.picture,
        "other": finding.other,
        "message": finding.message,
        "advice": finding.advice,
    }


def _parse_classes(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in CLASS_NAMES]
    if unknown or not names:
        raise CannotStartError(f"--asked: {text!r}; known classes are {', '.join(CLASS_NAMES)}")
    return names


def _parse_shares(text: str) -> dict[str, float]:
    try:
        shares = [float(part) for part in text.split(",")]
    except ValueError:
        shares = []
    whole = len(shares) == len(SPLITS) and abs(sum(shares) - 1) < 1e-9
    if not whole or not all(0 <= share <= 1 for share in shares):
        raise CannotStartError(f"--review-shares: {text!r} is no three parts that sum up to 1")
    return dict(zip(SPLITS, shares, strict=True))
