"""The two files of a shadow: shadow.json for scripts, shadow.html for people."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from service.inspecting.folder import write_atomically
from service.report.page_templates import read_templates
from service.report.report import HTML_LANGUAGES, content_security_hash
from service.shadow.compare import ClassTotals, PhotoDifference, ShadowBox
from service.store.inspections import Run
from service.translations import class_title, read_texts

SHADOW, SHADOW_PAGE = "shadow.json", "shadow.html"
PAGE_FOLDER = Path(__file__).parent / "page"
# A page of more rows is read by nobody; shadow.json has all of them.
MAX_PHOTOS_ON_PAGE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowResult:
    """Where a candidate differs from the model in force.

    Attributes:
        photos: That both have inspected.
        differences: Those of them on which either finds anything.
    """

    production: Run
    candidate: Run
    photos: int
    totals: tuple[ClassTotals, ...]
    differences: tuple[PhotoDifference, ...]


def write_shadow(result: ShadowResult, folder: Path, *, language: str) -> None:
    """Write both files; equal results give equal bytes."""
    write_atomically(folder / SHADOW, render_json(result))
    page = render_page(result, language=language)
    # A file name of broken bytes comes in as lone surrogates, which UTF-8 cannot hold.
    write_atomically(folder / SHADOW_PAGE, page.encode("utf-8", errors="replace"))


def render_json(result: ShadowResult) -> bytes:
    """Return shadow.json."""
    table = {
        "production": _describe_run(result.production),
        "candidate": _describe_run(result.candidate),
        "photos": result.photos,
        "classes": [
            {
                "class": one.class_name,
                "both": one.both,
                "only_candidate": one.only_candidate,
                "only_production": one.only_production,
                "mean_confidence_difference": _rounded(one.mean_difference),
            }
            for one in result.totals
        ],
        "differences": [
            {"photo": one.photo, "boxes": [_describe_box(box) for box in one.boxes]}
            for one in result.differences
        ],
    }
    return (json.dumps(table, indent=1, ensure_ascii=True) + "\n").encode()


def render_page(result: ShadowResult, *, language: str) -> str:
    """Return the page's HTML in `en` or `zh`: photos with the most differences first."""
    texts = read_texts(language)
    style = (PAGE_FOLDER / "style.css").read_text(encoding="utf-8")
    environment = read_templates(PAGE_FOLDER)
    environment.filters["class_title"] = lambda name: class_title(name, language)
    shown = _most_different(result.differences)
    return environment.get_template("page.html").render(
        result=result,
        names=[
            f"{run.model_name}-{run.model_version}" for run in (result.production, result.candidate)
        ],
        photos=shown[:MAX_PHOTOS_ON_PAGE],
        left_out=max(len(shown) - MAX_PHOTOS_ON_PAGE, 0),
        text=texts.shadow,
        html_language=HTML_LANGUAGES[texts.language],
        style=Markup(style),  # noqa: S704 - our own file, not anybody's input
        style_hash=content_security_hash(style),
    )


def _most_different(differences: Sequence[PhotoDifference]) -> list[PhotoDifference]:
    return sorted(
        differences, key=lambda one: (-sum(not box.is_on_both for box in one.boxes), one.photo)
    )


def _describe_run(run: Run) -> dict[str, str]:
    return {
        "model": run.model_name,
        "version": run.model_version,
        "weights_sha256": run.model_sha256,
        "settings_hash": run.settings_hash,
    }


def _describe_box(box: ShadowBox) -> dict[str, object]:
    return {
        "class": box.class_name,
        "box_photo_px": list(box.box_photo),
        "found_by": "both" if box.is_on_both else _finder(box),
        "production_confidence": _rounded(box.production),
        "candidate_confidence": _rounded(box.candidate),
    }


def _finder(box: ShadowBox) -> str:
    return "candidate" if box.production is None else "production"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
