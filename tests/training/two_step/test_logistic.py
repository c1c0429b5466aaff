"""The judge of states is a plain logistic regression."""

import numpy as np
import pytest
from scipy.special import expit

from training.errors import TrainingError
from training.two_step.logistic import fit_logistic


def test_without_ridge_the_log_odds_of_two_groups_are_found() -> None:
    # At x = 0, 1 of 4 is positive; at x = 1, 3 of 4: as many positives as negatives, so that
    # nothing is reweighed. The fit that goes through both has log-odds of -log 3 and log 3.
    features = np.array([[0.0]] * 4 + [[1.0]] * 4)
    positive = np.array([True, False, False, False, True, True, True, False])
    fitted = fit_logistic(features, positive, ridge=0.0)
    assert fitted.probability(np.array([[0.0], [1.0]])) == pytest.approx([0.25, 0.75], abs=1e-3)


def test_rare_positives_weigh_as_much_as_all_negatives() -> None:
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(-1, 1, (400, 1)), rng.normal(1, 1, (20, 1))])
    positive = np.arange(420) >= 400
    fitted = fit_logistic(features, positive)
    # Two bells of one width, equally likely: even odds in the middle between them.
    assert fitted.probability(np.array([[0.0]]))[0] == pytest.approx(0.5, abs=0.15)
    assert fitted.probability(np.array([[3.0]]))[0] > 0.9


def test_a_feature_that_never_changes_says_nothing() -> None:
    features = np.array([[7.0, 0.0], [7.0, 1.0]])
    fitted = fit_logistic(features, np.array([False, True]))
    low, high = fitted.probability(features)
    assert low < 0.5 < high
    assert low + high == pytest.approx(1)


def test_a_large_ridge_leaves_even_odds() -> None:
    features = np.array([[0.0], [1.0]])
    fitted = fit_logistic(features, np.array([False, True]), ridge=1e6)
    assert fitted.probability(features) == pytest.approx(expit([0, 0]), abs=1e-3)


def test_one_kind_alone_is_refused() -> None:
    with pytest.raises(TrainingError, match="all of one kind"):
        fit_logistic(np.zeros((3, 2)), np.array([True, True, True]))
    with pytest.raises(TrainingError, match="no numbers"):
        fit_logistic(np.array([[np.nan], [1.0]]), np.array([True, False]))
