"""The same head gives the same result: what decides what is found is in it."""

import dataclasses

import pytest

from models.calibration import Calibration, CalibrationMethod
from tests.training.evaluation.test_street_size import MANIFEST
from training.evaluation.evaluate import hash_search

MAP = Calibration(
    raw=(0.0, 1.0),
    calibrated=(0.0, 0.9),
    method=CalibrationMethod.ISOTONIC,
    detections=200,
    ece=0.02,
    brier=0.1,
)


@pytest.mark.parametrize(
    "change",
    [
        {"street_long_side_px": 416},
        {"input_size_px": 416},
        {"gsd_range_m": {"garbage": (0.01, 0.05)}},
        {"calibration": {"garbage": MAP}},
        {"street_ratios": (1.0, 2.0)},
    ],
)
def test_a_model_that_is_searched_or_calibrated_otherwise_is_evaluated_anew(
    change: dict[str, object],
) -> None:
    assert hash_search(dataclasses.replace(MANIFEST, **change)) != hash_search(MANIFEST)


def test_words_and_scores_do_not_matter() -> None:
    told = dataclasses.replace(MANIFEST, limits=("Not at night.",), metrics={"date": "2026"})
    assert hash_search(told) == hash_search(MANIFEST)
