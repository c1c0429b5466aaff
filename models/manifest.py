"""What is known of a model: the manifest beside its weights."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelManifest:
    """The identity, abilities and provenance of a model.

    Attributes:
        gsd_range_m: By class, smallest and largest ground sample distance of the training
            pictures in metres a pixel; photos finer than the smallest are scaled down to it.
        street_long_side_px: Longest side at which pictures without a known GSD were learned.
        min_confidence: By class, the score below which a box is not a finding.
        weights_sha256: Of the deployable weights.
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
