"""The same boxes, scored by pycocotools and by us."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.evaluation.factories import make_picture, search_result
from training.evaluation.average_precision import average_precisions
from training.evaluation.class_boxes import select_class
from training.evaluation.grouped import group_matches
from training.evaluation.matching import Matches
from training.evaluation.result import PictureResult, SizeMeasure
from training.evaluation.score import group_class
from training.evaluation.sizes import match_in_range, plan_ranges

pytest.importorskip("pycocotools")
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

CLASSES = ("garbage", "billboard")
SIDE_PX = 400
TOLERANCE = 0.001  # a tenth of a point


def draw_results(seed: int, *, pictures: int, crowded: bool) -> list[PictureResult]:
    """Return pictures with detections near true boxes and elsewhere, many with equal scores."""
    rng = np.random.default_rng(seed)
    results = []
    for index in range(pictures):
        true, found = [], []
        for _ in range(int(rng.integers(0, 12 if crowded else 5))):
            name = CLASSES[int(rng.integers(2))]
            x, y = rng.integers(0, 300, 2)
            width, height = rng.integers(4, 100, 2)
            true.append((name, float(x), float(y), float(x + width), float(y + height)))
            for _ in range(int(rng.integers(0, 3))):
                moved = np.array(true[-1][1:]) + rng.normal(0, 6, 4)
                low, high = np.minimum(moved[:2], moved[2:] - 1), moved[2:]
                score = round(float(rng.random()), 1)  # so that many are equal
                found.append((name, score, *np.concatenate([low, high]).round(2)))
        for _ in range(int(rng.integers(0, 150 if crowded else 5))):
            x, y = rng.integers(0, 300, 2)
            width, height = rng.integers(4, 100, 2)
            name = CLASSES[int(rng.integers(2))]
            found.append((name, round(float(rng.random()), 2), x, y, x + width, y + height))
        picture = make_picture(true, path=f"{index:03}.jpg", labelled=CLASSES)
        results.append(search_result(picture, found, classes=CLASSES))
    return results


def score_with_coco(results: list[PictureResult]) -> COCOeval:
    """Return pycocotools' evaluation of the same boxes; class ids count from 1."""
    truth = COCO()
    truth.dataset = {
        "images": [{"id": i, "width": SIDE_PX, "height": SIDE_PX} for i in range(len(results))],
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(CLASSES)],
        "annotations": [],
    }
    found = []
    for index, result in enumerate(results):
        for box in result.picture.boxes:
            truth.dataset["annotations"].append(
                {
                    "id": len(truth.dataset["annotations"]) + 1,
                    "image_id": index,
                    "category_id": CLASSES.index(box.class_name) + 1,
                    "bbox": [box.x_min, box.y_min, box.x_max - box.x_min, box.y_max - box.y_min],
                    "area": (box.x_max - box.x_min) * (box.y_max - box.y_min),
                    "iscrowd": 0,
                }
            )
        found += [
            {
                "image_id": index,
                "category_id": CLASSES.index(box.class_name) + 1,
                "bbox": [box.x_min, box.y_min, box.x_max - box.x_min, box.y_max - box.y_min],
                "score": box.score,
            }
            for box in result.found
        ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def coco_precisions(evaluation: COCOeval, class_index: int, *, area: int) -> np.ndarray:
    """Return average precision by IoU level, NaN where there is nothing to be found."""
    precision = evaluation.eval["precision"][:, :, class_index, area, -1]
    return np.where(precision[:, 0] < 0, np.nan, precision.mean(axis=1))


@pytest.mark.slow
@settings(max_examples=12)
@given(seed=st.integers(0, 2**31), crowded=st.booleans())
def test_average_precision_of_each_class_is_that_of_pycocotools(seed: int, crowded: bool) -> None:
    results = draw_results(seed, pictures=6, crowded=crowded)
    if not any(result.found for result in results):
        return
    evaluation = score_with_coco(results)
    for index, name in enumerate(CLASSES):
        ours = average_precisions(group_class(results, name))
        theirs = coco_precisions(evaluation, index, area=0)
        np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)


@pytest.mark.slow
@settings(max_examples=8)
@given(seed=st.integers(0, 2**31))
def test_average_precision_by_size_is_that_of_pycocotools(seed: int) -> None:
    results = draw_results(seed, pictures=6, crowded=False)
    if not any(result.found for result in results):
        return
    evaluation = score_with_coco(results)
    ranges = [one for one in plan_ranges() if one.measure is SizeMeasure.NETWORK]
    for index, name in enumerate(CLASSES):
        for area, range_ in enumerate(ranges, start=1):
            parts: list[tuple[str, Matches]] = []
            for result in results:
                boxes = select_class(result, name)
                assert boxes is not None
                parts.append((boxes.group, match_in_range(boxes, range_)))
            ours = average_precisions(group_matches(parts, sorted({group for group, _ in parts})))
            theirs = coco_precisions(evaluation, index, area=area)
            np.testing.assert_allclose(ours[0], theirs[0], atol=TOLERANCE)
