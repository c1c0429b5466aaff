"""Workers that die: what they had begun is done by others, once in effect."""

import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.receipt import Outcome, ReasonCode
from service.deployment import Deployment
from service.store.engine import reading
from service.store.findings import read_findings
from service.store.flights import read_flight
from service.store.jobs import JobKind, JobState, list_jobs
from service.translations import Language, read_texts
from tests.service.inspecting.test_inspect_end_to_end import write_card
from tests.service.inspecting.test_inspect_video import (
    draw_frames,
    named_relative,
    write_srt,
    write_video,
)
from tests.service.worker.stand_in_worker import open_data, open_shop
from tests.service.worker.taken_in import (
    complete,
    declare,
    events,
    features,
    jobs_left,
    receipt,
    send_folder,
    work_off,
)

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[3]
WriteDronePhoto = Callable[..., Path]


def evidence(deployment: Deployment, flight_id: str) -> list[Any]:
    """Return the pictures of all findings; each has to be kept."""
    with reading(deployment.engine) as session:
        run_id = read_flight(session, flight_id).run_id or ""
        findings = read_findings(session, flight_id, run_id)
    pictures = [one for finding in findings for one in finding.record["evidence"]]  # type: ignore[union-attr]
    assert all(deployment.blobs.exists(one["sha256"]) for one in pictures)  # type: ignore[arg-type,call-overload,index]
    return sorted(pictures, key=str)


def told(deployment: Deployment, flight_id: str) -> Counter[str]:
    """Count what was told of photos and of the flight."""
    inspected = events(deployment, flight_id, "photo_inspected")
    counts = Counter(str(event.data["name"]) for event in inspected)
    counts["concluded"] = len(events(deployment, flight_id, "concluded"))
    return counts


def take_in(data: Path, card: Path) -> str:
    deployment = open_data(data)
    flight = declare(deployment, "f")
    send_folder(deployment, flight, card)
    complete(deployment, flight)
    deployment.close()
    return flight


def run_dying_workers(data: Path, manner: str) -> int:
    """Return how many workers have died before all was done."""
    command = [sys.executable, "-m", "tests.service.worker.dying_workers", str(data), manner]
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def test_wherever_workers_die_the_flight_comes_out_as_if_none_had(
    tmp_path: Path, write_drone_photo: WriteDronePhoto
) -> None:
    card = write_card(tmp_path / "card", write_drone_photo)
    write_video(card / "DCIM" / "DJI_0100.MP4", draw_frames())
    write_srt(card / "DCIM" / "DJI_0100.SRT", named_relative, step_s=0.1)
    with zipfile.ZipFile(card / "packed.zip", "w") as archive:
        for path in sorted((card / "DCIM" / "100MEDIA").iterdir())[:2]:
            archive.write(path, path.name)
            path.unlink()
    flight = take_in(tmp_path / "calm", card)
    assert take_in(tmp_path / "deadly", card) == flight
    calm = open_data(tmp_path / "calm")
    work_off(open_shop(calm))
    assert run_dying_workers(tmp_path / "deadly", "moments") >= 5
    deadly = open_data(tmp_path / "deadly")
    assert jobs_left(deadly) == 0
    assert features(deadly, flight) == features(calm, flight) != []
    assert receipt(deadly, flight) == receipt(calm, flight)
    assert evidence(deadly, flight) == evidence(calm, flight) != []
    assert told(deadly, flight) == told(calm, flight)
    calm.close()
    deadly.close()


def write_poison(path: Path, source: Path) -> None:
    """Write a photo at which a poisoned detector ends its process."""
    with Image.open(source) as picture:
        pixels, exif = np.array(picture), picture.getexif()
        cv2.rectangle(pixels, (0, 0), (40, 40), (0, 0, 255), -1)
        Image.fromarray(pixels).save(path, "JPEG", quality=95, exif=exif)


def test_a_photo_that_kills_each_worker_is_given_up_and_told_and_the_rest_goes_on(
    tmp_path: Path, write_drone_photo: WriteDronePhoto
) -> None:
    card = write_card(tmp_path / "card", write_drone_photo)
    take_in(tmp_path / "calm", card)
    calm = open_data(tmp_path / "calm")
    work_off(open_shop(calm))
    poison = card / "edited" / "poison.jpg"
    write_poison(poison, card / "edited" / "stripped.jpg")
    flight = take_in(tmp_path / "data", card)
    deaths = run_dying_workers(tmp_path / "data", "poison")
    deployment = open_data(tmp_path / "data")
    with reading(deployment.engine) as session:
        (failed,) = list_jobs(session, state=JobState.FAILED)
    assert (failed.kind, failed.code, failed.attempt) == (JobKind.INSPECT, "worker_lost", deaths)
    assert jobs_left(deployment) == 0
    lines = receipt(deployment, flight)
    poisoned = lines.pop("edited/poison.jpg")
    assert poisoned.outcome is Outcome.REJECTED
    reason = poisoned.reasons[0]
    assert reason.code is ReasonCode.INSPECTION_FAILED
    assert reason.detail == f"inspect: its worker died {deaths} times"
    for language in Language:
        assert read_texts(language).reasons[reason.code].advice
    assert lines == receipt(calm, flight)
    assert features(deployment, flight) == features(calm, flight) != []
    calm.close()
    deployment.close()
