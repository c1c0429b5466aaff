from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.errors import TrainingError
from training.evaluation.result import Evaluation, LeftOut
from training.promotion.check import (
    Check,
    Difference,
    GateLimits,
    Quantity,
    TileTimes,
    Verdict,
)
from training.promotion.gate import (
    decide,
    judge_alarms,
    judge_calibration,
    judge_drop,
    judge_speed,
    passes,
)

MakeEvaluation = Callable[..., Evaluation]
LIMITS = GateLimits()
FEW_DRAWS = settings(max_examples=8)


def judge(
    candidate: Evaluation, production: Evaluation, *, candidate_ms: float = 40.0
) -> tuple[Check, ...]:
    return decide(
        candidate,
        production,
        times=TileTimes(production_ms=40.0, candidate_ms=candidate_ms),
        limits=LIMITS,
        rounds=50,
    )


def find(checks: tuple[Check, ...], quantity: Quantity) -> Check:
    return next(check for check in checks if check.quantity is quantity)


def difference(value: float, low: float | None, high: float | None) -> Difference:
    return Difference(production=0.5, candidate=0.5 + value, low=low, high=high)


@FEW_DRAWS
@given(
    seed=st.integers(0, 10_000),
    found_share=st.floats(0, 1),
    alarms=st.floats(0, 1),
    groups=st.integers(1, 15),
    boxes=st.integers(0, 8),
)
def test_a_model_never_loses_against_itself(
    make_evaluation: MakeEvaluation,
    seed: int,
    found_share: float,
    alarms: float,
    groups: int,
    boxes: int,
) -> None:
    same = make_evaluation(seed, found_share=found_share, alarms=alarms, groups=groups, boxes=boxes)
    assert passes(judge(same, same))


@FEW_DRAWS
@given(
    seed=st.integers(0, 10_000),
    found_share=st.floats(0.6, 1),
    groups=st.integers(1, 15),
    boxes=st.integers(4, 8),
)
def test_a_model_that_finds_nearly_nothing_never_passes(
    make_evaluation: MakeEvaluation, seed: int, found_share: float, groups: int, boxes: int
) -> None:
    good = make_evaluation(seed, found_share=found_share, groups=groups, boxes=boxes)
    blind = make_evaluation(seed, found_share=0.0, groups=groups, boxes=boxes)
    found = sum(box.hits[0] for one in good.pictures for box in one.found)
    if found >= 0.4 * groups * boxes:
        assert not passes(judge(blind, good))


@FEW_DRAWS
@given(seed=st.integers(0, 10_000), groups=st.integers(1, 15))
def test_a_model_that_cries_on_every_picture_never_passes(
    make_evaluation: MakeEvaluation, seed: int, groups: int
) -> None:
    quiet = make_evaluation(seed, found_share=0.8, alarms=0.0, groups=groups)
    loud = make_evaluation(seed, found_share=0.8, alarms=1.0, groups=groups)
    checks = judge(loud, quiet)
    assert find(checks, Quantity.FALSE_ALARMS).verdict is Verdict.FAILS


@FEW_DRAWS
@given(seed=st.integers(0, 10_000))
def test_a_better_model_passes(make_evaluation: MakeEvaluation, seed: int) -> None:
    weak = make_evaluation(seed, found_share=0.4, alarms=0.3, groups=14)
    strong = make_evaluation(seed + 1, found_share=1.0, alarms=0.0, groups=14)
    assert passes(judge(strong, weak))


def test_a_class_that_the_candidate_does_not_know_fails(make_evaluation: MakeEvaluation) -> None:
    old = make_evaluation(1, found_share=0.5)
    new = replace(old, head=replace(old.head, thresholds={"other": 0.5}))
    check = find(judge(new, old), Quantity.KNOWN)
    assert (check.verdict, check.class_name) == (Verdict.FAILS, "exposed_garbage")


def test_a_class_that_the_set_says_nothing_of_is_named_and_not_judged(
    make_evaluation: MakeEvaluation,
) -> None:
    both = make_evaluation(1, found_share=0.5)
    thresholds = {**both.head.thresholds, "illegal_structure": 0.5}
    both = replace(both, head=replace(both.head, thresholds=thresholds))
    checks = judge(both, both)
    named = [check for check in checks if check.class_name == "illegal_structure"]
    assert [check.verdict for check in named] == [Verdict.NOT_JUDGED]
    assert passes(checks)


def test_few_boxes_are_judged_by_a_wide_interval_and_said_so(
    make_evaluation: MakeEvaluation,
) -> None:
    old = make_evaluation(1, found_share=0.9, groups=3, boxes=4)
    new = make_evaluation(2, found_share=0.8, groups=3, boxes=4)
    check = find(judge(new, old), Quantity.AP50)
    assert check.is_wide
    assert "12 boxes in 3 groups say little" in check.reason


def test_one_group_has_no_interval(make_evaluation: MakeEvaluation) -> None:
    one = make_evaluation(1, found_share=0.9, groups=1)
    found = find(judge(one, one), Quantity.AP50).difference
    assert found is not None
    assert (found.low, found.high) == (None, None)


@pytest.mark.parametrize(
    ("production_ms", "candidate_ms", "holds"),
    [(40, 20, True), (40, 50, True), (40, 50.1, False), (0.2, 1.0, True)],
)
def test_a_tile_may_take_a_quarter_longer(
    production_ms: float, candidate_ms: float, holds: bool
) -> None:
    times = TileTimes(production_ms=production_ms, candidate_ms=candidate_ms)
    assert (judge_speed(times, LIMITS).verdict is Verdict.HOLDS) is holds


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (difference(-0.05, -0.08, -0.02), Verdict.FAILS),  # all of the interval is a drop
        (difference(-0.05, -0.12, 0.01), Verdict.HOLDS),  # chance may be why
        (difference(-0.004, -0.0045, -0.0035), Verdict.HOLDS),  # too small to matter
        (difference(-0.25, -0.6, 0.1), Verdict.FAILS),  # too large to blame chance
        (difference(-0.25, None, None), Verdict.FAILS),
        (difference(-0.1, None, None), Verdict.HOLDS),
        (difference(0.1, -0.1, 0.3), Verdict.HOLDS),
    ],
)
def test_a_drop_fails_beyond_its_interval_or_where_it_is_large(
    found: Difference, verdict: Verdict
) -> None:
    check = judge_drop(Quantity.AP50, found, LIMITS, boxes=100, groups=20, few=False)
    assert check.verdict is verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (difference(0.05, 0.02, 0.08), Verdict.FAILS),
        (difference(0.05, -0.01, 0.11), Verdict.HOLDS),
        (difference(0.25, -0.1, 0.6), Verdict.FAILS),
        (difference(-0.3, -0.4, -0.2), Verdict.HOLDS),
    ],
)
def test_false_alarms_fail_where_they_rise(found: Difference, verdict: Verdict) -> None:
    assert judge_alarms(found, LIMITS, pictures=100, groups=20, few=False).verdict is verdict


@pytest.mark.parametrize(
    ("production", "candidate", "low", "verdict"),
    [
        (0.01, 0.04, 0.01, Verdict.HOLDS),  # good enough
        (0.04, 0.09, 0.01, Verdict.FAILS),
        (0.04, 0.09, -0.01, Verdict.HOLDS),  # chance may be why
        (0.20, 0.15, -0.1, Verdict.HOLDS),  # better than what is in force
    ],
)
def test_calibration_is_good_enough_or_no_worse_than_before(
    production: float, candidate: float, low: float, verdict: Verdict
) -> None:
    found = Difference(production=production, candidate=candidate, low=low, high=0.2)
    assert judge_calibration(found, LIMITS, detections=100, groups=9).verdict is verdict
    unknown = judge_calibration(found, LIMITS, detections=99, groups=9)
    assert unknown.verdict is Verdict.NOT_JUDGED


@pytest.mark.parametrize("changes", [{"set_version": "2"}, {"split": "test"}])
def test_evaluations_of_different_sets_are_not_compared(
    make_evaluation: MakeEvaluation, changes: dict[str, str]
) -> None:
    old = make_evaluation(1, found_share=0.5)
    new = replace(old, head=replace(old.head, **changes))
    with pytest.raises(TrainingError, match="the gate compares"):
        judge(new, old)


def test_a_picture_that_one_of_them_left_out_is_named(make_evaluation: MakeEvaluation) -> None:
    old = make_evaluation(1, found_share=0.5)
    with pytest.raises(TrainingError, match=r"full0\.jpg"):
        judge(replace(old, pictures=old.pictures[1:]), old)
    with pytest.raises(TrainingError, match="no picture"):
        judge(replace(old, pictures=()), replace(old, pictures=()))


def test_a_set_that_lost_pictures_lets_nobody_through(make_evaluation: MakeEvaluation) -> None:
    whole = make_evaluation(1, found_share=0.5)
    assert passes(judge(whole, whole))
    less = replace(whole, left_out=(LeftOut(path="a.jpg", reason="gone"),))
    checks = judge(less, less)
    assert not passes(checks)
    assert "1 of the frozen set" in find(checks, Quantity.PICTURES).reason


def test_a_set_that_asks_nothing_lets_nobody_through(make_evaluation: MakeEvaluation) -> None:
    whole = make_evaluation(1, found_share=0.5)
    unasked = tuple(
        replace(one, picture=replace(one.picture, boxes=(), labelled_classes=()), found=())
        for one in whole.pictures
    )
    silent = replace(whole, pictures=unasked)
    checks = judge(silent, silent)
    assert not passes(checks)
    assert "nobody looked" in find(checks, Quantity.PICTURES).reason
