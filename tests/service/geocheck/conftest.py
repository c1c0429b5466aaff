"""A camera that looks straight down from 50 m, so that a pixel is where it seems to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from inference.geometry.view import View
from service.geocheck.photo_views import PhotoSource, PhotoViews, read_photo_views
from service.geocheck.true_point import TruePoint
from service.inspecting.progress import SilentReporter

# As the photos of tests/service/conftest.py are.
WIDTH_PX, HEIGHT_PX, HEIGHT_M = 600, 450, 50.0
LATITUDE_DEG, LONGITUDE_DEG = 30.25, 120.15
NORTH_M_PER_DEGREE = 110_855.0  # of the meridian at 30.25 degrees on WGS 84
EAST_M_PER_DEGREE = 96_241.0  # of the parallel


@dataclass(frozen=True)
class NadirScene:
    """The folder of photos of the scene, and what points in it look like."""

    folder: Path
    views: PhotoViews

    def point(
        self,
        *,
        photo: str = "DJI_0.JPG",
        east_m: float = 0.0,
        north_m: float = 0.0,
        error_m: tuple[float, float] = (0.0, 0.0),
        **others: object,
    ) -> TruePoint:
        """Return a point whose pixel is at a place below the camera and its truth elsewhere.

        Args:
            photo: As the truth names it.
            east_m: Of what the pixel shows.
            north_m: Likewise.
            error_m: East and north of that from the truth.
            others: Attributes of the point that differ.
        """
        view = self.views.photos["DJI_0.JPG"].stated
        assert isinstance(view, View)
        focal_px = view.camera.fx  # what EXIF's 24 mm stand for is tested with the cameras
        values: Mapping[str, object] = {
            "line": 2,
            "photo": photo,
            "column_px": (WIDTH_PX - 1) / 2 + east_m / HEIGHT_M * focal_px,
            "row_px": (HEIGHT_PX - 1) / 2 - north_m / HEIGHT_M * focal_px,
            "latitude_deg": LATITUDE_DEG + (north_m - error_m[1]) / NORTH_M_PER_DEGREE,
            "longitude_deg": LONGITUDE_DEG + (east_m - error_m[0]) / EAST_M_PER_DEGREE,
        }
        return TruePoint(**{**values, **others})  # type: ignore[arg-type]  # attributes by name


@pytest.fixture
def scene(tmp_path: Path, write_drone_photo: Callable[..., Path]) -> NadirScene:
    """Return two photos and what is no photo, read without refinement."""
    folder = tmp_path / "photos"
    for number in range(2):
        write_drone_photo(folder / f"DJI_{number}.JPG", number=number)
    write_drone_photo(folder / "no_pose.JPG", number=2, with_xmp=False)
    (folder / "broken.JPG").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    source = PhotoSource(paths=(folder,), refine=False, workers=1)
    views = read_photo_views(source, reporter=SilentReporter())
    return NadirScene(folder=folder, views=views)
