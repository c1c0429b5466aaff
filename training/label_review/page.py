"""The page of doubtful labels, with a picture of each; it never leaves the out folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from datasets.labelled_picture import LabelledBox
from models.detector import Image
from training.evaluation.result import FoundBox
from training.label_review.doubts import LabelDoubt

PAGE = "labels.html"
CROPS_FOLDER = "crops"
CROP_SIDE_PX = 320
# Of the box, on each side: what lies around it tells what it is.
MARGIN = 0.75
LEAST_MARGIN_PX = 24.0
LABEL_BGR = (60, 200, 60)
FOUND_BGR = (40, 120, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """What the page says, in one language.

    Attributes:
        html_language: Such as `en` or `zh-Hans`.
        text: By key: those of `page.html`, `nothing`, and the name of each `Doubt`.
        class_title: Returns what people call a class.
    """

    html_language: str
    text: Mapping[str, str]
    class_title: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtCard:
    """One doubt on the page; `crop` is its picture, relative to the page."""

    number: int
    title: str
    picture: str
    source: str
    label: str
    found: str
    strength: str
    crop: str | None


def draw_doubt(pixels: Image, doubt: LabelDoubt) -> Image:
    """Return the place of a doubt with the label in green and the model's box in orange.

    Args:
        pixels: (rows, columns, 3) BGR, unchanged.
        doubt: Of that picture.
    """
    x_min, y_min, x_max, y_max = plan_crop(
        doubt, width_px=pixels.shape[1], height_px=pixels.shape[0]
    )
    crop = pixels[y_min:y_max, x_min:x_max]
    scale = CROP_SIDE_PX / max(crop.shape[:2])
    drawn = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for box, colour in ((doubt.labelled, LABEL_BGR), (doubt.found, FOUND_BGR)):
        if box is not None:
            low = round((box.x_min - x_min) * scale), round((box.y_min - y_min) * scale)
            high = round((box.x_max - x_min) * scale), round((box.y_max - y_min) * scale)
            cv2.rectangle(drawn, low, high, colour, 2)
    return np.asarray(drawn, dtype=np.uint8)


def plan_crop(doubt: LabelDoubt, *, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """Return x_min, y_min, x_max, y_max of what is shown of a picture: the boxes and around."""
    boxes = [box for box in (doubt.labelled, doubt.found) if box is not None]
    low_x, low_y = min(b.x_min for b in boxes), min(b.y_min for b in boxes)
    high_x, high_y = max(b.x_max for b in boxes), max(b.y_max for b in boxes)
    margin = max(MARGIN * max(high_x - low_x, high_y - low_y), LEAST_MARGIN_PX)
    x_min = min(max(int(low_x - margin), 0), width_px - 1)
    y_min = min(max(int(low_y - margin), 0), height_px - 1)
    x_max = max(min(int(high_x + margin) + 1, width_px), x_min + 1)
    y_max = max(min(int(high_y + margin) + 1, height_px), y_min + 1)
    return x_min, y_min, x_max, y_max


def write_page(
    doubts: Sequence[LabelDoubt],
    folder: Path,
    *,
    title: str,
    notes: Sequence[str],
    pictures: Mapping[str, Path],
    words: PageWords,
) -> Path:
    """Write the page and its crops, and return the page's path.

    Args:
        doubts: In the order of the page.
        folder: For page and crops; never one of the repository.
        title: Of the page.
        notes: Warnings above the list.
        pictures: Files by the pictures' paths; one that cannot be read leaves a card without a
            crop.
        words: Of all else.
    """
    crops = folder / CROPS_FOLDER
    crops.mkdir(parents=True, exist_ok=True)
    cards = [
        _plan_card(number, doubt, words, crop=_write_crop(number, doubt, pictures, crops))
        for number, doubt in enumerate(doubts, start=1)
    ]
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = folder / PAGE
    html = templates.get_template("page.html").render(
        title=title,
        notes=notes,
        cards=cards,
        text=words.text,
        html_language=words.html_language,
    )
    page.write_text(html, encoding="utf-8")
    return page


def _write_crop(
    number: int, doubt: LabelDoubt, pictures: Mapping[str, Path], folder: Path
) -> str | None:
    pixels = cv2.imread(str(pictures[doubt.picture.path]), cv2.IMREAD_COLOR)
    if pixels is None:
        return None
    name = f"{number:04d}.jpg"
    cv2.imwrite(str(folder / name), draw_doubt(np.asarray(pixels, dtype=np.uint8), doubt))
    return f"{CROPS_FOLDER}/{name}"


def _plan_card(number: int, doubt: LabelDoubt, words: PageWords, *, crop: str | None) -> DoubtCard:
    return DoubtCard(
        number=number,
        title=words.text[doubt.kind.value],
        picture=doubt.picture.path,
        source=doubt.picture.source,
        label=_describe(doubt.labelled, words),
        found=_describe(doubt.found, words),
        strength=f"{doubt.strength:.2f}",
        crop=crop,
    )


def _describe(box: LabelledBox | FoundBox | None, words: PageWords) -> str:
    if box is None:
        return words.text["nothing"]
    corners = f"{box.x_min:.0f}, {box.y_min:.0f}, {box.x_max:.0f}, {box.y_max:.0f}"
    score = f" {box.score:.2f}" if isinstance(box, FoundBox) else ""
    return f"{words.class_title(box.class_name)}{score} ({corners})"
