"""Whether a candidate may take the place of the model in force: a decision on values.

Both were run over the same frozen pictures. A drop that chance explains is none; a large one
counts whatever its interval, so that a class with few boxes is no way around the gate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from datasets.labelled_picture import Origin, View
from training.errors import TrainingError
from training.evaluation.bootstrap import ROUNDS, draw_groups
from training.evaluation.calibration_score import LOWEST_SCORE
from training.evaluation.result import Evaluation, PictureResult
from training.evaluation.score import group_class
from training.promotion.check import (
    Check,
    Difference,
    GateLimits,
    Quantity,
    TileTimes,
    Verdict,
)
from training.promotion.paired import (
    OneSide,
    alarm_rate,
    ap50,
    calibration_error,
    compare,
    count_negatives,
    recall,
)

SEED = 0


def decide(
    candidate: Evaluation,
    production: Evaluation,
    *,
    times: TileTimes,
    limits: GateLimits,
    rounds: int = ROUNDS,
) -> tuple[Check, ...]:
    """Return all checks; the candidate passes if none fails, see `passes`.

    Args:
        candidate: On the frozen set, with the scores as the model gives them.
        production: On the same pictures.
        times: Of both on this machine.
        limits: See there.
        rounds: Draws for the intervals.

    Raises:
        TrainingError: The evaluations are not of the same pictures, seen in the same way.
    """
    _check_same_pictures(candidate, production)
    checks: list[Check] = []
    for class_name in production.head.thresholds:
        if class_name in candidate.head.thresholds:
            checks += _judge_class(candidate, production, class_name, limits, rounds)
        else:
            reason = "the candidate does not know this class"
            checks.append(
                Check(
                    quantity=Quantity.KNOWN,
                    verdict=Verdict.FAILS,
                    reason=reason,
                    class_name=class_name,
                )
            )
    checks.append(judge_speed(times, limits))
    return (*judge_pictures(len(production.left_out), checks), *checks)


def judge_pictures(left_out: int, checks: Iterable[Check]) -> list[Check]:
    """Return failing checks where the set is no longer whole, or says nothing of any class.

    What vanished may be what the candidate is worse on; and a gate that nothing was asked of
    would let everything through.
    """
    reasons = []
    if left_out:
        reasons.append(f"{left_out} of the frozen set cannot be read; put them back")
    judged = (Quantity.AP50, Quantity.RECALL, Quantity.FALSE_ALARMS)
    if not any(check.quantity in judged and check.difference is not None for check in checks):
        reasons.append("nobody looked for any class that the model in force knows")
    return [
        Check(quantity=Quantity.PICTURES, verdict=Verdict.FAILS, reason=reason, count=left_out)
        for reason in reasons
    ]


def passes(checks: Iterable[Check]) -> bool:
    """Return whether no check fails."""
    return all(check.verdict is not Verdict.FAILS for check in checks)


def _judge_class(
    candidate: Evaluation, production: Evaluation, class_name: str, limits: GateLimits, rounds: int
) -> list[Check]:
    checks: list[Check] = []
    parts = {(one.picture.view, one.picture.origin) for one in production.pictures}
    for view, origin in sorted(parts):
        old, new = (
            _select(one, class_name, view=view, origin=origin) for one in (production, candidate)
        )
        if not old:
            continue
        pair = (_as_side(old, production, class_name), _as_side(new, candidate, class_name))
        part = f"{view} {origin}"
        found = _judge_part(pair, limits, is_real=origin is Origin.PHOTO, rounds=rounds)
        checks += [_name(check, part, class_name) for check in found]
    if not checks:
        reason = "nobody looked for it on any picture of the set"
        checks.append(
            Check(
                quantity=Quantity.AP50,
                verdict=Verdict.NOT_JUDGED,
                reason=reason,
                class_name=class_name,
            )
        )
    return checks


def _select(
    evaluation: Evaluation, class_name: str, *, view: View, origin: Origin
) -> list[PictureResult]:
    return [
        one
        for one in evaluation.pictures
        if (one.picture.view, one.picture.origin) == (view, origin)
        and class_name in one.picture.labelled_classes
    ]


def _as_side(results: Sequence[PictureResult], evaluation: Evaluation, class_name: str) -> OneSide:
    threshold = evaluation.head.thresholds[class_name]
    alarms, negatives = count_negatives(results, class_name, threshold=threshold)
    return OneSide(
        matches=group_class(results, class_name),
        threshold=threshold,
        alarms=alarms,
        negatives=negatives,
    )


def _judge_part(
    pair: tuple[OneSide, OneSide], limits: GateLimits, *, is_real: bool, rounds: int
) -> list[Check]:
    """Return the checks of one class on pictures of one kind; production comes first."""
    old, new = pair
    rng = np.random.default_rng(SEED)
    draws = draw_groups(len(old.matches.true_counts), rng=rng, rounds=rounds)
    checks = []
    groups = int((old.matches.true_counts > 0).sum())
    if old.matches.true_count:
        few = old.matches.true_count < limits.few_boxes or groups < limits.few_groups
        for quantity, figure in ((Quantity.AP50, ap50), (Quantity.RECALL, recall)):
            found = compare(figure(old), figure(new), draws, groups=groups, widen=few)
            checks.append(
                judge_drop(
                    quantity, found, limits, boxes=old.matches.true_count, groups=groups, few=few
                )
            )
    groups = int((old.negatives > 0).sum())
    if groups:
        few = groups < limits.few_groups
        found = compare(alarm_rate(old), alarm_rate(new), draws, groups=groups, widen=few)
        checks.append(
            judge_alarms(found, limits, pictures=int(old.negatives.sum()), groups=groups, few=few)
        )
    if is_real:
        detections = [int((side.matches.scores >= LOWEST_SCORE).sum()) for side in pair]
        groups = len(old.matches.true_counts)
        found = compare(
            calibration_error(old), calibration_error(new), draws, groups=groups, widen=False
        )
        checks.append(judge_calibration(found, limits, detections=min(detections), groups=groups))
    return checks


def judge_drop(
    quantity: Quantity,
    found: Difference,
    limits: GateLimits,
    *,
    boxes: int,
    groups: int,
    few: bool,
) -> Check:
    """Return whether AP50 or recall holds."""
    certain = found.high is not None and found.high < -limits.slack
    large = found.value <= -limits.max_drop
    if certain:
        reason = "drops by more than chance explains"
    elif large:
        reason = f"drops by {limits.max_drop} or more, which fails whatever the interval"
    elif found.value < -limits.slack:
        reason = "drops, and chance may be why"
    else:
        reason = "does not drop"
    return Check(
        quantity=quantity,
        verdict=Verdict.FAILS if certain or large else Verdict.HOLDS,
        reason=reason + (f"; {boxes} boxes in {groups} groups say little" if few else ""),
        difference=found,
        count=boxes,
        groups=groups,
        is_wide=few,
    )


def judge_alarms(
    found: Difference, limits: GateLimits, *, pictures: int, groups: int, few: bool
) -> Check:
    """Return whether false alarms on pictures without the class hold."""
    certain = found.low is not None and found.low > limits.alarm_slack
    large = found.value >= limits.max_alarm_rise
    if certain:
        reason = "rise by more than chance explains"
    elif large:
        reason = f"rise by {limits.max_alarm_rise} a picture or more, whatever the interval"
    elif found.value > limits.alarm_slack:
        reason = "rise, and chance may be why"
    else:
        reason = "do not rise"
    return Check(
        quantity=Quantity.FALSE_ALARMS,
        verdict=Verdict.FAILS if certain or large else Verdict.HOLDS,
        reason=reason + (f"; {pictures} pictures in {groups} groups say little" if few else ""),
        difference=found,
        count=pictures,
        groups=groups,
        is_wide=few,
    )


def judge_calibration(
    found: Difference, limits: GateLimits, *, detections: int, groups: int
) -> Check:
    """Return whether scores mean what they say: well enough, or no worse than production's."""
    if detections < limits.min_detections:
        return Check(
            quantity=Quantity.CALIBRATION,
            verdict=Verdict.NOT_JUDGED,
            reason=f"{detections} detections are fewer than {limits.min_detections}",
            count=detections,
            groups=groups,
        )
    good = found.candidate <= limits.max_ece
    worse = found.value > 0 and (found.low is None or found.low > 0)
    if good:
        reason = f"at most {limits.max_ece}"
    elif worse:
        reason = f"above {limits.max_ece}, and worse than production by more than chance explains"
    else:
        reason = f"above {limits.max_ece}, yet not certainly worse than production"
    return Check(
        quantity=Quantity.CALIBRATION,
        verdict=Verdict.FAILS if worse and not good else Verdict.HOLDS,
        reason=reason,
        difference=found,
        count=detections,
        groups=groups,
    )


def judge_speed(times: TileTimes, limits: GateLimits) -> Check:
    """Return whether a tile takes about as long as before."""
    longer_ms = times.candidate_ms - times.production_ms
    holds = (
        times.candidate_ms <= limits.max_time_ratio * times.production_ms
        or longer_ms <= limits.time_slack_ms
    )
    return Check(
        quantity=Quantity.SPEED,
        verdict=Verdict.HOLDS if holds else Verdict.FAILS,
        reason=f"milliseconds a tile; at most {limits.max_time_ratio} times production's",
        difference=Difference(
            production=times.production_ms, candidate=times.candidate_ms, low=None, high=None
        ),
    )


def _name(check: Check, part: str, class_name: str) -> Check:
    return replace(check, part=part, class_name=class_name)


def _check_same_pictures(candidate: Evaluation, production: Evaluation) -> None:
    for field in ("set_name", "set_version", "split", "way", "lowest_score", "precision"):
        new, old = (getattr(one.head, field) for one in (candidate, production))
        if new != old:
            raise TrainingError(f"the gate compares {field} {new!r} with {old!r}")
    new_paths, old_paths = (
        [one.picture.path for one in evaluation.pictures] for evaluation in (candidate, production)
    )
    if new_paths != old_paths:
        odd = sorted(set(new_paths) ^ set(old_paths))
        raise TrainingError(f"the gate compares other pictures: {', '.join(odd[:3]) or 'in order'}")
    if not old_paths:
        raise TrainingError("the regression set holds no picture that can be read")
