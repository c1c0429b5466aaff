"""Works with a stand-in for the model; as a script, so that tests can kill it.

Usage: python -m tests.service.worker.stand_in_worker DATA DATABASE|- MANNER

MANNER: `calm` works; `slow` takes its time, so that others get some of the work; `poison` ends the
process as a broken library would, whenever the detector gets a picture whose first pixel is blue.
"""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from models.detector import Detections, Detector, Image
from service.access.secrets import Secret
from service.deployment import Deployment, open_deployment
from service.inspecting.job import InspectModel
from service.server_settings import Limits, ServerSettings
from service.worker.run import stopped_by_signals, work
from service.worker.workshop import Workshop, open_workshop
from tests.service.inspecting.stand_in_inspection import CLASSES, MANIFEST, BrightSpotDetector


def open_data(data: Path, database: str | None = None, **settings: Any) -> Deployment:
    secret = None if database is None else Secret(database)
    # No reserve: what is free on the disk of whoever runs the tests is of no account.
    standard = ServerSettings(
        data=data, database=secret, privacy=False, limits=Limits(reserve_bytes=0)
    )
    return open_deployment(replace(standard, **settings))


def open_shop(deployment: Deployment, detector: Detector | None = None) -> Workshop:
    model = InspectModel(manifest=MANIFEST, load=lambda _: detector or BrightSpotDetector())
    return open_workshop(deployment, model)


class PoisonedDetector:
    """Ends the process at a picture that begins in blue."""

    classes = CLASSES
    input_size_px = MANIFEST.input_size_px
    batch_size = 4

    def __init__(self) -> None:
        self._sound = BrightSpotDetector()

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        first = crops[0][0, 0]
        if first[0] > 200 and first[1] < 60 and first[2] < 60:
            os._exit(139)
        return self._sound.detect(crops, min_score=min_score)


class SlowDetector(BrightSpotDetector):
    """Takes a quarter of a second for some tiles."""

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        time.sleep(0.25)
        return super().detect(crops, min_score=min_score)


DETECTORS: dict[str, type[Detector]] = {
    "calm": BrightSpotDetector,
    "slow": SlowDetector,
    "poison": PoisonedDetector,
}

if __name__ == "__main__":
    folder, url, manner = sys.argv[1:]
    stop = Event()
    with stopped_by_signals(stop):
        opened = open_data(Path(folder), None if url == "-" else url)
        work(open_shop(opened, DETECTORS[manner]()), stop)
        opened.close()
