"""The second step: tell a damaged sign from an intact one by its crop."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detector import Image
from training.chosen_pictures import PlacedPicture
from training.evaluation.class_boxes import corners
from training.evaluation.matching import box_iou
from training.evaluation.result import PictureResult
from training.trials.clear_billboards import DAMAGED, IGNORED
from training.trials.searched_pictures import ScoredBox, match_scored
from training.two_step.crops import cut_crop
from training.two_step.logistic import LogisticModel, fit_logistic

SIGN = "sign"  # what the finder of the first step looks for
INTACT = "intact_sign"
# A found sign that shares less with all damaged ones, where these are labelled, is intact.
APART_IOU = 0.1
# A finder's weaker boxes are as often walls as signs.
LEAST_SIGN_SCORE = 0.2

Features = Callable[[Sequence[Image]], NDArray[np.float32]]
Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignExample:
    """A sign whose state is known."""

    placed: PlacedPicture
    box: Corners
    damaged: bool


def labelled_examples(placed: Iterable[PlacedPicture]) -> Iterator[SignExample]:
    """Yield the labelled signs of pictures: damaged billboards, and intact ones."""
    for entry in placed:
        for box in entry.picture.boxes:
            if box.class_name in (DAMAGED, INTACT):
                yield SignExample(
                    placed=entry,
                    box=(box.x_min, box.y_min, box.x_max, box.y_max),
                    damaged=box.class_name == DAMAGED,
                )


def found_intact_examples(
    placed: Iterable[PlacedPicture], results: Iterable[PictureResult]
) -> Iterator[SignExample]:
    """Yield found signs that nobody labelled as damaged, where somebody looked for these.

    Intact signs of the same streets and camera: with signs of other cities alone, the second
    step would learn to tell cities apart.

    Args:
        placed: Pictures to learn from.
        results: The finder's, of these pictures.
    """
    by_path = {entry.path: entry for entry in placed}
    by_sha256 = {entry.picture.sha256: entry for entry in by_path.values()}
    for result in results:
        entry = by_sha256.get(result.picture.sha256)
        if entry is None or DAMAGED not in entry.picture.labelled_classes:
            continue
        known = [b for b in entry.picture.boxes if b.class_name in (DAMAGED, IGNORED)]
        for box in result.found:
            apart = not known or box_iou(corners([box]), corners(known)).max() < APART_IOU
            if box.class_name == SIGN and box.score >= LEAST_SIGN_SCORE and apart:
                yield SignExample(
                    placed=entry, box=(box.x_min, box.y_min, box.x_max, box.y_max), damaged=False
                )


def fit_judge(examples: Iterable[SignExample], features: Features) -> LogisticModel:
    """Return the judge of states; pictures that cannot be read are left out.

    Raises:
        TrainingError: All examples are of one state.
    """
    by_file: dict[str, list[SignExample]] = {}
    for example in examples:
        by_file.setdefault(str(example.placed.path), []).append(example)
    rows: list[NDArray[np.float32]] = []
    damaged: list[bool] = []
    for path, of_file in by_file.items():
        pixels = cv2.imread(path, cv2.IMREAD_COLOR)
        if pixels is None:
            continue
        picture = np.asarray(pixels, dtype=np.uint8)
        rows.append(features([cut_crop(picture, example.box) for example in of_file]))
        damaged += [example.damaged for example in of_file]
    stacked = np.concatenate(rows) if rows else np.zeros((0, 1), dtype=np.float32)
    return fit_logistic(stacked, np.array(damaged, dtype=np.bool_))


def judge_signs(
    result: PictureResult, placed: PlacedPicture, judge: LogisticModel, features: Features
) -> PictureResult:
    """Return the found signs of a picture as damaged billboards.

    Their score is that of the sign times the probability that it is damaged.
    """
    signs = [box for box in result.found if box.class_name == SIGN]
    pixels = cv2.imread(str(placed.path), cv2.IMREAD_COLOR) if signs else None
    if pixels is None:
        return match_scored(placed.picture, [])
    picture = np.asarray(pixels, dtype=np.uint8)
    boxes = [(box.x_min, box.y_min, box.x_max, box.y_max) for box in signs]
    damaged = judge.probability(features([cut_crop(picture, box) for box in boxes]))
    return match_scored(
        placed.picture,
        [
            ScoredBox(class_name=DAMAGED, score=sign.score * float(share), box=box)
            for sign, share, box in zip(signs, damaged, boxes, strict=True)
        ],
    )
