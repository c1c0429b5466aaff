"""From the score that a network gives to how often boxes of that score are right.

The map is piecewise linear, whatever it was fitted with, so that a manifest holds a few numbers
that a person can read and nothing that has to be run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from models.detector import Detections, Detector, Image
from models.suppression import select_detections

# A flat part would make boxes equal that the network tells apart, and suppression would then
# choose between them by their coordinates.
MIN_SLOPE = 1e-3
MAX_KNOTS = 64
# The network compares in float32: the floor asked of it is this much lower, and what comes in
# too many is left out after the map.
FLOOR_SLACK = 1e-6


class CalibrationMethod(StrEnum):
    """What a map was fitted with."""

    ISOTONIC = "isotonic"
    TEMPERATURE = "temperature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A rising map of one class's scores.

    Attributes:
        raw: Scores of the network, rising from 0 to 1.
        calibrated: What each of them is worth, 0 to 1; linear in between.
        detections: That it was fitted on.
        ece: Expected calibration error (10 bins of equal mass) on held-out groups.
        brier: Brier score on held-out groups.
    """

    raw: tuple[float, ...]
    calibrated: tuple[float, ...]
    method: CalibrationMethod
    detections: int
    ece: float
    brier: float

    def __post_init__(self) -> None:
        """Raise ValueError where the map does not rise, or leaves 0 to 1."""
        if not 2 <= len(self.raw) == len(self.calibrated) <= MAX_KNOTS:
            raise ValueError(f"{len(self.raw)} and {len(self.calibrated)} knots")
        if not all(map(isfinite, (*self.raw, *self.calibrated))):
            raise ValueError("a knot is no number")
        if self.raw[0] != 0 or self.raw[-1] != 1:
            raise ValueError(f"knots reach from {self.raw[0]} to {self.raw[-1]}, not from 0 to 1")
        if self.calibrated[0] < 0 or self.calibrated[-1] > 1:
            raise ValueError(f"scores of {self.calibrated[0]} to {self.calibrated[-1]}")
        run, rise = np.diff(self.raw), np.diff(self.calibrated)
        # Half the slope, since knots are rounded when they are written.
        if (run <= 0).any() or (rise < run * MIN_SLOPE / 2).any():
            raise ValueError("it does not rise everywhere")

    def apply(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the calibrated scores of raw ones."""
        return np.interp(scores, self.raw, self.calibrated).astype(np.float32)

    def raw_score(self, calibrated: float) -> float:
        """Return the lowest raw score that is worth this much; infinite where none is."""
        if calibrated <= self.calibrated[0]:
            return 0.0
        if calibrated > self.calibrated[-1]:
            return inf
        return float(np.interp(calibrated, self.calibrated, self.raw))


class CalibratedDetector:
    """A detector whose scores say how often such a box is right.

    Everything behind it, thresholds and suppression across tiles included, works with calibrated
    scores. Suppression within a crop has then been done on raw ones, with the same result: it
    compares boxes of one class only, and a class's map keeps their order. (Raw scores nearer to
    one another than about 1e-5 may become equal in float32 where a map is as flat as it may be.)
    """

    def __init__(self, detector: Detector, calibration: Mapping[str, Calibration]) -> None:
        self._detector = detector
        self._calibration = calibration
        self._maps = [calibration.get(name) for name in detector.classes]

    @property
    def classes(self) -> tuple[str, ...]:
        """Names that class ids point into."""
        return self._detector.classes

    @property
    def input_size_px(self) -> int:
        """Side of the square crops that `detect` takes."""
        return self._detector.input_size_px

    @property
    def batch_size(self) -> int:
        """Crops that one call of the network takes; more are cut into batches, fewer padded."""
        return self._detector.batch_size

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        """Return one Detections a crop, in that crop's pixels and in the crops' order.

        Args:
            crops: Each (input_size_px, input_size_px, 3) uint8 BGR.
            min_score: Boxes whose calibrated score is below it are left out.
        """
        floors = [min_score if map_ is None else map_.raw_score(min_score) for map_ in self._maps]
        floor = min(floors, default=min_score) - FLOOR_SLACK
        found = self._detector.detect(crops, min_score=floor)
        return [self._calibrate(one, min_score=min_score) for one in found]

    def _calibrate(self, found: Detections, *, min_score: float) -> Detections:
        mapped = apply_maps(found, self._calibration, self.classes)
        return select_detections(mapped, mapped.scores >= min_score)


def apply_maps(
    found: Detections, calibration: Mapping[str, Calibration], classes: Sequence[str]
) -> Detections:
    """Return detections with the scores of each class on its map, best first.

    Args:
        found: Of any picture.
        calibration: By class; a class without keeps its scores.
        classes: That class ids point into.
    """
    if not calibration:
        return found
    scores = found.scores.copy()
    for class_id, name in enumerate(classes):
        rows = found.class_ids == class_id
        if name in calibration and rows.any():
            scores[rows] = calibration[name].apply(found.scores[rows])
    mapped = Detections(boxes=found.boxes, scores=scores, class_ids=found.class_ids)
    # Best first again: classes have maps of their own.
    return select_detections(mapped, np.argsort(-scores, kind="stable"))


def with_calibrated_scores(detector: Detector, calibration: Mapping[str, Calibration]) -> Detector:
    """Return the detector with its scores calibrated; itself where no class has a map."""
    return CalibratedDetector(detector, calibration) if calibration else detector
