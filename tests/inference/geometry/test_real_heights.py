"""Heights of real photos, where those are at hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.geometry.frames import EnuFrame, wgs84_to_enu
from inference.geometry.ground import read_ground
from inference.geometry.height_doubt import doubt_height
from inference.geometry.heights import plan_view
from inference.geometry.locate import locate
from inference.geometry.takeoff import plan_takeoff
from inference.geometry.uncertainty import full_covariance
from inference.geometry.view import View
from inference.reading.metadata import PhotoMetadata
from inference.reading.read_photo import read_photo_metadata
from inference.receipt import NotPlaced, ReasonCode
from inference.sighting import Detection, Placement

pytestmark = pytest.mark.shared


@pytest.fixture
def flights(shared_folder: Path) -> Path:
    return shared_folder / "photos" / "flights"


def read_flight(folder: Path, pattern: str) -> list[PhotoMetadata]:
    return [read_photo_metadata(path) for path in sorted(folder.glob(pattern))]


def place_pixel(view: View, x: float, y: float) -> Placement:
    place = locate(
        Detection(
            id="",
            photo_sha256="",
            class_name="exposed_garbage",
            confidence=1.0,
            box_photo=(x - 2.0, y - 2.0, x + 2.0, y + 2.0),
            appearance=np.zeros(1, dtype=np.float32),
        ),
        view,
    )
    assert isinstance(place, Placement)
    return place


@pytest.mark.parametrize(
    # What the rangefinder itself writes as LRFTargetAbsAlt.
    ("name", "target_m"),
    [("DJI_20220602143532_0191_T.JPG", 181.400)],
)
def test_ground_at_the_middle_is_where_the_rangefinder_says(
    flights: Path, name: str, target_m: float
) -> None:
    view = plan_view(read_photo_metadata(flights / "leipzig_h20t_thermal" / name))
    assert isinstance(view, View)
    middle = ((view.camera.width_px - 1) / 2, (view.camera.height_px - 1) / 2)
    assert place_pixel(view, *middle).height_m == pytest.approx(target_m, abs=0.5)


def test_without_its_laser_a_photo_is_doubted_or_its_ellipses_hold(flights: Path) -> None:
    metadatas = read_flight(flights / "leipzig_h20t_thermal", "*.JPG")
    hidden = [replace(metadata, laser_distance_m=None) for metadata in metadatas]
    takeoff = plan_takeoff(hidden, None)
    for metadata, without in zip(metadatas, hidden, strict=True):
        true, stated = plan_view(metadata), plan_view(without, None, takeoff)
        assert isinstance(true, View)
        assert isinstance(stated, View)
        held = [
            _holds(place_pixel(stated, x, y), place_pixel(true, x, y))
            for x in np.linspace(5.0, stated.camera.width_px - 6.0, 9)
            for y in np.linspace(5.0, stated.camera.height_px - 6.0, 7)
        ]
        assert doubt_height(stated) is not None or np.mean(held) >= 0.85


def _holds(place: Placement, truth: Placement) -> bool:
    frame = EnuFrame(latitude_deg=truth.latitude_deg, longitude_deg=truth.longitude_deg)
    offset = wgs84_to_enu(frame, [[place.latitude_deg, place.longitude_deg, 0.0]])[0, :2]
    squared = offset @ np.linalg.solve(full_covariance(place)[:2, :2], offset)
    return bool(squared < -2.0 * np.log(0.1))


@pytest.mark.parametrize(
    ("folder", "pattern", "model", "takeoff_m"),
    [
        # Camera heights of the flights' own reconstructions less the relative altitudes.
        ("brighton_beach", "*.JPG", "dsm_from_model_laz_0.5m.tif", 158.6),
        ("orthority_odm_p4rtk", "100*.tif", "dsm.tif", 86.6),
    ],
)
def test_takeoff_height_in_models_made_from_the_flight(
    flights: Path, folder: str, pattern: str, model: str, takeoff_m: float
) -> None:
    metadatas = read_flight(flights / folder, pattern)
    takeoff = plan_takeoff(metadatas, read_ground(flights / folder / model))
    assert takeoff is not None
    assert takeoff.ground_height_m == pytest.approx(takeoff_m, abs=0.5)


@pytest.mark.parametrize(
    ("folder", "photo", "model"),
    [
        ("openathena_skydio2_catalina", "skydio-catilina.jpg", "skydio-catilina-dem.tiff"),
        ("openathena_skydio_x2_ir", "S1008521.JPG", "S1008521.tiff"),
    ],
)
def test_skydio_photos_are_over_the_model_by_their_height_above_takeoff(
    flights: Path, folder: str, photo: str, model: str
) -> None:
    metadata = read_photo_metadata(flights / folder / photo)
    ground = read_ground(flights / folder / model)
    view = plan_view(metadata, ground, plan_takeoff([metadata], ground))
    assert isinstance(view, View)
    assert view.method == "ground_model_ray_cast"


def test_teal_does_not_say_from_where_its_altitude_counts(flights: Path) -> None:
    folder = flights / "openathena_teal2"
    metadata = read_photo_metadata(folder / "teal2_img_eo_00015.jpg")
    ground = read_ground(folder / "teal2.tiff")
    answer = plan_view(metadata, ground, plan_takeoff([metadata], ground))
    assert isinstance(answer, NotPlaced)
    assert answer.code is ReasonCode.HEIGHT_DATUM_UNKNOWN
