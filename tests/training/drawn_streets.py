"""Streets that a test draws: rubbish of two kinds, look-alikes, and reviewers who make mistakes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.labelled_picture import LabelledBox, LabelledPicture, View
from datasets.picture_set import PictureSet, Source, write_picture_set
from datasets.reviews.areas import Area
from datasets.reviews.review import (
    PictureReview,
    ProposedBox,
    ProposingModel,
    ReviewedBox,
    Verdict,
    area_of,
    check_review,
)
from training.evaluation.result import FoundBox

GARBAGE = "exposed_garbage"
SIDE_PX = 128
PICTURES_A_FLIGHT = 10
DARK, BRIGHT = (50, 40, 45), (225, 225, 120)  # BGR
SURE_IOU, FOUND_IOU = 0.75, 0.3


class Kind(StrEnum):
    """What stands in a drawn street; only heaps are garbage."""

    BAGS = "bags"  # a heap of dark bags
    LITTER = "litter"  # a heap of bright pieces
    CAR = "car"  # as dark or bright as either


def draw_street(
    kinds: Sequence[Kind], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], list[Area]]:
    """Return a picture with these things, and where its garbage is."""
    slope = np.linspace(rng.integers(90, 130), rng.integers(110, 160), SIDE_PX)
    pixels = np.repeat(slope[:, None, None], SIDE_PX, axis=1).repeat(3, axis=2)
    pixels = (pixels + rng.normal(0, 7, pixels.shape)).clip(0, 255).astype(np.uint8)
    cells = [(x, y) for x in (4, 66) for y in (4, 66)]  # apart from each other
    garbage = []
    for kind, place in zip(kinds, rng.permutation(4), strict=False):
        width, height = (int(side) for side in rng.integers(26, 48, 2))
        x, y = (int(corner + rng.integers(0, 58 - 48 + 1)) for corner in cells[place])
        area = Area(x, y, x + width, y + height)
        if kind is Kind.CAR:
            colour = DARK if rng.random() < 0.5 else BRIGHT
            cv2.rectangle(pixels, (x, y), (x + width - 1, y + height - 1), colour, -1)
        else:
            _draw_heap(pixels, area, DARK if kind is Kind.BAGS else BRIGHT, rng)
            garbage.append(area)
    return pixels, garbage


def _draw_heap(
    pixels: NDArray[np.uint8], area: Area, colour: tuple[int, int, int], rng: np.random.Generator
) -> None:
    """Fill an area with round pieces that reach all of its edges."""
    x_min, y_min, x_max, y_max = (
        int(edge) for edge in (area.x_min, area.y_min, area.x_max, area.y_max)
    )
    radius = 5
    columns = rng.integers(x_min + radius, x_max - radius, 14)
    rows = rng.integers(y_min + radius, y_max - radius, 14)
    columns[:2], rows[2:4] = (
        (x_min + radius, x_max - radius - 1),
        (y_min + radius, y_max - radius - 1),
    )
    for column, row in zip(columns, rows, strict=True):
        shade = tuple(
            int(value) for value in np.clip(np.add(colour, rng.integers(-20, 21, 3)), 0, 255)
        )
        cv2.circle(pixels, (int(column), int(row)), radius, shade, -1)


def draw_set(
    folder: Path, *, name: str, shares: dict[str, int], kinds: Sequence[Kind], seed: int
) -> PictureSet:
    """Write streets as a picture set, so many of each split, in flights of ten.

    Each has none to two things of these kinds, all of them equally often.
    """
    rng = np.random.default_rng(seed)
    pictures = []
    for split, count in shares.items():
        for number in range(count):
            things = [kinds[int(rng.integers(len(kinds)))] for _ in range(int(rng.integers(3)))]
            pixels, garbage = draw_street(things, rng)
            flight = f"{split}{number // PICTURES_A_FLIGHT:02}"
            pictures.append(_write(folder, f"{flight}/{number:03}.png", pixels, garbage, split))
    source = Source(name=name, origin="drawn by the test", licence="CC0")
    picture_set = PictureSet(
        name=name,
        version=str(seed),
        taxonomy_version="1",
        sources=(source,),
        pictures=tuple(pictures),
        folder=folder,
    )
    write_picture_set(picture_set)
    return picture_set


def _write(
    folder: Path, path: str, pixels: NDArray[np.uint8], garbage: Sequence[Area], split: str
) -> LabelledPicture:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / path), pixels)
    return LabelledPicture(
        path=path,
        sha256=hashlib.sha256((folder / path).read_bytes()).hexdigest(),
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        boxes=tuple(_garbage_box(area) for area in garbage),
        labelled_classes=(GARBAGE,),
        source=folder.name,
        group=path.rpartition("/")[0],
        split=split,
        view=View.STREET,
    )


def _garbage_box(area: Area) -> LabelledBox:
    return LabelledBox(
        class_name=GARBAGE,
        x_min=area.x_min,
        y_min=area.y_min,
        x_max=area.x_max,
        y_max=area.y_max,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Somebody who knows what is there, and sometimes presses the wrong key.

    Attributes:
        wrong: Part of the proposals that get the opposite verdict.
        unsure: Part of the proposals that get none.
        blind: Part of the objects without a proposal that stay unseen.
    """

    name: str
    wrong: float = 0.03
    unsure: float = 0.03
    blind: float = 0.05


def simulate_review(
    picture: LabelledPicture,
    found: Sequence[FoundBox],
    reviewer: Reviewer,
    rng: np.random.Generator,
    *,
    model: ProposingModel,
) -> PictureReview:
    """Return what a reviewer makes of a model's proposals on a picture."""
    truth = [area_of(box) for box in picture.boxes]
    boxes, seen = [], set[int]()
    for box in found:
        area = Area(box.x_min, box.y_min, box.x_max, box.y_max)
        nearest = max(range(len(truth)), key=lambda place: area.iou(truth[place]), default=None)
        is_object = (
            nearest is not None and nearest not in seen and area.iou(truth[nearest]) >= FOUND_IOU
        )
        true_area = truth[nearest] if is_object and nearest is not None else None
        if nearest is not None and is_object:
            seen.add(nearest)
        boxes.append(_judge(area, box.score, true_area, reviewer, rng))
    for place, area in enumerate(truth):
        if place not in seen and rng.random() >= reviewer.blind:
            boxes.append(ReviewedBox(verdict=Verdict.ADDED, final=_garbage_box(area)))
    return check_review(
        PictureReview(
            picture=picture.path,
            sha256=picture.sha256,
            width_px=SIDE_PX,
            height_px=SIDE_PX,
            reviewer=reviewer.name,
            reviewed_at=datetime(2026, 11, 20, tzinfo=UTC),
            model=model,
            looked_at=Area(0, 0, SIDE_PX, SIDE_PX),
            asked_classes=(GARBAGE,),
            boxes=tuple(boxes),
            group=picture.group,
            view=View.STREET,
        )
    )


def _judge(
    area: Area, score: float, truth: Area | None, reviewer: Reviewer, rng: np.random.Generator
) -> ReviewedBox:
    proposed = ProposedBox(class_name=GARBAGE, area=area, score=score)
    lot = rng.random()
    if lot < reviewer.unsure:
        return ReviewedBox(verdict=Verdict.UNSURE, proposed=proposed)
    is_wanted = (truth is not None) is not (lot > 1 - reviewer.wrong)
    if not is_wanted:
        return ReviewedBox(verdict=Verdict.REJECTED, proposed=proposed)
    if truth is None or area.iou(truth) >= SURE_IOU:
        final = _garbage_box(area)
        return ReviewedBox(verdict=Verdict.CONFIRMED, proposed=proposed, final=final)
    return ReviewedBox(verdict=Verdict.CORRECTED, proposed=proposed, final=_garbage_box(truth))
