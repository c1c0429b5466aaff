"""Evaluations that tests make up: what was found is drawn, not detected."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, Origin, View
from training.evaluation.result import (
    Evaluation,
    EvaluationHead,
    FoundBox,
    PictureResult,
    Way,
)

GARBAGE = "exposed_garbage"
BOARD = "damaged_billboard"
MakeEvaluation = Callable[..., Evaluation]


def make_picture(
    name: str, *, group: str, boxes: int, class_name: str = GARBAGE, view: View = View.STREET
) -> LabelledPicture:
    return LabelledPicture(
        path=f"{name}.jpg",
        sha256="0" * 64,
        width_px=1000,
        height_px=100,
        boxes=tuple(
            LabelledBox(
                class_name=class_name, x_min=20.0 * k, y_min=0, x_max=20.0 * k + 10, y_max=9
            )
            for k in range(boxes)
        ),
        labelled_classes=(class_name,),
        source="drawn",
        group=group,
        split="val",
        view=view,
        origin=Origin.PHOTO,
    )


def make_found(
    picture: LabelledPicture, *, right: Sequence[float], wrong: Sequence[float], class_name: str
) -> tuple[FoundBox, ...]:
    """Return detections with these scores: the k-th right one sits on the k-th true box."""
    boxes = [
        FoundBox(
            class_name=class_name,
            score=score,
            x_min=20.0 * k,
            y_min=0.0 if is_right else 50.0,
            x_max=20.0 * k + 10,
            y_max=9.0 if is_right else 59.0,
            hits=(is_right,) * 10,
            true_box=k if is_right else None,
        )
        for is_right, scores in ((True, right), (False, wrong))
        for k, score in enumerate(scores)
    ]
    return tuple(sorted(boxes, key=lambda box: -box.score))


def make_evaluation(
    seed: int,
    *,
    found_share: float,
    alarms: float = 0.1,
    groups: int = 12,
    boxes: int = 6,
    class_name: str = GARBAGE,
    threshold: float = 0.5,
) -> Evaluation:
    """Return an evaluation of two pictures a group, one with boxes and one without.

    Args:
        seed: Of what is found.
        found_share: Chance of a true box to be found, with a score from 0.5 up.
        alarms: Chance of a false alarm on a picture.
        groups: Of pictures.
        boxes: On each picture that holds some.
        class_name: Of all boxes.
        threshold: Operating point.
    """
    rng = np.random.default_rng(seed)
    results = []
    for group in range(groups):
        for kind, count in (("full", boxes), ("empty", 0)):
            picture = make_picture(
                f"{kind}{group}", group=f"g{group}", boxes=count, class_name=class_name
            )
            right = 0.5 + 0.5 * rng.random(int(rng.binomial(count, found_share)))
            wrong = 0.5 + 0.5 * rng.random(int(rng.binomial(1, alarms)))
            found = make_found(
                picture, right=right.tolist(), wrong=wrong.tolist(), class_name=class_name
            )
            results.append(
                PictureResult(picture=picture, network_scale={class_name: 1.0}, found=found)
            )
    return as_evaluation(results, {class_name: threshold})


def as_evaluation(results: Sequence[PictureResult], thresholds: dict[str, float]) -> Evaluation:
    head = EvaluationHead(
        model_name="m",
        model_version="1",
        weights_sha256="0" * 64,
        search_sha256="1" * 64,
        set_name="frozen",
        set_version="1",
        split="val",
        way=Way.TILED,
        lowest_score=0.01,
        precision="f32",
        thresholds=thresholds,
    )
    return Evaluation(head=head, pictures=tuple(results), left_out=(), parts=())


@pytest.fixture(scope="session", name="make_evaluation")
def make_evaluation_fixture() -> MakeEvaluation:
    """Return a function that makes up an evaluation, see `make_evaluation`."""
    return make_evaluation
