"""The pictures of finished inspections, as candidates for labelling."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from inference.receipt import Outcome
from inference.sighting import Detection
from service.errors import CannotStartError
from service.inspecting.folder import STORE_NAME
from service.inspecting.outputs import RECEIPT
from service.store.inspections import Run
from service.store.local_store import open_store
from training.selection import Candidate, ScoredBox

UNKNOWN_FLIGHT = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedPictures:
    """What one folder of results has to offer; names start with that of the folder."""

    run: Run
    candidates: tuple[Candidate, ...]


def read_inspected_pictures(folder: Path, *, reviewed: Collection[str]) -> InspectedPictures:
    """Return the pictures of the last run of an inspection.

    Args:
        folder: Output of `skypatrol inspect`.
        reviewed: SHA-256 of pictures that were reviewed already; they are passed over.

    Raises:
        CannotStartError: The folder holds no finished inspection.
    """
    if not (folder / STORE_NAME).is_file():
        raise CannotStartError(
            f"{folder} holds no results of skypatrol inspect; inspect picture sets first"
        )
    flights = _read_flights(folder / RECEIPT)
    with open_store(folder / STORE_NAME) as store:
        runs = store.read_runs()
        if not runs:
            raise CannotStartError(f"{folder}: no photo was inspected there")
        inspections = store.read_inspections(runs[-1].id)
        detections = store.read_detections(runs[-1].id)
    return InspectedPictures(
        run=runs[-1],
        candidates=tuple(
            Candidate(
                name=f"{folder.name}/{name}",
                group=f"{folder.name}/{flight}",
                boxes=tuple(map(_scored_box, detections.get(sha256, ()))),
            )
            for sha256, (name, flight) in flights.items()
            if sha256 not in reviewed
            and sha256 in inspections
            and inspections[sha256].outcome is not Outcome.REJECTED
        ),
    )


def _read_flights(receipt: Path) -> dict[str, tuple[str, str]]:
    """Return name and flight by SHA-256; of equal files the one that was used."""
    try:
        files = json.loads(receipt.read_text(encoding="utf-8"))["files"]
        return {
            str(file["sha256"]): (str(file["path"]), str(file["flight_id"] or UNKNOWN_FLIGHT))
            for file in files
            if file["sha256"] is not None and file["duplicate_of"] is None
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CannotStartError(
            f"{receipt} cannot be read: {error}; run skypatrol inspect to its end"
        ) from error


def _scored_box(detection: Detection) -> ScoredBox:
    return ScoredBox(
        class_name=detection.class_name,
        score=detection.confidence,
        look=detection.appearance,
    )
