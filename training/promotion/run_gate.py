"""Run the gate: both models over the same pictures in one run, then the decision."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

import numpy as np

from datasets.picture_set import PictureSet, format_pictures
from models.detector import Detector
from models.openvino_detector import read_openvino_detector
from models.registry import RegisteredModel
from training.evaluation.evaluate import evaluate_split, select_split
from training.evaluation.result import Evaluation, Way
from training.evaluation.search import plan_search
from training.promotion.check import GateLimits, TileTimes
from training.promotion.gate import decide
from training.promotion.gate_report import GateReport

DEFAULT_SPLIT = "test"
MIN_TIMED_TURNS, MAX_TIMED_TURNS = 5, 100
TIMED_S = 5.0  # for both together
TIMED_MIN_SCORE = 0.25


def measure_tile_times(
    production: Detector, candidate: Detector, *, clock: Callable[[], float] = perf_counter
) -> TileTimes:
    """Return the milliseconds a tile of both, in turns; the least, since others only add to it."""
    rng = np.random.default_rng(0)
    detectors = (production, candidate)
    tiles = [
        rng.integers(0, 256, (one.input_size_px, one.input_size_px, 3), dtype=np.uint8)
        for one in detectors
    ]
    least_s = [np.inf, np.inf]
    begin_s = clock()
    for turn in range(MAX_TIMED_TURNS):
        for place, (detector, tile) in enumerate(zip(detectors, tiles, strict=True)):
            start_s = clock()
            detector.detect([tile], min_score=TIMED_MIN_SCORE)
            least_s[place] = min(least_s[place], clock() - start_s)
        if turn + 1 >= MIN_TIMED_TURNS and clock() - begin_s > TIMED_S:
            break
    return TileTimes(production_ms=float(least_s[0] * 1000), candidate_ms=float(least_s[1] * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRun:
    """How the gate is run.

    Attributes:
        split: Of the regression set.
        limits: See there.
        on_picture: Is called after each picture of either model.
        measure: Tells how long tiles of production and of the candidate take.
    """

    split: str = DEFAULT_SPLIT
    limits: GateLimits = field(default_factory=GateLimits)
    on_picture: Callable[[], None] = lambda: None
    measure: Callable[[Detector, Detector], TileTimes] = measure_tile_times


STANDARD_RUN = GateRun()


def run_gate(
    candidate: RegisteredModel,
    production: RegisteredModel,
    picture_set: PictureSet,
    *,
    at: datetime,
    how: GateRun = STANDARD_RUN,
) -> GateReport:
    """Return what the gate says of a candidate beside the model in force.

    Args:
        candidate: Checked; so is `production`.
        production: The model in force.
        picture_set: The regression set. Each picture's own hash is checked as it is read.
        at: For the report; with its zone.
        how: See there.

    Raises:
        TrainingError: The split is empty or none of its pictures can be read.
        ModelError: A model cannot be loaded.
    """
    detectors = [read_openvino_detector(model) for model in (production, candidate)]
    old, new = (
        _evaluate(model, detector, picture_set, how)
        for model, detector in zip((production, candidate), detectors, strict=True)
    )
    times = how.measure(detectors[0], detectors[1])
    return GateReport(
        candidate=candidate.manifest.id,
        candidate_sha256=candidate.manifest.weights_sha256,
        production=production.manifest.id,
        production_sha256=production.manifest.weights_sha256,
        set_name=picture_set.name,
        set_version=picture_set.version,
        set_sha256=frozen_set_sha256(picture_set, how.split),
        split=how.split,
        pictures=len(old.pictures),
        left_out=len(old.left_out),
        at=at,
        limits=how.limits,
        checks=decide(new, old, times=times, limits=how.limits),
    )


def frozen_set_sha256(picture_set: PictureSet, split: str) -> str:
    """Return the SHA-256 of all that is known of a split's pictures, their own hashes included."""
    lines = format_pictures(select_split(picture_set, split))
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def _evaluate(
    model: RegisteredModel, detector: Detector, picture_set: PictureSet, how: GateRun
) -> Evaluation:
    search = plan_search(detector, model.manifest, Way.TILED)
    return evaluate_split(
        picture_set, search, split=how.split, on_picture=lambda _: how.on_picture()
    )
