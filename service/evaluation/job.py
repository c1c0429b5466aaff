"""Evaluate a model on a picture set and write scores, evidence and a page into a folder."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from datasets.errors import DatasetError
from datasets.picture_set import PictureSet, read_picture_set
from models.openvino_detector import Precision, read_openvino_detector
from models.registry import RegisteredModel
from service.errors import CannotStartError
from service.evaluation.crops import cut_examples
from service.evaluation.page import render_page
from service.inspecting.folder import write_atomically
from service.inspecting.progress import Reporter
from service.translations import read_texts
from training.errors import TrainingError
from training.evaluation.evaluate import evaluate_split, select_split
from training.evaluation.result import Evaluation, LeftOut, PictureResult, Way
from training.evaluation.result_json import format_scores
from training.evaluation.search import plan_search

PAGE = "report.html"
SCORES = "scores.json"
JOURNAL = "found-{way}.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions:
    """What a person asked for."""

    dataset: Path
    output: Path
    split: str
    ways: tuple[Way, ...]
    precision: Precision
    language: str


def run_evaluation(
    options: EvaluateOptions, *, model: RegisteredModel, reporter: Reporter
) -> tuple[Evaluation, ...]:
    """Evaluate in each way, write the results, and return them.

    Raises:
        CannotStartError: The set or the output folder is wrong, or no picture can be read.
    """
    try:
        picture_set = read_picture_set(options.dataset)
        total = len(select_split(picture_set, options.split))
        _make_folder(options.output)
        evaluations = tuple(
            _evaluate(picture_set, way, options, model=model, reporter=reporter, total=total)
            for way in options.ways
        )
    except (DatasetError, TrainingError) as error:
        raise CannotStartError(str(error)) from error
    _write(evaluations, picture_set, options, model=model)
    return evaluations


def _evaluate(
    picture_set: PictureSet,
    way: Way,
    options: EvaluateOptions,
    *,
    model: RegisteredModel,
    reporter: Reporter,
    total: int,
) -> Evaluation:
    detector = read_openvino_detector(model, precision=options.precision)
    search = plan_search(detector, model.manifest, way, precision=options.precision.value)
    reporter.begin(read_texts(options.language).evaluation[f"searching_{way}"], total=total)
    return evaluate_split(
        picture_set,
        search,
        split=options.split,
        journal_path=options.output / JOURNAL.format(way=way),
        on_picture=_as_listener(reporter),
    )


def _as_listener(reporter: Reporter) -> Callable[[PictureResult | LeftOut], None]:
    def listen(entry: PictureResult | LeftOut) -> None:
        shown = () if isinstance(entry, LeftOut) else entry.found
        reporter.step(found=len(shown))

    return listen


def _write(
    evaluations: tuple[Evaluation, ...],
    picture_set: PictureSet,
    options: EvaluateOptions,
    *,
    model: RegisteredModel,
) -> None:
    scores = format_scores([replace(one, pictures=()) for one in evaluations])
    write_atomically(options.output / SCORES, scores.encode("utf-8"))
    examples = cut_examples(evaluations[0], picture_set)
    page = render_page(evaluations, examples, model.manifest, language=options.language)
    write_atomically(options.output / PAGE, page.encode("utf-8", errors="replace"))


def _make_folder(folder: Path) -> None:
    """Make the output folder; one with files of another origin is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {entry.name for entry in folder.iterdir() if not entry.name.startswith(".")}
    except OSError as error:
        raise CannotStartError(f"--out {folder} cannot be used: {error.strerror}") from error
    if names and not names & {SCORES, *(JOURNAL.format(way=way) for way in Way)}:
        raise CannotStartError(
            f"--out {folder} holds other files; name a new folder or an empty one"
        )
