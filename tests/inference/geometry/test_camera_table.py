"""The table of cameras: every entry sound, sourced and in agreement with itself."""

import math

import pytest

from inference.errors import CameraTableError
from inference.geometry.camera_table import (
    TableCamera,
    find_table_camera,
    parse_camera_table,
    read_camera_table,
)
from inference.reading.metadata import Band, Lens, PhotoKind, PhotoMetadata

ENTRY = """
[[camera]]
makes = ["Maker"]
models = ["M1"]
name = "wide"
sensor_mm = [6.4, 4.8]
focal_mm = 4.8
size_px = [4000, 3000]
focal_sigma_ratio = 0.02
source = "Maker, M1 specifications (2020)"
"""

# 35 mm equivalents as the makers state them, in whole millimetres.
STATED_35MM = {
    "fc300s": 20,
    "fc330": 20,
    "fc1102": 25,
    "fc7203": 24,
    "fc3170": 24,
    "fc3411": 22,
    "fc3582": 24,
    "fc6310": 24,
    "fc6360": 40,
    "l1d-20c": 28,
    "l2d-20c": 24,
    "m3e": 24,
    "zh20": 24,
    "m30": 24,
}


def make_photo(size: tuple[int, int], focal_mm: float | None, model: str = "m1 ") -> PhotoMetadata:
    return PhotoMetadata(
        width_px=size[0],
        height_px=size[1],
        orientation=1,
        kind=PhotoKind.DRONE,
        band=Band.VISUAL,
        make="MAKER",
        model=model,
        lens=Lens(focal_length_mm=focal_mm),
    )


def aspect(size: tuple[float, float]) -> float:
    return size[0] / size[1]


@pytest.mark.parametrize(
    "camera", read_camera_table(), ids=lambda camera: f"{camera.models[0]}-{camera.name}"
)
def test_every_entry_is_plausible_and_sourced(camera: TableCamera) -> None:
    assert camera.makes
    assert camera.models
    # A title and a year at least.
    assert len(camera.source) > 40
    assert "(20" in camera.source
    assert 0.005 <= camera.focal_sigma_ratio <= 0.05
    width_mm, height_mm = camera.sensor_mm
    pitch_um = 1000.0 * width_mm / camera.size_px[0]
    assert 0.6 < pitch_um < 20.0
    # Square pixels.
    assert aspect(camera.sensor_mm) == pytest.approx(aspect(camera.size_px), rel=0.002)
    for focal_mm in camera.focal_mm:
        degrees = 2.0 * math.degrees(math.atan2(math.hypot(width_mm, height_mm) / 2.0, focal_mm))
        assert 20.0 < degrees < 100.0
    for size in camera.written_px:
        # Nothing is wider than the sensor in proportion: rows are cut, or columns.
        assert size != camera.size_px
        assert 1.0 < aspect(size) < 2.0


def test_no_photo_fits_two_entries() -> None:
    seen: set[tuple[str, str, tuple[int, int]]] = set()
    for camera in read_camera_table():
        for make in camera.makes:
            for model in camera.models:
                for size in (camera.size_px, *camera.written_px):
                    assert (make, model, size) not in seen
                    seen.add((make, model, size))


@pytest.mark.parametrize(("model", "stated"), STATED_35MM.items())
def test_entries_agree_with_the_stated_equivalents(model: str, stated: int) -> None:
    camera = next(camera for camera in read_camera_table() if model in camera.models)
    by_width, by_diagonal = camera.equivalents_35mm(None)
    # Half a millimetre of rounding, and 3 sigma of the lens.
    margin = 0.5 + 3.0 * camera.focal_sigma_ratio * stated
    assert min(abs(by_width - stated), abs(by_diagonal - stated)) <= margin


def test_a_camera_is_found_by_make_model_and_focal_length() -> None:
    (camera,) = parse_camera_table(ENTRY)
    assert camera.focal_px(None) == pytest.approx(3000.0)
    for size, focal_mm, found in [
        ((4000, 3000), 4.8, True),
        ((3000, 4000), 4.8, True),
        ((1000, 750), 4.7, True),  # rounded, and scaled down
        ((1000, 750), None, True),
        ((4000, 3000), 9.6, False),
    ]:
        assert (find_table_camera([camera], make_photo(size, focal_mm)) is camera) is found
    assert find_table_camera([camera], make_photo((4000, 3000), 4.8, model="M2")) is None


def test_of_two_cameras_the_size_tells_or_nothing_does() -> None:
    other = ENTRY.replace("[4000, 3000]", "[640, 480]")
    table = parse_camera_table(ENTRY + other)
    assert find_table_camera(table, make_photo((640, 480), None)) is table[1]
    assert find_table_camera(table, make_photo((320, 240), None)) is None


@pytest.mark.parametrize(
    ("text", "replacement"),
    [
        ('source = "Maker, M1 specifications (2020)"', ""),
        ('"Maker, M1 specifications (2020)"', '" "'),
        ("focal_mm = 4.8", "focal_mm = -4.8"),
        ("focal_mm = 4.8", "focal_mm = [4.8]"),
        ("[6.4, 4.8]", "[0.0, 4.8]"),
        ("[4000, 3000]", "[4000, 0]"),
        ("[4000, 3000]", '"large"'),
        ("[[camera]]", "[[camera"),
        ("[[camera]]", "[[lens]]"),
    ],
)
def test_a_damaged_table_says_so(text: str, replacement: str) -> None:
    with pytest.raises(CameraTableError):
        parse_camera_table(ENTRY.replace(text, replacement))
