"""A flight comes out of the service as `inspect` reads it from a folder."""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inference.receipt import Outcome, ReasonCode
from service.deployment import Deployment
from service.inspecting.geojson import issue_features
from service.inspecting.job import InspectOptions
from service.inspecting.result import InspectionResult
from tests.service.inspecting.stand_in_inspection import (
    BrightSpotDetector,
    inspect_with_stand_in,
)
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
    receipt,
    send,
    send_folder,
    work_off,
)

pytestmark = pytest.mark.slow

WriteDronePhoto = Callable[..., Path]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory, write_drone_photo: WriteDronePhoto) -> Path:
    """Return a card of photos, with a video and its flight data, and a folder to be packed."""
    folder = tmp_path_factory.mktemp("card")
    write_card(folder, write_drone_photo)
    write_video(folder / "DCIM" / "DJI_0100.MP4", draw_frames())
    write_srt(folder / "DCIM" / "DJI_0100.SRT", named_relative, step_s=0.1)
    packed = folder / "second.zip"  # a folder here, and an archive when it is sent
    write_drone_photo(packed / "DCIM" / "DJI_0007.JPG", number=7, east_m=10, spots_px=((220, 145),))
    write_drone_photo(packed / "DCIM" / "DJI_0008.JPG", number=8, east_m=30, spots_px=((60, 145),))
    (packed / "notes.txt").write_text("a note")
    return folder


@pytest.fixture(scope="module")
def inspected(card: Path, tmp_path_factory: pytest.TempPathFactory) -> InspectionResult:
    out = tmp_path_factory.mktemp("inspected") / "out"
    result: InspectionResult = inspect_with_stand_in(InspectOptions(paths=(card,), output=out))
    return result


@pytest.fixture(scope="module")
def records(inspected: InspectionResult) -> list[Any]:
    """Return what `inspect` writes of each issue, pictures left aside."""
    written = json.loads(json.dumps(issue_features(inspected, {})))
    kept = [
        {key: part for key, part in one["properties"].items() if key != "evidence"}
        | {"id": one["id"]}
        for one in written
    ]
    assert len(kept) >= 3
    return sorted(kept, key=lambda record: str(record["id"]))


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    opened = open_data(tmp_path / "data")
    yield opened
    opened.close()


def pack(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, path.relative_to(folder).as_posix())
    return archive


def as_sent(card: Path, folder: Path) -> Path:
    """Return the card as it is sent: its folder `second.zip` is a file."""
    sent = shutil.copytree(card, folder)
    packed = sent / "second.zip"
    archive = pack(packed, folder.with_suffix(".packed"))
    shutil.rmtree(packed)
    archive.rename(packed)
    return sent


@pytest.mark.parametrize("first", ["photos", "flight data"])
def test_photos_a_video_and_an_archive_come_out_as_from_a_folder(
    card: Path,
    inspected: InspectionResult,
    records: list[Any],
    deployment: Deployment,
    tmp_path: Path,
    first: str,
) -> None:
    sent = as_sent(card, tmp_path / "sent")
    flight = declare(deployment, "f")
    paths = sorted(path for path in sent.rglob("*") if path.is_file())
    shop = open_shop(deployment)
    if first == "flight data":
        paths.reverse()
        paths.sort(key=lambda path: path.suffix != ".SRT")
        send_folder(deployment, flight, sent, order=paths[:3])
        work_off(shop)  # the flight data was looked at alone
        assert receipt(deployment, flight)["DCIM/DJI_0100.SRT"].outcome is Outcome.REJECTED
        paths = paths[3:]
    send_folder(deployment, flight, sent, order=paths)
    complete(deployment, flight)
    work_off(shop)
    assert features(deployment, flight) == records
    lines = receipt(deployment, flight)
    for file in inspected.files:
        line = lines.pop(file.name)
        assert (line.name, line.outcome, line.reasons, line.duplicate_of) == (
            file.name,
            file.outcome,
            file.reasons,
            file.duplicate_of,
        )
    assert list(lines) == ["second.zip"]
    assert [reason.code for reason in lines["second.zip"].reasons] == [ReasonCode.ARCHIVE_UNPACKED]
    assert len(events(deployment, flight, "concluded")) == 1


def test_photos_are_told_as_they_are_inspected_before_all_are_there(
    card: Path, deployment: Deployment
) -> None:
    flight = declare(deployment, "f")
    send(deployment, flight, card / "DCIM/100MEDIA/DJI_0000.JPG", "DJI_0000.JPG")
    work_off(open_shop(deployment))
    (event,) = events(deployment, flight, "photo_inspected")
    assert event.data["name"] == "DJI_0000.JPG"
    (sighting,) = event.data["sightings"]  # type: ignore[misc]
    assert sighting["latitude"] == pytest.approx(30.25 + 10 / 111_320, abs=5e-6)  # type: ignore[index,call-overload]
    assert events(deployment, flight, "concluded") == []


def test_a_photo_that_comes_after_the_conclusion_counts_in_another_one(
    card: Path, records: list[Any], deployment: Deployment, tmp_path: Path
) -> None:
    sent = as_sent(card, tmp_path / "sent")
    late = sent / "DCIM/100MEDIA/DJI_0001.JPG"
    paths = sorted(path for path in sent.rglob("*") if path.is_file() and path != late)
    flight, shop = declare(deployment, "f"), open_shop(deployment)
    send_folder(deployment, flight, sent, order=paths)
    complete(deployment, flight)
    work_off(shop)
    assert features(deployment, flight) != records
    send_folder(deployment, flight, sent, order=[late])
    work_off(shop)
    assert features(deployment, flight) == records
    assert len(events(deployment, flight, "concluded")) == 2


def test_photos_of_two_flights_are_inspected_once_and_count_in_both(
    card: Path, deployment: Deployment
) -> None:
    detector = BrightSpotDetector()
    shop = open_shop(deployment, detector)
    flights = [declare(deployment, name) for name in ("first", "second")]
    batches = []
    for flight in flights:
        send_folder(deployment, flight, card / "DCIM" / "100MEDIA")
        complete(deployment, flight)
        work_off(shop)
        batches.append(detector.photos)
    assert batches[0] == batches[1] > 0
    first, second = (features(deployment, flight) for flight in flights)
    assert first == second != []
    for flight in flights:
        told = [event.data["name"] for event in events(deployment, flight, "photo_inspected")]
        assert sorted(told) == sorted(set(told))
        line = receipt(deployment, flight)["copy of DJI_0002.JPG"]
        assert line.duplicate_of == "DJI_0002.JPG"


def test_a_patrol_concludes_itself_when_it_has_been_quiet(
    card: Path, deployment: Deployment, tmp_path: Path
) -> None:
    photo = card / "edited" / "stripped.jpg"
    options = InspectOptions(paths=(photo,), output=tmp_path / "out")
    inspected = inspect_with_stand_in(options)
    patrol = declare(deployment, "p", conclude_when_quiet_s=0.3)
    send(deployment, patrol, photo, photo.name)
    work_off(open_shop(deployment))
    (finding,) = features(deployment, patrol)
    assert [finding["id"]] == [issue.id for issue in inspected.issues]
    assert len(events(deployment, patrol, "concluded")) == 1
