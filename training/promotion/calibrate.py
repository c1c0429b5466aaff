"""Fit how often boxes of a score are right, class by class, from what a model found on val.

Detections of 0.05 and more after suppression count, on photos where somebody looked for the
class; one is right if it matched a true box at IoU 0.5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from datasets.labelled_picture import Origin
from models.calibration import Calibration, CalibrationMethod
from models.manifest import ModelManifest
from training.evaluation.calibration_score import LOWEST_SCORE
from training.evaluation.result import PictureResult
from training.evaluation.score import group_class
from training.promotion.calibration_fit import FITS, Knots, apply_knots
from training.promotion.reliability import (
    ScoredBoxes,
    brier_score,
    equal_mass_error,
    equal_width_error,
    select_boxes,
)

# With fewer, cross-validation cannot tell a better map from chance. The class keeps the network's
# own scores: a map shared with other classes would be fitted on the frequent one, whose base rate
# is another.
MIN_DETECTIONS = 100
FOLDS = 5
THRESHOLD_DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOutError:
    """How far scores are from the shares of right boxes, on groups that the map has not seen.

    Attributes:
        ece: Over ten bins with equally many detections.
        ece_equal_width: Over ten bins of width 0.1.
        brier: Mean squared difference of score and being right.
    """

    ece: float
    ece_equal_width: float
    brier: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFit:
    """What was fitted for one class, or why nothing was.

    Attributes:
        identity: Of the network's own scores.
        by_method: Of each kind of map; empty where none was tried.
        calibration: The best of them; None where the network's own scores are kept.
        reason: Why so, in words.
    """

    class_name: str
    detections: int
    groups: int
    identity: HeldOutError | None
    by_method: Mapping[CalibrationMethod, HeldOutError]
    calibration: Calibration | None
    reason: str


def collect_boxes(results: Sequence[PictureResult], class_name: str) -> ScoredBoxes:
    """Return the detections of a class on photos where somebody looked for it."""
    photos = [one for one in results if one.picture.origin is Origin.PHOTO]
    matches = group_class(photos, class_name)
    kept = matches.scores >= LOWEST_SCORE
    return ScoredBoxes(
        scores=matches.scores[kept].astype(np.float64),
        hits=matches.hits[kept, 0],
        groups=matches.group_rows[kept],
    )


def fit_class(boxes: ScoredBoxes, class_name: str, *, rng: np.random.Generator) -> ClassFit:
    """Return the map of a class that is best on held-out groups.

    Args:
        boxes: With the network's own scores.
        class_name: For the record.
        rng: Deals the groups out to the folds.
    """
    groups = len(np.unique(boxes.groups))
    identity = _held_out_error(boxes, boxes.scores) if len(boxes.scores) else None
    refusal = _why_not(boxes, groups)
    if refusal is not None or identity is None:
        return ClassFit(
            class_name=class_name,
            detections=len(boxes.scores),
            groups=groups,
            identity=identity,
            by_method={},
            calibration=None,
            reason=refusal or "no detections",
        )
    folds = deal_folds(boxes.groups, count=min(FOLDS, groups), rng=rng)
    by_method = {
        method: _held_out_error(boxes, _predict_held_out(boxes, folds, method)) for method in FITS
    }
    best = min(by_method, key=lambda method: by_method[method].brier)
    better = by_method[best].brier < identity.brier
    calibration = _fit_all(boxes, best, by_method[best]) if better else None
    return ClassFit(
        class_name=class_name,
        detections=len(boxes.scores),
        groups=groups,
        identity=identity,
        by_method=by_method,
        calibration=calibration,
        reason=(
            f"{best} has the least Brier score on held-out groups"
            if better
            else "no map is better than the network's own scores on held-out groups"
        ),
    )


def fit_calibration(
    results: Sequence[PictureResult], classes: Sequence[str], *, seed: int = 0
) -> tuple[ClassFit, ...]:
    """Return the fit of each class.

    Args:
        results: What the model found with its own scores on pictures that it has not learned
            from.
        classes: Of the model.
        seed: Of the folds.
    """
    return tuple(
        fit_class(collect_boxes(results, name), name, rng=np.random.default_rng(seed))
        for name in classes
    )


def calibrate_manifest(manifest: ModelManifest, fits: Sequence[ClassFit]) -> ModelManifest:
    """Return the manifest with the maps in it, and its thresholds as scores on these maps.

    The boxes that reach a threshold stay the same.
    """
    calibration = {fit.class_name: fit.calibration for fit in fits if fit.calibration is not None}
    min_confidence = {
        name: _move_threshold(score, manifest.calibration.get(name), calibration.get(name))
        for name, score in manifest.min_confidence.items()
    }
    return replace(manifest, calibration=calibration, min_confidence=min_confidence)


def calibrate_averages(
    manifest: ModelManifest, street_ratios: tuple[float, ...], fits: Sequence[ClassFit]
) -> ModelManifest:
    """Return the manifest with these looks at street pictures, and maps of their averages.

    Its thresholds stay: averages are other scores, for which they are to be chosen anew.
    """
    maps = {fit.class_name: fit.calibration for fit in fits if fit.calibration is not None}
    return replace(manifest, street_ratios=street_ratios, street_calibration=maps)


def without_calibration(manifest: ModelManifest) -> ModelManifest:
    """Return the manifest with the network's own scores and single looks, as a fit needs them."""
    return calibrate_averages(calibrate_manifest(manifest, ()), (), ())


def deal_folds(
    groups: NDArray[np.intp], *, count: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return (N,) the fold of each detection; a group lies in one fold, folds are of like size."""
    names, sizes = np.unique(groups, return_counts=True)
    order = rng.permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of, filled = np.zeros(len(names), dtype=np.intp), np.zeros(count)
    for place in order:
        fold_of[place] = int(filled.argmin())
        filled[fold_of[place]] += sizes[place]
    return fold_of[np.searchsorted(names, groups)]


def _why_not(boxes: ScoredBoxes, groups: int) -> str | None:
    if len(boxes.scores) < MIN_DETECTIONS:
        return f"{len(boxes.scores)} detections are fewer than {MIN_DETECTIONS}: scores are kept"
    if groups < 2:
        return "one group of pictures cannot be cross-validated: scores are kept"
    if boxes.hits.all() or not boxes.hits.any():
        return "all detections are right, or none is: scores are kept"
    return None


def _predict_held_out(
    boxes: ScoredBoxes, folds: NDArray[np.intp], method: CalibrationMethod
) -> NDArray[np.float64]:
    """Return each detection's score on a map that was fitted without its fold."""
    predicted = np.empty_like(boxes.scores)
    for fold in np.unique(folds):
        knots = FITS[method](select_boxes(boxes, folds != fold))
        predicted[folds == fold] = apply_knots(knots, boxes.scores[folds == fold])
    return predicted


def _held_out_error(boxes: ScoredBoxes, predicted: NDArray[np.float64]) -> HeldOutError:
    return HeldOutError(
        ece=equal_mass_error(predicted, boxes.hits),
        ece_equal_width=equal_width_error(predicted, boxes.hits),
        brier=brier_score(predicted, boxes.hits),
    )


def _fit_all(boxes: ScoredBoxes, method: CalibrationMethod, error: HeldOutError) -> Calibration:
    knots: Knots = FITS[method](boxes)
    return Calibration(
        raw=tuple(round(float(value), 6) for value in knots.raw),
        calibrated=tuple(round(float(value), 6) for value in knots.calibrated),
        method=method,
        detections=len(boxes.scores),
        ece=round(error.ece, 4),
        brier=round(error.brier, 4),
    )


def _move_threshold(score: float, before: Calibration | None, after: Calibration | None) -> float:
    if before is None and after is None:
        return score
    raw = score if before is None else min(before.raw_score(score), 1.0)
    moved = raw if after is None else float(np.interp(raw, after.raw, after.calibrated))
    # Rounded down, so that a box just at the threshold stays in.
    scale = 10**THRESHOLD_DECIMALS
    return float(np.floor(moved * scale + 1e-6) / scale)
