"""Works with a stand-in for the model; as a script, so that tests can kill it.

Usage: stand_in_worker.py DATA DATABASE|- MANNER

MANNER: `calm` works; `poison` ends the process as a broken library would, whenever the detector
gets a picture whose first pixel is pure blue.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from types import ModuleType

from models.detector import Detections, Image
from service.access.secrets import Secret
from service.deployment import Deployment, open_deployment
from service.inspecting.job import InspectModel
from service.server_settings import ServerSettings
from service.worker.run import stopped_by_signals, work
from service.worker.workshop import Workshop, open_workshop

STAND_IN = Path(__file__).parents[1] / "inspecting" / "stand_in_inspection.py"


def load_stand_in() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stand_in_inspection", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def open_data(data: Path, database: str | None = None) -> Deployment:
    secret = None if database is None else Secret(database)
    # No reserve: what is free on the disk of whoever runs the tests is of no account.
    settings = ServerSettings(data=data, database=secret, privacy=False)
    return open_deployment(settings)


def open_shop(deployment: Deployment, detector: object | None = None) -> Workshop:
    stand_in = load_stand_in()
    model = InspectModel(
        manifest=stand_in.MANIFEST, load=lambda _: detector or stand_in.BrightSpotDetector()
    )
    return open_workshop(deployment, model)


class PoisonedDetector:
    """Ends the process at a picture that begins in blue."""

    def __init__(self) -> None:
        self._sound = load_stand_in().BrightSpotDetector()
        self.classes = self._sound.classes
        self.input_size_px = self._sound.input_size_px
        self.batch_size = self._sound.batch_size

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        first = crops[0][0, 0]
        if first[0] > 200 and first[1] < 60 and first[2] < 60:
            os._exit(139)
        found: list[Detections] = self._sound.detect(crops, min_score=min_score)
        return found


if __name__ == "__main__":
    folder, url, manner = sys.argv[1:]
    stop = Event()
    with stopped_by_signals(stop):
        opened = open_data(Path(folder), None if url == "-" else url)
        work(open_shop(opened, PoisonedDetector() if manner == "poison" else None), stop)
        opened.close()
