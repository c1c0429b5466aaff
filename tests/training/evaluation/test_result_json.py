"""Evaluations survive being written down."""

import json

import pytest

from datasets.labelled_picture import LabelledBox, LabelledPicture, Origin, View
from training.errors import TrainingError
from training.evaluation.result import (
    ClassScore,
    Evaluation,
    EvaluationHead,
    FoundBox,
    Interval,
    LeftOut,
    OperatingScore,
    PartScore,
    PictureResult,
    Way,
    find_class,
)
from training.evaluation.result_json import (
    format_entry,
    format_scores,
    parse_entry,
    parse_scores,
)

PICTURE = LabelledPicture(
    path="bins/图.jpg",
    sha256="0" * 64,
    width_px=100,
    height_px=50,
    boxes=(LabelledBox(class_name="garbage", x_min=1, y_min=2, x_max=30.5, y_max=40),),
    labelled_classes=("garbage",),
    source="bins",
    group="7",
    split="test",
    view=View.STREET,
)
RESULT = PictureResult(
    picture=PICTURE,
    network_scale={"garbage": 0.5},
    found=(
        FoundBox(
            class_name="garbage",
            score=0.1,
            x_min=1,
            y_min=2,
            x_max=30,
            y_max=40,
            hits=(True,) * 9 + (False,),
            true_box=0,
        ),
    ),
)
HEAD = EvaluationHead(
    model_name="m",
    model_version="1",
    weights_sha256="0" * 64,
    search_sha256="1" * 64,
    set_name="s",
    set_version="1",
    split="test",
    way=Way.TILED,
    lowest_score=0.01,
    precision="f32",
    thresholds={"garbage": 0.4},
)
SCORE = ClassScore(
    class_name="garbage",
    pictures=1,
    boxes=1,
    groups=1,
    detections=1,
    map50=Interval(value=1.0, low=None, high=None),
    map50_95=None,
    operating=OperatingScore(
        threshold=0.4, right=0, wrong=0, missed=1, precision=None, recall=None, f1=None
    ),
    sizes=(),
    false_alarms=(),
    budgets=(),
    confusions=(),
    calibration=None,
    curve=(),
)
PART = PartScore(
    view=View.STREET, origin=Origin.PHOTO, source=None, pictures=1, groups=1, classes=(SCORE,)
)
EVALUATION = Evaluation(
    head=HEAD,
    pictures=(RESULT,),
    left_out=(LeftOut(path="a.jpg", reason="broken"),),
    parts=(PART,),
)


def test_evaluations_come_back_equal() -> None:
    assert parse_scores(format_scores([EVALUATION])) == [EVALUATION]


@pytest.mark.parametrize("entry", [RESULT, EVALUATION.left_out[0]])
def test_entries_come_back_as_what_they_were(entry: PictureResult | LeftOut) -> None:
    line = format_entry(entry)
    assert "\n" not in line
    assert parse_entry(line) == entry


def test_part_is_found_by_view_and_origin_and_never_by_another() -> None:
    assert EVALUATION.part(View.STREET, Origin.PHOTO) is PART
    assert EVALUATION.part(View.STREET, Origin.RENDERED) is None
    assert EVALUATION.part(View.STREET, Origin.PHOTO, "bins") is None
    assert find_class(PART, "garbage") is SCORE
    assert find_class(PART, "billboard") is None


def test_wrong_value_is_named() -> None:
    table = json.loads(format_scores([EVALUATION]))
    table[0]["parts"][0]["pictures"] = "many"
    with pytest.raises(TrainingError, match=r"0\.parts\.0\.pictures"):
        parse_scores(json.dumps(table))
