"""What is fixed about the models of this project: classes, scales and words for their cards."""

from datasets.taxonomy import CLASS_NAMES
from models.manifest import ModelManifest

INPUT_SIZE_PX = 640
# Pictures without a known scale were learned whole at this size.
STREET_LONG_SIDE_PX = 448
# Rendered tiles of 512 px with 1 to 4 cm a pixel are seen at 448 px in training.
TRAINING_SHRINK = 512 / STREET_LONG_SIDE_PX
GSD_RANGE_M = (0.01 * TRAINING_SHRINK, 0.04 * TRAINING_SHRINK)
# Sheds and boards are several metres wide: at the finest scale they would not fit into a tile.
LARGE_OBJECT_GSD_M = (0.02, 0.04 * TRAINING_SHRINK)

LICENCE = "AGPL-3.0-or-later"
DATA = (
    "Labelled street pictures (rubbish bins, bags, car frames), 18 drone tiles of informal "
    "housing, negatives, and rendered scenes; see CARD.md."
)


def plan_manifest(name: str, version: str) -> ModelManifest:
    """Return the manifest of a freshly trained model, before its thresholds and scores."""
    gsd_range_m = dict.fromkeys(CLASS_NAMES, LARGE_OBJECT_GSD_M)
    gsd_range_m["exposed_garbage"] = GSD_RANGE_M
    return ModelManifest(
        name=name,
        version=version,
        classes=CLASS_NAMES,
        input_size_px=INPUT_SIZE_PX,
        gsd_range_m=gsd_range_m,
        street_long_side_px=STREET_LONG_SIDE_PX,
        min_confidence=dict.fromkeys(CLASS_NAMES, 0.25),
        weights_sha256="0" * 64,
        licence=LICENCE,
        data=DATA,
        metrics={},
    )
