from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calibration import CalibrationMethod
from models.manifest import ModelManifest, format_manifest, parse_manifest
from training.evaluation.result import Evaluation
from training.promotion.calibrate import (
    calibrate_averages,
    calibrate_manifest,
    collect_boxes,
    deal_folds,
    fit_calibration,
    fit_class,
    without_calibration,
)
from training.promotion.calibration_fit import FITS, apply_knots, fit_isotonic, fit_temperature
from training.promotion.reliability import (
    ScoredBoxes,
    brier_score,
    equal_mass_error,
    equal_width_error,
)


def make_boxes(
    seed: int, *, count: int, groups: int = 20, truth: Callable[[np.ndarray], np.ndarray]
) -> ScoredBoxes:
    """Return boxes with scores of 0.05 to 1 that are right as often as `truth` of the score."""
    rng = np.random.default_rng(seed)
    scores = 0.05 + 0.95 * rng.random(count)
    return ScoredBoxes(
        scores=scores,
        hits=rng.random(count) < truth(scores),
        groups=rng.integers(0, groups, count),
    )


def too_sure(scores: np.ndarray) -> np.ndarray:
    return scores**3


def fit(boxes: ScoredBoxes) -> object:
    return fit_class(boxes, "garbage", rng=np.random.default_rng(0))


@settings(max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(2, 400),
    method=st.sampled_from(list(CalibrationMethod)),
    power=st.floats(0.1, 8),
)
def test_a_fitted_map_rises_everywhere_and_stays_within_0_and_1(
    seed: int, count: int, method: CalibrationMethod, power: float
) -> None:
    boxes = make_boxes(seed, count=count, truth=lambda scores: scores**power)
    knots = FITS[method](boxes)
    assert (np.diff(knots.raw) > 0).all()
    assert (np.diff(knots.calibrated) > 0).all()
    assert knots.raw[0] == 0
    assert knots.raw[-1] == 1
    assert knots.calibrated.min() >= 0
    assert knots.calibrated.max() <= 1


@pytest.mark.parametrize("fitted", [fit_isotonic, fit_temperature])
def test_equal_scores_and_all_right_or_all_wrong_are_fitted_too(fitted: Callable) -> None:
    for hits in (np.zeros(50, bool), np.ones(50, bool), np.arange(50) % 2 == 0):
        boxes = ScoredBoxes(scores=np.full(50, 0.4), hits=hits, groups=np.zeros(50, np.intp))
        assert (np.diff(fitted(boxes).calibrated) > 0).all()


@pytest.mark.parametrize("error", [equal_mass_error, equal_width_error])
def test_the_error_of_a_calibrated_sample_is_small(error: Callable) -> None:
    # 20,000 boxes in ten bins: a bin's share is off by sqrt(0.25 / 2000) = 0.011 at most.
    boxes = make_boxes(1, count=20_000, truth=lambda scores: scores)
    assert error(boxes.scores, boxes.hits) < 0.011


def test_the_errors_are_those_worked_out_by_hand() -> None:
    scores, hits = np.array([0.2, 0.4, 0.6, 0.8]), np.array([False, False, True, True])
    # Each detection is a bin of its own: (0.2 + 0.4 + 0.4 + 0.2) / 4.
    assert equal_mass_error(scores, hits) == pytest.approx(0.3)
    assert equal_width_error(scores, hits) == pytest.approx(0.3)
    # (0.04 + 0.16 + 0.16 + 0.04) / 4.
    assert brier_score(scores, hits) == pytest.approx(0.1)
    # One bin of width 0.1: mean score 0.55, half of them right.
    both = np.array([0.52, 0.58])
    assert equal_width_error(both, np.array([True, False])) == pytest.approx(0.05)


@pytest.mark.parametrize("method", list(CalibrationMethod))
def test_either_map_makes_a_detector_that_is_too_sure_honest(method: CalibrationMethod) -> None:
    boxes = make_boxes(2, count=4000, truth=too_sure)
    fresh = make_boxes(3, count=4000, truth=too_sure)
    mapped = apply_knots(FITS[method](boxes), fresh.scores)
    assert equal_mass_error(fresh.scores, fresh.hits) > 0.2
    assert equal_mass_error(mapped, fresh.hits) < 0.05


def test_the_map_with_the_least_brier_score_on_held_out_groups_is_taken() -> None:
    found = fit(make_boxes(4, count=1500, truth=too_sure))
    assert found.calibration is not None
    best = min(found.by_method, key=lambda method: found.by_method[method].brier)
    assert found.calibration.method is best
    assert found.calibration.ece < found.identity.ece
    assert found.detections == found.calibration.detections == 1500


def test_few_detections_keep_the_networks_own_scores() -> None:
    found = fit(make_boxes(5, count=99, truth=too_sure))
    assert found.calibration is None
    assert "99 detections are fewer than 100" in found.reason


def test_one_group_keeps_the_networks_own_scores() -> None:
    found = fit(make_boxes(5, count=500, groups=1, truth=too_sure))
    assert found.calibration is None
    assert "one group" in found.reason


@given(st.lists(st.integers(0, 9), min_size=10, max_size=60), st.integers(2, 5))
def test_a_group_lies_in_one_fold(groups: list[int], count: int) -> None:
    rows = np.array(groups, dtype=np.intp)
    folds = deal_folds(rows, count=count, rng=np.random.default_rng(0))
    for group in set(groups):
        assert len(set(folds[rows == group].tolist())) == 1
    if len(set(groups)) >= count:
        assert set(folds.tolist()) == set(range(count))


def test_only_photos_and_scores_from_a_twentieth_up_count(
    make_evaluation: Callable[..., Evaluation],
) -> None:
    results = make_evaluation(1, found_share=1.0, alarms=0.0, groups=2, boxes=3).pictures
    assert len(collect_boxes(results, "exposed_garbage").scores) == 6
    assert len(collect_boxes(results, "damaged_billboard").scores) == 0


def test_thresholds_move_along_with_the_scores_and_back(
    make_evaluation: Callable[..., Evaluation],
) -> None:
    results = make_evaluation(1, found_share=0.5, alarms=0.9, groups=30, boxes=4).pictures
    manifest = make_manifest()
    fits = fit_calibration(results, manifest.classes)
    calibrated = calibrate_manifest(manifest, fits)
    (one,) = calibrated.calibration.values()
    assert calibrated.min_confidence["exposed_garbage"] == pytest.approx(
        np.interp(0.6, one.raw, one.calibrated), abs=1e-4
    )
    assert calibrated.min_confidence["damaged_billboard"] == 0.3
    back = without_calibration(calibrated)
    assert back.calibration == {}
    assert back.min_confidence["exposed_garbage"] == pytest.approx(0.6, abs=0.02)


def test_averaged_scores_have_maps_that_leave_the_others_and_the_thresholds_alone(
    make_evaluation: Callable[..., Evaluation],
) -> None:
    results = make_evaluation(1, found_share=0.5, alarms=0.9, groups=30, boxes=4).pictures
    manifest = make_manifest()
    fits = fit_calibration(results, manifest.classes)
    averaging = calibrate_averages(manifest, (0.5, 1.0), fits)
    assert averaging.street_ratios == (0.5, 1.0)
    assert set(averaging.street_calibration) == {"exposed_garbage"}
    assert averaging.calibration == {}
    assert averaging.min_confidence == manifest.min_confidence
    assert parse_manifest(format_manifest(averaging)) == averaging
    back = without_calibration(averaging)
    assert (back.street_ratios, back.street_calibration) == ((), {})


def make_manifest() -> ModelManifest:
    classes = ("exposed_garbage", "damaged_billboard")
    return ModelManifest(
        name="m",
        version="1",
        classes=classes,
        input_size_px=64,
        gsd_range_m=dict.fromkeys(classes, (0.02, 0.05)),
        street_long_side_px=128,
        min_confidence={"exposed_garbage": 0.6, "damaged_billboard": 0.3},
        weights_sha256="0" * 64,
        licence="x",
        data="x",
        metrics={},
    )
