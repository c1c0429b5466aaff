"""Inspects photos with a stand-in for the model; as a script, so that tests can kill it.

Usage: stand_in_inspection.py OUT WORKERS MOMENT PATH...

MOMENT is when it dies by SIGKILL: `step:4` once four files and photos are done and stored,
`rename:2` just before the second file of results is put in its place, `never:0` not at all.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.detector import Detections, Image
from models.manifest import ModelManifest
from service.inspecting.inspect import inspect_photos
from service.inspecting.job import InspectModel, InspectOptions
from service.inspecting.progress import SilentReporter
from service.inspecting.result import InspectionResult

CLASSES = ("exposed_garbage", "damaged_billboard", "illegal_structure")
MANIFEST = ModelManifest(
    name="stand-in",
    version="1",
    classes=CLASSES,
    input_size_px=320,
    gsd_range_m=dict.fromkeys(CLASSES, (0.01, 1.0)),
    street_long_side_px=640,
    min_confidence=dict.fromkeys(CLASSES, 0.5),
    weights_sha256="5" * 64,
    licence="none",
    data="none",
    metrics={},
)


class BrightSpotDetector:
    """Takes what is nearly white for garbage."""

    classes = CLASSES
    input_size_px = MANIFEST.input_size_px
    batch_size = 4

    def __init__(self) -> None:
        self.photos = 0

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        """Return one box a crop around all that is bright in it."""
        self.photos += 1
        return [find_bright_spot(crops[index]) for index in range(len(crops))]


class Death(SilentReporter):
    """Ends the process at the n-th step, or at the n-th file that is renamed."""

    def __init__(self, moment: str) -> None:
        self._kind, _, count = moment.partition(":")
        self._left = int(count)
        sys.addaudithook(self._hear)

    def step(self, *, found: int = 0) -> None:
        """Count a file or photo that is done."""
        self._count("step")

    def _hear(self, event: str, _: tuple[object, ...]) -> None:
        if event == "os.rename":
            self._count("rename")

    def _count(self, kind: str) -> None:
        self._left -= kind == self._kind
        if kind == self._kind and self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def find_bright_spot(crop: Image) -> Detections:
    rows, columns = np.nonzero(crop.min(axis=2) > 200)
    count = min(len(rows), 1)
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] if count else []
    return Detections(
        boxes=np.array(box, dtype=np.float32).reshape(count, 4),
        scores=np.full(count, 0.8, dtype=np.float32),
        class_ids=np.zeros(count, dtype=np.int32),
    )


def inspect_with_stand_in(
    options: InspectOptions,
    *,
    detector: BrightSpotDetector | None = None,
    reporter: SilentReporter | None = None,
) -> InspectionResult:
    model = InspectModel(manifest=MANIFEST, load=lambda _: detector or BrightSpotDetector())
    return inspect_photos(options, model=model, reporter=reporter or SilentReporter())


if __name__ == "__main__":
    out, workers, moment, *paths = sys.argv[1:]
    inspect_with_stand_in(
        InspectOptions(paths=tuple(map(Path, paths)), output=Path(out), workers=int(workers)),
        reporter=Death(moment),
    )
