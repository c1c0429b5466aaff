"""What is known of a model: the manifest beside its weights."""

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field
from typing import Any

from models.calibration import Calibration, CalibrationMethod
from models.errors import ModelDamagedError

# They make up the name of a folder.
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
VERSION_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,31}")
# Both with a - between them.
ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,96}")
MAX_SIDE_PX = 32_768  # a crop of that side takes 13 GB
MAX_RATIOS, MAX_RATIO = 8, 8.0  # each look costs time; a ratio of 8 cuts 64 times the tiles
SHA256_PATTERN = re.compile(r"[0-9a-f]{64}")
TEXT_FIELDS = ("name", "version", "weights_sha256", "licence", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelManifest:
    """The identity, abilities and provenance of a model.

    Attributes:
        gsd_range_m: By class, smallest and largest ground sample distance of the training
            pictures in metres a pixel; photos finer than the smallest are scaled down to it.
        street_long_side_px: Longest side at which pictures without a known GSD were learned.
        street_ratios: Parts of that side at each of which such a picture is looked at twice, as
            it is and mirrored; what the looks find is averaged. Empty: it is looked at once, and
            once more twice as fine, and the best box of an object stays.
        min_confidence: By class, the score below which a box is not a finding; calibrated where
            the class is.
        weights_sha256: Of the deployable weights.
        trainable_sha256: Of the trainable form; None where there is none.
        calibration: By class; a class without keeps the network's own scores.
        street_calibration: By class, of averaged scores, each already calibrated.
        intended_use: What it may be used for, and what not.
        limits: What it is known not to do well.
        training: How it was made: hours, device, energy, seeds.
    """

    name: str
    version: str
    classes: tuple[str, ...]
    input_size_px: int
    gsd_range_m: Mapping[str, tuple[float, float]]
    street_long_side_px: int
    min_confidence: Mapping[str, float]
    weights_sha256: str
    licence: str
    data: str
    metrics: Mapping[str, object]
    trainable_sha256: str | None = None
    calibration: Mapping[str, Calibration] = field(default_factory=dict)
    street_ratios: tuple[float, ...] = ()
    street_calibration: Mapping[str, Calibration] = field(default_factory=dict)
    intended_use: str | None = None
    limits: tuple[str, ...] = ()
    training: Mapping[str, object] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name and version in one word, as its folder in a registry is called."""
        return f"{self.name}-{self.version}"


def parse_manifest(text: str) -> ModelManifest:
    """Return the manifest in a JSON text whose keys are the fields of `ModelManifest`.

    Raises:
        ModelDamagedError: It is no JSON, or a field is absent, unknown or of a wrong value.
    """
    try:
        table = json.loads(text)
        fields = dataclasses.fields(ModelManifest)
        known = {one.name for one in fields}
        needed = {
            one.name for one in fields if one.default is MISSING and one.default_factory is MISSING
        }
        if wrong := (set(table) - known) | (needed - set(table)):
            raise ValueError(f"fields absent or unknown: {sorted(wrong)}")
        manifest = _manifest_from(table)
        _check_manifest(manifest)
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ModelDamagedError(f"model manifest: {error}") from error
    return manifest


def format_manifest(manifest: ModelManifest) -> str:
    """Return the JSON text that `parse_manifest` takes."""
    return json.dumps(dataclasses.asdict(manifest), indent=2, ensure_ascii=False) + "\n"


def _manifest_from(table: Mapping[str, Any]) -> ModelManifest:  # Any: JSON, checked here
    wrong = [key for key in TEXT_FIELDS if not isinstance(table[key], str) or not table[key]]
    if wrong:
        raise ValueError(f"expected text that is not empty in {wrong}")
    return ModelManifest(
        **{key: table[key] for key in TEXT_FIELDS},
        classes=tuple(str(name) for name in table["classes"]),
        input_size_px=int(table["input_size_px"]),
        gsd_range_m={
            name: (float(smallest), float(largest))
            for name, (smallest, largest) in table["gsd_range_m"].items()
        },
        street_long_side_px=int(table["street_long_side_px"]),
        min_confidence={name: float(score) for name, score in table["min_confidence"].items()},
        metrics=dict(table["metrics"]),
        trainable_sha256=table.get("trainable_sha256"),
        calibration=_calibrations_from(table.get("calibration", {})),
        street_ratios=tuple(float(ratio) for ratio in table.get("street_ratios", ())),
        street_calibration=_calibrations_from(table.get("street_calibration", {})),
        intended_use=table.get("intended_use"),
        limits=tuple(str(limit) for limit in table.get("limits", ())),
        training=dict(table.get("training", {})),
    )


def _calibrations_from(table: Mapping[str, Any]) -> dict[str, Calibration]:  # Any: JSON
    return {name: _calibration_from(name, entry) for name, entry in table.items()}


def _calibration_from(class_name: str, entry: Mapping[str, Any]) -> Calibration:  # Any: JSON
    try:
        return Calibration(
            raw=tuple(float(knot) for knot in entry["raw"]),
            calibrated=tuple(float(knot) for knot in entry["calibrated"]),
            method=CalibrationMethod(entry["method"]),
            detections=int(entry["detections"]),
            ece=float(entry["ece"]),
            brier=float(entry["brier"]),
        )
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ValueError(f"calibration of {class_name}: {error!r}") from error


def _check_manifest(manifest: ModelManifest) -> None:
    if not NAME_PATTERN.fullmatch(manifest.name) or ".." in manifest.name:
        raise ValueError(f"name {manifest.name!r} is not letters, digits and . _ -")
    if not VERSION_PATTERN.fullmatch(manifest.version) or ".." in manifest.version:
        raise ValueError(f"version {manifest.version!r} is not letters, digits and . _ + -")
    if not manifest.classes or len(set(manifest.classes)) != len(manifest.classes):
        raise ValueError(f"classes are absent or named twice: {manifest.classes}")
    if manifest.trainable_sha256 is not None and not SHA256_PATTERN.fullmatch(
        manifest.trainable_sha256
    ):
        raise ValueError(f"trainable_sha256 is {manifest.trainable_sha256!r}")
    calibrated = set(manifest.calibration) | set(manifest.street_calibration)
    if unknown := calibrated - set(manifest.classes):
        raise ValueError(f"calibration is for unknown classes {sorted(unknown)}")
    _check_scores_and_sizes(manifest)


def _check_scores_and_sizes(manifest: ModelManifest) -> None:
    for name in ("gsd_range_m", "min_confidence"):
        if set(getattr(manifest, name)) != set(manifest.classes):
            raise ValueError(f"{name} is not for exactly the classes {manifest.classes}")
    for name, (smallest, largest) in manifest.gsd_range_m.items():
        if not 0 < smallest <= largest < float("inf"):
            raise ValueError(f"gsd_range_m of {name} is {smallest} to {largest}")
    for name, score in manifest.min_confidence.items():
        if not 0 <= score <= 1:
            raise ValueError(f"min_confidence of {name} is {score}")
    # The coarsest of the network's three grids has cells of 32 pixels.
    if not 0 < manifest.input_size_px <= MAX_SIDE_PX or manifest.input_size_px % 32:
        raise ValueError(
            f"input_size_px is {manifest.input_size_px:.9g}, no multiple of 32 up to {MAX_SIDE_PX}"
        )
    if not 0 < manifest.street_long_side_px <= MAX_SIDE_PX:
        raise ValueError(f"street_long_side_px is {manifest.street_long_side_px}")
    ratios = manifest.street_ratios
    if len(ratios) > MAX_RATIOS or not all(0 < ratio <= MAX_RATIO for ratio in ratios):
        raise ValueError(f"street_ratios are {ratios}")
    if manifest.street_calibration and not ratios:
        raise ValueError("street_calibration is for averaged scores, and street_ratios are absent")
