"""The evaluation as a page that holds everything and opens anywhere, without a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from datasets.labelled_picture import Origin, View
from models.manifest import ModelManifest
from service.evaluation.crops import Examples
from service.evaluation.plots import (
    SIZE_PX,
    Plot,
    plan_recall_plot,
    plan_reliability_plot,
)
from service.report.page_templates import read_templates
from service.report.report import HTML_LANGUAGES, content_security_hash
from service.translations import Texts, class_title, read_texts
from training.evaluation.confusion import BACKGROUND, BADLY_PLACED, SECOND_BOX
from training.evaluation.result import (
    ClassScore,
    Evaluation,
    FalseAlarms,
    Interval,
    NegativeKind,
    PartScore,
    SizeMeasure,
    Way,
    find_class,
)

PAGE_FOLDER = Path(__file__).parent / "report_page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A class in one way of showing pictures, or on one source."""

    name: str
    way: Way
    score: ClassScore


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassView:
    """All that is shown of one class on one part."""

    score: ClassScore
    recall_plot: Plot | None
    reliability_plot: Plot | None
    sources: tuple[Row, ...]
    examples: Examples | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One view and origin: a table of all classes and ways, then each class."""

    part: PartScore
    rows: tuple[Row, ...]
    classes: tuple[ClassView, ...]


def render_page(
    evaluations: Sequence[Evaluation],
    examples: Sequence[Examples],
    manifest: ModelManifest,
    *,
    language: str,
) -> str:
    """Return the page's HTML in `en` or `zh`; equal results give equal text.

    Args:
        evaluations: One a way, of the same model and pictures; details are those of the first.
        examples: Of the first.
        manifest: Of the model.
        language: Of the page.
    """
    texts = read_texts(language)
    style = (PAGE_FOLDER / "style.css").read_text(encoding="utf-8")
    return (
        _environment(texts)
        .get_template("page.html")
        .render(
            head=evaluations[0].head,
            manifest=manifest,
            pictures=len(evaluations[0].pictures),
            left_out=evaluations[0].left_out,
            parts=plan_parts(evaluations, examples),
            text=texts.evaluation,
            html_language=HTML_LANGUAGES[texts.language],
            plot_size=SIZE_PX,
            style=Markup(style),  # noqa: S704 - our own file, not anybody's input
            style_hash=content_security_hash(style),
        )
    )


def plan_parts(evaluations: Sequence[Evaluation], examples: Sequence[Examples]) -> list[PartView]:
    """Return the parts as the page shows them, real pictures first."""
    first = evaluations[0]
    whole = [part for part in first.parts if part.source is None]
    ordered = sorted(
        whole, key=lambda part: (list(Origin).index(part.origin), list(View).index(part.view))
    )
    return [
        PartView(
            part=part,
            rows=tuple(_rows(evaluations, part)),
            classes=tuple(_class_view(first, part, score, examples) for score in part.classes),
        )
        for part in ordered
    ]


def _rows(evaluations: Sequence[Evaluation], part: PartScore) -> list[Row]:
    rows = []
    for score in part.classes:
        for evaluation in evaluations:
            other = evaluation.part(part.view, part.origin)
            found = find_class(other, score.class_name) if other else None
            if found:
                rows.append(Row(name=score.class_name, way=evaluation.head.way, score=found))
    return rows


def _class_view(
    evaluation: Evaluation, part: PartScore, score: ClassScore, examples: Sequence[Examples]
) -> ClassView:
    key = (part.view, part.origin, score.class_name)
    return ClassView(
        score=score,
        recall_plot=plan_recall_plot(score),
        reliability_plot=plan_reliability_plot(score.calibration),
        sources=tuple(_source_rows(evaluation, part, score.class_name)),
        examples=next(
            (one for one in examples if (one.view, one.origin, one.class_name) == key), None
        ),
    )


def _source_rows(evaluation: Evaluation, whole: PartScore, class_name: str) -> list[Row]:
    rows = []
    for part in evaluation.parts:
        if part.source is None or (part.view, part.origin) != (whole.view, whole.origin):
            continue
        score = find_class(part, class_name)
        if score is not None:
            rows.append(Row(name=part.source, way=evaluation.head.way, score=score))
    return rows


def format_interval(interval: Interval | None, *, decimals: int = 2) -> Markup:
    """Return a value with its interval in small letters, a dash where there is none."""
    if interval is None:
        return Markup("–")
    if interval.low is None or interval.high is None:
        return Markup("{}").format(f"{interval.value:.{decimals}f}")
    return Markup("{}<small> {}–{}</small>").format(
        *(f"{value:.{decimals}f}" for value in (interval.value, interval.low, interval.high))
    )


def find_alarms(score: ClassScore, kind: str) -> FalseAlarms | None:
    """Return the false alarms on one kind of negative pictures, None where there are none."""
    return next((one for one in score.false_alarms if one.kind is NegativeKind(kind)), None)


def describe_under(under: str, texts: Texts) -> str:
    """Return what lies under a false alarm in words; a source's own word stays as it is."""
    ours = {SECOND_BOX: "second_box", BADLY_PLACED: "badly_placed", BACKGROUND: "background"}
    if under in ours:
        return texts.evaluation[ours[under]]
    return class_title(under, texts.language)


def _environment(texts: Texts) -> Environment:
    environment = read_templates(PAGE_FOLDER)
    environment.filters.update(
        alarms=find_alarms,
        interval=format_interval,
        title=partial(class_title, language=texts.language),
        under=partial(describe_under, texts=texts),
        px=lambda value: f"{value:.1f}",
        score=lambda value: f"{value:.2f}",
    )
    environment.globals.update(measures=list(SizeMeasure))
    return environment
