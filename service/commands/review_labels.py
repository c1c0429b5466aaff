"""The command `skypatrol dataset review-labels`: labels that a model contradicts."""

from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from datasets.errors import DatasetError
from datasets.picture_set import SPLITS, PictureSet, read_picture_set
from datasets.reviews.json_lines import MAX_WORDS, write_review_lines
from datasets.reviews.review import ProposingModel
from models.openvino_detector import read_openvino_detector
from models.registry import read_model
from service.commands.shared_options import parse_language, parse_path
from service.errors import CannotStartError
from service.report.report import HTML_LANGUAGES
from service.settings import read_settings
from service.translations import Language, class_title, read_texts
from training.chosen_pictures import PlacedPicture
from training.errors import TrainingError
from training.evaluation.result import PictureResult, Way
from training.evaluation.search import plan_search, search_pictures
from training.label_review.doubts import LabelDoubt, find_doubts
from training.label_review.drafts import DraftRule, draft_reviews
from training.label_review.page import PageWords, write_page
from training.trials.placed_pictures import place_pictures
from training.trials.searched_pictures import match_scored, read_results, scored_boxes

REVIEWS_FILE = "reviews.jsonl"


def review_labels(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", parser=parse_path, help="Picture set to look through.")
    ],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", parser=parse_path, help="Folder for page and drafts.")
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="Model to ask; else the one in use.")
    ] = None,
    found: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Findings of models that have not seen the pictures."),
    ] = None,
    split: Annotated[str, typer.Option(help="Of the set: train, val or test.")] = "train",
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this source; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Doubts at most, the strongest ones.")] = 300,
    reviewer: Annotated[str, typer.Option(help="Pseudonym of who edits the drafts.")] = "reviewer",
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Take the model's word where it is sure.")
    ] = False,
    lang: Annotated[str | None, typer.Option(metavar="en|zh", help="Of page and terminal.")] = None,
) -> None:
    """List labels that a model contradicts: a page with pictures, and drafts of reviews.

    Edit the verdicts in reviews.jsonl and build a set from it:
    skypatrol dataset build RECIPE --from-reviews reviews.jsonl --review-pictures DIR.
    """
    if split not in SPLITS:
        raise CannotStartError(f"--split: {split!r} is none of {', '.join(SPLITS)}")
    if not 0 < len(reviewer) <= MAX_WORDS:
        raise CannotStartError(f"--reviewer: a pseudonym has 1 to {MAX_WORDS} characters")
    language = parse_language(lang or read_settings().language)
    text = read_texts(language).label_review
    try:
        picture_set = read_picture_set(folder)
        placed = [
            entry
            for entry in place_pictures(picture_set)
            if entry.picture.split == split and (not source or entry.picture.source in source)
        ]
        if not placed:
            raise CannotStartError(f"{folder}: no picture of the {split} split and these sources")
        results = _read_found(found, placed) if found else _search(picture_set, placed, model)
        doubts = find_doubts(results)[:limit]
        asked = ProposingModel(name=found.stem if found else model or "promoted", version=None)
        rule = DraftRule(reviewer=reviewer, day=datetime.now(UTC), model=asked, suggest=suggest)
        reviews = draft_reviews(doubts, rule)
    except (DatasetError, TrainingError) as error:
        raise CannotStartError(str(error)) from error
    out.mkdir(parents=True, exist_ok=True)
    write_review_lines(reviews, out / REVIEWS_FILE)
    page = write_page(
        doubts,
        out,
        title=text["title"].format(name=picture_set.name, split=split),
        notes=() if found else (text["seen"],),
        pictures={entry.picture.path: entry.path for entry in placed},
        words=PageWords(
            html_language=HTML_LANGUAGES[Language(language)],
            text=text,
            class_title=partial(class_title, language=language),
        ),
    )
    _tell(doubts, language, seen=found is None)
    typer.echo(f"{page}\n{out / REVIEWS_FILE}")


def _read_found(path: Path, placed: list[PlacedPicture]) -> list[PictureResult]:
    """Return findings beside the labels that the set has now; pictures are told by SHA-256."""
    found = {result.picture.sha256: scored_boxes(result) for result in read_results(path)}
    results = [
        match_scored(entry.picture, found[entry.picture.sha256])
        for entry in placed
        if entry.picture.sha256 in found
    ]
    if not results:
        raise CannotStartError(f"--found {path}: holds none of the set's pictures")
    return results


def _search(
    picture_set: PictureSet, placed: list[PlacedPicture], model: str | None
) -> list[PictureResult]:
    registered = read_model(model, registry=read_settings().registry)
    search = plan_search(read_openvino_detector(registered), registered.manifest, Way.TILED)
    entries = search_pictures(picture_set, [entry.picture for entry in placed], search)
    return [entry for entry in entries if isinstance(entry, PictureResult)]


def _tell(doubts: list[LabelDoubt], language: str, *, seen: bool) -> None:
    text = read_texts(language).label_review
    if seen:
        typer.echo(text["seen"], err=True)
    counts = Counter((doubt.kind.value, doubt.class_name) for doubt in doubts)
    for (kind, class_name), count in sorted(counts.items()):
        typer.echo(f"{count:5}  {class_title(class_name, language)}: {text[kind]}")
