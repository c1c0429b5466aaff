"""The geocheck as a page that opens anywhere, without a network."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from inference.receipt import NotPlaced, ReasonCode
from service.geocheck.plots import (
    COLOURS,
    plan_calibration_plot,
    plan_residual_plot,
    plan_target_plot,
)
from service.geocheck.result import GeocheckResult, PhotoResult
from service.report.formats import format_percent
from service.report.page_templates import read_templates
from service.report.report import HTML_LANGUAGES, content_security_hash
from service.translations import Texts, read_texts

PAGE_FOLDER = Path(__file__).parent / "report_page"
SEPARATOR = " · "  # texts have commas of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """A reason why points were not compared, with the first of them."""

    title: str
    advice: str
    count: int
    line: int
    photo: str
    detail: str | None


def render_page(result: GeocheckResult, *, language: str) -> str:
    """Return the page's HTML in `en` or `zh`; equal results give equal text."""
    texts = read_texts(language)
    style = (PAGE_FOLDER / "style.css").read_text(encoding="utf-8")
    return (
        _environment(texts)
        .get_template("page.html")
        .render(
            result=result,
            text=texts.geocheck,
            html_language=HTML_LANGUAGES[texts.language],
            plan=plan_residual_plot(result),
            target=plan_target_plot(result),
            calibration=plan_calibration_plot(result),
            refusals=plan_refusals(result, texts),
            methods=count_methods(result, texts),
            colours=COLOURS,
            style=Markup(style),  # noqa: S704 - our own file, not anybody's input
            style_hash=content_security_hash(style),
        )
    )


def plan_refusals(result: GeocheckResult, texts: Texts) -> list[RefusalRow]:
    """Return why points were not compared, the most frequent reason first."""
    firsts: dict[ReasonCode, RefusalRow] = {}
    counts = result.refusals
    for check in result.checks:
        final = check.final
        if isinstance(final, NotPlaced) and final.code not in firsts:
            text = texts.reasons[final.code]
            firsts[final.code] = RefusalRow(
                title=text.title,
                advice=text.advice,
                count=counts[final.code],
                line=check.truth.line,
                photo=check.truth.photo,
                detail=final.detail,
            )
    return sorted(firsts.values(), key=lambda row: (-row.count, row.title))


def count_methods(result: GeocheckResult, texts: Texts) -> list[str]:
    """Return how points were placed and how many, the most frequent way first."""
    ordered = sorted(result.methods.items(), key=lambda item: (-item[1], item[0]))
    return [
        texts.geocheck["method_count"].format(count=count, method=texts.methods.get(name, name))
        for name, count in ordered
    ]


def describe_ground(result: GeocheckResult, texts: Texts) -> str:
    """Return the ground model's name, and whether it is one of another place."""
    text = texts.geocheck
    if result.ground is None:
        return text["ground_none"]
    if not result.off_ground_model:
        return result.ground
    reaches_none = result.off_ground_model == result.placed_photos
    return text["ground_elsewhere" if reaches_none else "ground_off"].format(
        name=result.ground, count=result.off_ground_model, photos=result.placed_photos
    )


def describe_doubts(photo: PhotoResult, texts: Texts) -> str:
    """Return what makes a photo doubtful, or nothing."""
    return SEPARATOR.join(texts.reasons[code].title for code in photo.reasons)


def describe_remarks(photo: PhotoResult, texts: Texts) -> str:
    """Return how a photo's heights were found, what makes it doubtful, and what was left out."""
    text = texts.geocheck
    methods = [texts.methods.get(name, name) for name, _ in photo.methods.most_common()]
    left_out = [f"{count} × {texts.reasons[code].title}" for code, count in photo.refusals.items()]
    parts = [SEPARATOR.join(methods), describe_doubts(photo, texts)]
    if left_out:
        parts.append(text["not_compared_short"].format(what=SEPARATOR.join(left_out)))
    return text["list_semicolon"].join(part for part in parts if part)


def format_metres(metres: float) -> str:
    """Return metres to the centimetre."""
    return f"{metres:.2f}"


def format_signed(metres: float) -> str:
    """Return metres to the centimetre, with their sign."""
    return f"{metres + 0.0:+.2f}"


def _environment(texts: Texts) -> Environment:
    environment = read_templates(PAGE_FOLDER)
    environment.filters.update(
        ground=partial(describe_ground, texts=texts),
        metres=format_metres,
        percent=format_percent,
        px=lambda value: f"{value:.1f}",
        remarks=partial(describe_remarks, texts=texts),
        signed=format_signed,
    )
    return environment
