from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import (
    MIN_SLOPE,
    CalibratedDetector,
    Calibration,
    CalibrationMethod,
    with_calibrated_scores,
)
from models.detector import Detections, Image

scores_0_to_1 = st.floats(0, 1, width=32)


def make_calibration(raw: Sequence[float], calibrated: Sequence[float]) -> Calibration:
    return Calibration(
        raw=tuple(raw),
        calibrated=tuple(calibrated),
        method=CalibrationMethod.ISOTONIC,
        detections=100,
        ece=0.0,
        brier=0.0,
    )


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    """Return rising maps whose knots lie 1/100 apart or more."""
    inner = draw(st.lists(st.integers(1, 99), unique=True, max_size=8))
    raw = [0, *sorted(inner), 100]
    rises = draw(st.lists(st.floats(0.01, 1), min_size=len(raw), max_size=len(raw)))
    heights = np.cumsum(rises) / (sum(rises) + draw(st.floats(0, 1)))
    return make_calibration([x / 100 for x in raw], np.minimum(heights, 1).tolist())


class FixedDetector:
    """Gives the same boxes for every crop: those from the floor up."""

    classes = ("red", "blue")
    input_size_px = 64
    batch_size = 1

    def __init__(self, scores: Sequence[float], class_ids: Sequence[int]) -> None:
        self._scores = np.array(scores, dtype=np.float32)
        self._class_ids = np.array(class_ids, dtype=np.int32)

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        rows = np.flatnonzero(self._scores >= min_score)
        boxes = np.tile(np.arange(len(self._scores))[rows, None], (1, 4)).astype(np.float32)
        found = Detections(boxes=boxes, scores=self._scores[rows], class_ids=self._class_ids[rows])
        return [found for _ in crops]


@given(calibrations(), st.lists(scores_0_to_1, min_size=2, max_size=30))
def test_a_map_keeps_the_order_and_stays_within_0_and_1(
    calibration: Calibration, scores: list[float]
) -> None:
    mapped = calibration.apply(np.sort(np.array(scores, dtype=np.float32)))
    assert (np.diff(mapped) >= 0).all()
    assert mapped.min() >= 0
    assert mapped.max() <= 1


@given(calibrations(), st.floats(0, 1))
def test_the_inverse_leads_back(calibration: Calibration, asked: float) -> None:
    raw = calibration.raw_score(asked)
    low, high = calibration.calibrated[0], calibration.calibrated[-1]
    if asked > high:
        assert raw == np.inf
    else:
        found = float(np.interp(raw, calibration.raw, calibration.calibrated))
        assert found == pytest.approx(max(asked, low), abs=1e-9)


@given(
    calibrations(),
    st.lists(st.tuples(scores_0_to_1, st.integers(0, 1)), max_size=20),
    st.floats(0, 1, width=32),  # as scores are compared
)
def test_a_floor_keeps_just_the_boxes_whose_calibrated_score_reaches_it(
    calibration: Calibration, boxes: list[tuple[float, int]], floor: float
) -> None:
    inner = FixedDetector([score for score, _ in boxes], [class_id for _, class_id in boxes])
    detector = CalibratedDetector(inner, {"red": calibration})
    crop = np.zeros((64, 64, 3), dtype=np.uint8)
    (all_boxes,) = detector.detect([crop], min_score=0.0)
    (kept,) = detector.detect([crop], min_score=floor)
    assert len(all_boxes) == len(boxes)
    assert kept.scores.tolist() == [s for s in all_boxes.scores.tolist() if s >= floor]


def test_each_class_has_its_own_map_and_the_best_comes_first() -> None:
    calibration = make_calibration([0.0, 0.5, 1.0], [0.0, 0.9, 1.0])
    inner = FixedDetector([0.8, 0.5], [1, 0])  # blue before red
    detector = CalibratedDetector(inner, {"red": calibration})
    (found,) = detector.detect([np.zeros((64, 64, 3), dtype=np.uint8)], min_score=0.1)
    np.testing.assert_allclose(found.scores, [0.9, 0.8])
    assert found.class_ids.tolist() == [0, 1]
    assert found.boxes[:, 0].tolist() == [1, 0]
    assert detector.classes == ("red", "blue")
    assert (detector.input_size_px, detector.batch_size) == (64, 1)


def test_a_floor_that_no_box_can_reach_finds_nothing() -> None:
    low = make_calibration([0.0, 1.0], [0.0, 0.5])
    detector = CalibratedDetector(FixedDetector([1.0, 1.0], [0, 1]), {"red": low, "blue": low})
    (found,) = detector.detect([np.zeros((64, 64, 3), dtype=np.uint8)], min_score=0.6)
    assert len(found) == 0


def test_without_any_map_the_detector_stays_itself() -> None:
    detector = FixedDetector([], [])
    assert with_calibrated_scores(detector, {}) is detector


@pytest.mark.parametrize(
    ("raw", "calibrated"),
    [
        ([0, 1], [0.5, 0.5]),
        ([0, 1], [1, 0]),
        ([0, 1], [0, 1.1]),
        ([0, 1], [-0.1, 1]),
        ([0, 0.5], [0, 1]),
        ([0.1, 1], [0, 1]),
        ([0, 0.5, 0.5, 1], [0, 0.2, 0.3, 1]),
        ([0, 1], [0, float("nan")]),
        ([0], [0]),
        ([0, 1], [0, 0.5, 1]),
        ([0, 1], [0, MIN_SLOPE / 3]),
    ],
)
def test_a_map_that_does_not_rise_from_0_to_1_is_refused(
    raw: list[float], calibrated: list[float]
) -> None:
    with pytest.raises(ValueError, match=r"knot|rise|scores|number"):
        make_calibration(raw, calibrated)
