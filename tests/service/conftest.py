"""Photos that tests draw, and an inspection with a stand-in for the model."""

import dataclasses
import importlib.util
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import openvino
import pytest
from openvino import opset13
from PIL import Image, TiffImagePlugin

from models.manifest import ModelManifest
from models.registry import read_weights_sha256, write_manifest
from tests.service.databases import (  # noqa: F401  # fixtures for all rooms of the service
    empty_engine,
    empty_url,
    engine,
    postgres_server,
    url,
)

STAND_IN = Path(__file__).parent / "inspecting" / "stand_in_inspection.py"

# A camera with 24 mm equivalent focal length, looking straight down from 50 m.
WIDTH_PX, HEIGHT_PX = 600, 450
HEIGHT_M = 50.0
LATITUDE_DEG, LONGITUDE_DEG = 30.25, 120.15
METRES_PER_DEGREE = 111_320.0

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"
 drone-dji:AbsoluteAltitude="+70.00" drone-dji:RelativeAltitude="+{height:.2f}"
 drone-dji:GimbalYawDegree="0.00" drone-dji:GimbalPitchDegree="-90.00"
 drone-dji:GimbalRollDegree="0.00" drone-dji:FlightYawDegree="0.00"/></rdf:RDF></x:xmpmeta>"""


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty place for a bureau's models, in place of that of whoever runs the tests."""
    monkeypatch.setenv("SKYPATROL_MODELS", str(tmp_path / "own-models"))
    return tmp_path / "own-models"


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    """Return the module that inspects with a stand-in for the model."""
    spec = importlib.util.spec_from_file_location("stand_in_inspection", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def write_drone_photo() -> Callable[..., Path]:
    """Return a function that writes a photo as a drone does."""
    return _write_drone_photo


def _write_drone_photo(
    path: Path,
    *,
    number: int,
    east_m: float = 0.0,
    north_m: float = 0.0,
    spots_px: tuple[tuple[int, int], ...] = (),
    with_xmp: bool = True,
    zone: str | None = "+08:00",
) -> Path:
    """Write a photo of dark, rough ground with white squares of 24 px around `spots_px`.

    Args:
        path: Of the JPEG.
        number: Of the photo within its flight: two seconds apart, and another roughness.
        east_m: Of the camera, from the origin.
        north_m: Likewise.
        spots_px: Column and row of each square's middle.
        with_xmp: Without, height and attitude are unknown.
        zone: Of the camera's clock as it is told, or None.
    """
    pixels = np.random.default_rng(number).integers(40, 90, (HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    for column, row in spots_px:
        cv2.rectangle(pixels, (column - 12, row - 12), (column + 11, row + 11), (255,) * 3, -1)
    picture = Image.fromarray(pixels)
    path.parent.mkdir(parents=True, exist_ok=True)
    xmp = {"xmp": XMP.format(height=HEIGHT_M).encode()} if with_xmp else {}
    picture.save(path, "JPEG", quality=92, exif=_exif(number, east_m, north_m, zone), **xmp)
    return path


def _exif(number: int, east_m: float, north_m: float, zone: str | None) -> Image.Exif:
    taken = datetime(2026, 5, 4, 3, 2, 1) + timedelta(seconds=2 * number)
    latitude = LATITUDE_DEG + north_m / METRES_PER_DEGREE
    longitude = LONGITUDE_DEG + east_m / (METRES_PER_DEGREE * np.cos(np.radians(LATITUDE_DEG)))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "DJI", "FC9999", f"{taken:%Y:%m:%d %H:%M:%S}"
    exif.get_ifd(0x8769).update({0x9003: f"{taken:%Y:%m:%d %H:%M:%S}", 0xA405: 24})
    if zone is not None:
        exif.get_ifd(0x8769)[0x9011] = zone
    exif.get_ifd(0x8825).update(
        {1: "N", 2: _degrees_minutes_seconds(latitude), 3: "E",
         4: _degrees_minutes_seconds(longitude)}
    )  # fmt: skip
    return exif


def _degrees_minutes_seconds(degrees: float) -> tuple[TiffImagePlugin.IFDRational, ...]:
    seconds = round(degrees * 3600 * 10_000)
    return (
        TiffImagePlugin.IFDRational(seconds // 36_000_000, 1),
        TiffImagePlugin.IFDRational(seconds % 36_000_000 // 600_000, 1),
        TiffImagePlugin.IFDRational(seconds % 600_000, 10_000),
    )


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory, stand_in: ModuleType) -> Path:
    """Return the folder of a real, tiny model: bright cells of 32 px are garbage."""
    folder = tmp_path_factory.mktemp("model")
    openvino.save_model(_bright_cells_network(side_px=64, cell_px=32), folder / "model.xml")
    manifest: ModelManifest = dataclasses.replace(
        stand_in.MANIFEST,
        name="bright-cells",
        input_size_px=64,
        weights_sha256=read_weights_sha256(folder),
    )
    write_manifest(manifest, folder)
    return folder


def _bright_cells_network(*, side_px: int, cell_px: int) -> openvino.Model:
    """Return a network of four cells; the score of class 0 is how red a cell is, of others 0."""
    picture = opset13.parameter([-1, 3, side_px, side_px], np.float32)
    cell = [cell_px, cell_px]
    means = opset13.avg_pool(picture, cell, [0, 0], [0, 0], cell, exclude_pad=False)
    by_cell = opset13.reshape(means, np.array([0, 3, 4]), special_zero=True)
    red = opset13.gather(by_cell, np.array([0]), np.array(1))
    none = opset13.multiply(opset13.gather(by_cell, np.array([0, 0]), np.array(1)), np.float32(0))
    first = opset13.gather(by_cell, np.array([0, 0, 0, 0]), np.array(1))
    cells = np.array([[[16, 48, 16, 48], [16, 16, 48, 48], [32] * 4, [32] * 4]], dtype=np.float32)
    boxes = opset13.add(opset13.multiply(first, np.float32(0)), cells)
    return openvino.Model([opset13.concat([boxes, red, none], 1)], [picture])
