from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from inference.detection.detect import DetectSettings
from inference.merging.flights import FlightPhoto
from inference.pipeline import conclude, detect_objects, detection_settings_hash, plan_flights
from inference.reading.metadata import Attitude, Band, Lens, PhotoKind, PhotoMetadata
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement
from models.detector import Detections, Image
from models.manifest import ModelManifest

MANIFEST = ModelManifest(
    name="fake",
    version="1",
    classes=("exposed_garbage",),
    input_size_px=320,
    gsd_range_m={"exposed_garbage": (0.01, 1.0)},
    street_long_side_px=320,
    min_confidence={"exposed_garbage": 0.5},
    weights_sha256="0" * 64,
    licence="none",
    data="none",
    metrics={},
)
SETTINGS = DetectSettings(min_confidence=(("exposed_garbage", 0.5),))


class FakeDetector:
    """Finds the bright part of a crop."""

    classes = MANIFEST.classes
    input_size_px = MANIFEST.input_size_px
    batch_size = 1

    def detect(self, crops: Sequence[Image], *, min_score: float) -> list[Detections]:
        """Return one box a crop."""
        found = []
        for crop in (crops[index] for index in range(len(crops))):
            rows, columns = np.nonzero(crop.min(axis=2) > 200)
            box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            found.append(
                Detections(
                    boxes=np.array([box], dtype=np.float32),
                    scores=np.array([0.87654], dtype=np.float32),
                    class_ids=np.zeros(1, dtype=np.int32),
                )
            )
        return found


def detect(pixels: Image, orientation: int) -> tuple[Detection, ...]:
    return detect_objects(
        pixels,
        photo_sha256="a",
        orientation=orientation,
        gsd_m=0.05,
        detector=FakeDetector(),
        manifest=MANIFEST,
        settings=SETTINGS,
    )


def make_photo(sha256: str, *, east_m: float, relative_altitude_m: float | None) -> FlightPhoto:
    metadata = PhotoMetadata(
        width_px=600,
        height_px=450,
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        captured_at=datetime(2026, 5, 4, tzinfo=UTC) + timedelta(seconds=east_m),
        latitude_deg=0.0,
        longitude_deg=100.0 + east_m / 111_319.49,  # metres of a degree along the equator
        relative_altitude_m=relative_altitude_m,
        attitude=Attitude(yaw_deg=0.0, pitch_deg=-90.0, roll_deg=0.0, source="dji_gimbal"),
        lens=Lens(focal_length_35mm=24.0),
    )
    return FlightPhoto(sha256=sha256, metadata=metadata, folder="")


def make_detection(photo: str, box: tuple[float, float, float, float]) -> Detection:
    appearance = np.array([1.0, 0.0], dtype=np.float32)
    return Detection(
        id=f"of {photo}", photo_sha256=photo, class_name="exposed_garbage", confidence=0.8,
        box_photo=box, appearance=appearance,
    )  # fmt: skip


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_in_the_pixels_of_the_photo_as_stored(orientation: int) -> None:
    pixels = np.full((200, 300, 3), 50, dtype=np.uint8)
    pixels[40:70, 110:160] = 255
    (found,) = detect(pixels, orientation)
    assert found.box_photo == (110.0, 40.0, 160.0, 70.0)
    assert found.confidence == 0.8765


def test_all_that_decides_what_is_found_is_in_the_settings_hash() -> None:
    others = [
        replace(SETTINGS, min_confidence=(("exposed_garbage", 0.4),)),
        replace(SETTINGS, tile_overlap=0.3),
        replace(SETTINGS, precision="bf16"),
    ]
    manifests = [
        MANIFEST,
        replace(MANIFEST, gsd_range_m={"exposed_garbage": (0.02, 0.05)}),
        replace(MANIFEST, street_long_side_px=MANIFEST.street_long_side_px * 2),
        replace(MANIFEST, street_ratios=(1.0, 2.0)),
    ]
    hashes = {detection_settings_hash(one, MANIFEST) for one in [SETTINGS, *others]}
    hashes |= {detection_settings_hash(SETTINGS, manifest) for manifest in manifests}
    assert len(hashes) == 7


def test_two_views_of_one_place_become_one_issue_and_an_unplaced_one_stays_apart() -> None:
    # 400 px of focal length at 40 m: 0.1 m a pixel. 10 m to the east is 100 px to the left.
    photos = [
        make_photo("a", east_m=0.0, relative_altitude_m=40.0),
        make_photo("b", east_m=10.0, relative_altitude_m=40.0),
        make_photo("c", east_m=20.0, relative_altitude_m=None),
    ]
    detections = {
        "a": [make_detection("a", (290.0, 215.0, 310.0, 235.0))],
        "b": [make_detection("b", (190.0, 215.0, 210.0, 235.0))],
        "c": [make_detection("c", (90.0, 215.0, 110.0, 235.0))],
    }
    plans = plan_flights(photos, ground=None)
    concluded = conclude(plans, detections, permits=[], grids=[])
    assert [len(flight.photos) for flight in concluded.flights] == [3]
    issues = {issue.observation_count: issue for issue in concluded.issues}
    assert set(issues) == {1, 2}
    assert isinstance(issues[2].position, Placement)
    assert isinstance(issues[1].position, NotPlaced)
    assert issues[1].position.code is ReasonCode.NO_HEIGHT
    assert abs(issues[2].position.longitude_deg - 100.0) * 111_319.49 < 0.2
    footprint = concluded.footprints["c"]
    assert isinstance(footprint, NotPlaced)


def test_the_order_of_photos_changes_nothing() -> None:
    photos = [
        make_photo(name, east_m=float(10 * number), relative_altitude_m=40.0)
        for number, name in enumerate("abc")
    ]
    detections = {name: [make_detection(name, (90.0, 90.0, 110.0, 110.0))] for name in "abc"}
    first, second = (
        conclude(plan_flights(order, ground=None), detections, permits=[], grids=[])
        for order in (photos, photos[::-1])
    )
    assert [(issue.id, issue.flight_ids) for issue in first.issues] == [
        (issue.id, issue.flight_ids) for issue in second.issues
    ]
