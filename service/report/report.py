"""The report: one page that holds everything and opens anywhere, without a network."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from service.inspecting.folder import write_atomically
from service.report.formats import (
    format_area,
    format_coordinates,
    format_instant,
    format_metres,
    format_percent,
    format_short_instant,
    format_zone,
)
from service.report.map_drawing import plan_maps
from service.report.model import ReportContent
from service.report.page_templates import read_templates
from service.report.rows import (
    PAPER_PX,
    plan_class_names,
    plan_limits,
    plan_map_view,
    plan_period,
    plan_reason_totals,
    plan_rows,
    plan_totals,
    reading_order,
)
from service.translations import Language, read_texts

PAGE_FOLDER = Path(__file__).parent / "page"
HTML_LANGUAGES = {Language.ENGLISH: "en", Language.CHINESE: "zh-Hans"}


def write_report(content: ReportContent, path: Path, *, language: str) -> None:
    """Write the report as one self-contained HTML file.

    Args:
        content: What to show; paths of evidence are relative to the report's folder.
        path: Of the HTML file.
        language: `en` or `zh`.
    """
    page = render_report(content, folder=path.parent, language=language)
    # A file name of broken bytes comes in as lone surrogates, which UTF-8 cannot hold.
    write_atomically(path, page.encode("utf-8", errors="replace"))


def render_report(content: ReportContent, *, folder: Path, language: str) -> str:
    """Return the report's HTML; equal content gives equal text."""
    texts = read_texts(language)
    issues = sorted(content.issues, key=reading_order)
    sheets = plan_maps(issues, content.files, content.areas)
    style, script = _read_part("style.css"), _read_part("script.js")
    return (
        _environment()
        .get_template("page.html")
        .render(
            content=content,
            texts=texts,
            text=texts.report,
            html_language=HTML_LANGUAGES[texts.language],
            period=plan_period(content, texts),
            totals=plan_totals(content, sheets, classes=plan_class_names(content), texts=texts),
            rows=plan_rows(issues, content, folder=folder, texts=texts),
            grids=sorted({issue.grid_id for issue in issues if issue.grid_id}),
            maps=[plan_map_view(sheet) for sheet in sheets],
            paper_px=PAPER_PX,
            reasons=plan_reason_totals(content.files, texts),
            limits=plan_limits(content.model, texts),
            # Our own files, not anybody's input: the only text that goes in unescaped.
            style=Markup(style),  # noqa: S704
            script=Markup(script),  # noqa: S704
            style_hash=content_security_hash(style),
            script_hash=content_security_hash(script),
        )
    )


def content_security_hash(text: str) -> str:
    """Return the source expression by which a page allows exactly this style or script.

    Content Security Policy Level 3, section 2.3.1, hash-source.
    """
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _environment() -> Environment:
    """Return the report's templates and the forms of its values."""
    environment = read_templates(PAGE_FOLDER)
    environment.filters.update(
        area=format_area,
        coordinates=format_coordinates,
        instant=format_instant,
        metres=format_metres,
        percent=format_percent,
        short_instant=format_short_instant,
        zone=format_zone,
    )
    return environment


def _read_part(name: str) -> str:
    return (PAGE_FOLDER / name).read_text(encoding="utf-8")
