"""Heights from rasters, and rays that meet them."""

import math
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import Transformer
from rasterio.transform import from_origin
from rasterio.windows import Window

from inference.errors import InferenceError
from inference.geometry.frames import EnuFrame, enu_to_wgs84
from inference.geometry.ground import FlatGround, RasterGround, read_ground
from inference.geometry.surface import FlatSurface

FRAME = EnuFrame(latitude_deg=30.0, longitude_deg=120.5)
HUNDRED_METRES = (-100.0, -100.0, 100.0, 100.0)


def write_raster(
    path: Path, heights: np.ndarray, *, crs: str, left: float, top: float, cell: float, **options
) -> RasterGround:
    with rasterio.open(
        path, "w", driver="GTiff", width=heights.shape[1], height=heights.shape[0], count=1,
        dtype="float32", crs=crs, transform=from_origin(left, top, cell, cell), nodata=-9999.0,
        **options,
    ) as file:  # fmt: skip
        file.write(heights.astype(np.float32), 1)
    return read_ground(path)


def make_utm_ground(path: Path, height_of, *, cell: float = 1.0, half: int = 200) -> RasterGround:
    """A raster on UTM zone 51 whose heights are a function of grid east and north from FRAME."""
    x, y = Transformer.from_crs(4326, 32651, always_xy=True).transform(120.5, 30.0)
    centres = (np.arange(2 * half) + 0.5 - half) * cell
    east, north = np.meshgrid(centres, -centres)
    heights = height_of(east, north)
    left, top = x - half * cell, y + half * cell
    return write_raster(path, heights, crs="EPSG:32651", left=left, top=top, cell=cell)


def ray(depression_deg: float, azimuth_deg: float = 0.0) -> np.ndarray:
    down, turn = math.radians(depression_deg), math.radians(azimuth_deg)
    return np.array(
        [math.cos(down) * math.sin(turn), math.cos(down) * math.cos(turn), -math.sin(down)]
    )


def cast_one(surface, origin, direction, max_range_m: float = 1000.0) -> float:
    return float(
        surface.cast(np.array([origin]), np.array([direction]), max_range_m=max_range_m)[0]
    )


@pytest.mark.parametrize("unknown", [-9998.0, 1e30, math.inf])
def test_heights_that_no_ground_has_are_unknown(tmp_path: Path, unknown: float) -> None:
    ground = make_utm_ground(
        tmp_path / "dem.tif", lambda east, north: np.where(east < 0, unknown, 20.0)
    )
    assert ground.height_m(30.0, 120.5005) == pytest.approx(20.0)
    assert ground.height_m(30.0, 120.4995) is None


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"count": 3}, "3 bands"),
        ({"crs": 'LOCAL_CS["site",UNIT["metre",1]]'}, "where on the earth"),
        ({"transform": rasterio.Affine(0, 0, 5, 0, 0, 5)}, "where on the earth"),
    ],
)
def test_pictures_and_rasters_nowhere_are_no_height_models(
    tmp_path: Path, options: dict[str, object], problem: str
) -> None:
    place = {"crs": "EPSG:32651", "transform": from_origin(500_000, 3_300_000, 1, 1), "count": 1}
    size = {"width": 4, "height": 4, "dtype": "uint8"}
    with rasterio.open(tmp_path / "a.tif", "w", driver="GTiff", **size, **(place | options)):
        pass
    with pytest.raises(InferenceError, match=problem):
        read_ground(tmp_path / "a.tif")


def test_flat_ground_is_met_at_height_over_sine() -> None:
    surface = FlatGround().around(FRAME, HUNDRED_METRES)
    assert cast_one(surface, (0.0, 0.0, 50.0), ray(30.0)) == pytest.approx(100.0)


def test_flat_ground_is_not_met_upwards_nor_beyond_range() -> None:
    surface = FlatSurface()
    assert math.isnan(cast_one(surface, (0.0, 0.0, 50.0), ray(-1.0)))
    assert math.isnan(cast_one(surface, (0.0, 0.0, 50.0), ray(0.0)))
    assert math.isnan(cast_one(surface, (0.0, 0.0, 50.0), ray(30.0), max_range_m=99.0))


def test_height_of_a_slope_is_linear_between_cells(tmp_path: Path) -> None:
    ground = make_utm_ground(tmp_path / "slope.tif", lambda east, north: 50.0 + 0.1 * east)
    assert ground.height_m(30.0, 120.5) == pytest.approx(50.0, abs=1e-3)
    surface = ground.around(FRAME, HUNDRED_METRES)
    # Grid convergence here is -1.25 degrees: 40 m east is 39.99 m of grid east.
    assert surface.up_m(np.array([[40.25, 0.0]]))[0] == pytest.approx(54.02, abs=0.01)


def test_heights_in_feet_become_metres(tmp_path: Path) -> None:
    heights = np.full((40, 40), 100.0)
    ground = write_raster(
        tmp_path / "feet.tif", heights, crs="EPSG:32651+6360", left=5e5, top=3.3e6, cell=1.0
    )
    assert ground.datum == "NAVD88 height (ftUS)"
    latitude, longitude = middle_of(ground)
    # A US survey foot is 1200/3937 m.
    assert ground.height_m(latitude, longitude) == pytest.approx(30.480061, abs=1e-4)


def test_a_system_of_three_dimensions_counts_from_its_ellipsoid(tmp_path: Path) -> None:
    heights = np.full((40, 40), 100.0)
    ground = write_raster(
        tmp_path / "ell.tif", heights, crs="EPSG:4979", left=120.0, top=30.1, cell=0.001
    )
    assert ground.datum is not None
    assert ground.datum.startswith("WGS 84 ellipsoid")
    assert ground.height_m(30.08, 120.02) == pytest.approx(100.0)


def test_depths_of_water_are_no_heights(tmp_path: Path) -> None:
    with pytest.raises(InferenceError, match="holds depths"):
        write_raster(
            tmp_path / "sea.tif",
            np.full((40, 40), 100.0),
            crs="EPSG:32651+5715",
            left=5e5,
            top=3.3e6,
            cell=1.0,
        )


def test_scale_and_offset_of_stored_heights_count(tmp_path: Path) -> None:
    heights = np.full((40, 40), 123.0)
    ground = write_raster(
        tmp_path / "scaled.tif", heights, crs="EPSG:32651", left=5e5, top=3.3e6, cell=1.0
    )
    with rasterio.open(ground.path, "r+") as file:
        file.scales, file.offsets = (0.1,), (1000.0,)
    assert ground.height_m(*middle_of(ground)) == pytest.approx(1012.3, abs=1e-3)


def middle_of(ground: RasterGround) -> tuple[float, float]:
    """Return latitude and longitude of a raster's middle."""
    with rasterio.open(ground.path) as file:
        x, y = file.transform @ (file.width / 2, file.height / 2)
        longitude, latitude = Transformer.from_crs(
            file.crs.to_wkt(), 4326, always_xy=True
        ).transform(x, y)
    return latitude, longitude


def test_cells_are_where_the_projection_puts_them(tmp_path: Path) -> None:
    # Heights that tell the place: 1 m of grid is 1 m of height.
    ground = make_utm_ground(tmp_path / "east.tif", lambda east, north: east, half=300)
    surface = ground.around(FRAME, (-250.0, -250.0, 250.0, 250.0))
    points = np.array([[200.0, 200.0], [-200.0, 150.0], [10.0, -220.0]])
    latitude, longitude, _ = enu_to_wgs84(FRAME, np.column_stack([points, np.zeros(3)])).T
    to_grid = Transformer.from_crs(4326, 32651, always_xy=True)
    expected = to_grid.transform(longitude, latitude)[0] - to_grid.transform(120.5, 30.0)[0]
    drop = (points**2).sum(axis=1) / (2 * 6378137.0)
    assert surface.up_m(points) + drop == pytest.approx(expected, abs=2e-3)


def test_a_geographic_raster_works_the_same(tmp_path: Path) -> None:
    cell = 1.0 / 3600.0
    rows = np.arange(40)[:, None] * np.ones((1, 40))
    ground = write_raster(
        tmp_path / "dem.tif", 100.0 + rows, crs="EPSG:4326",
        left=120.5 - 20 * cell, top=30.0 + 20 * cell, cell=cell,
    )  # fmt: skip
    # The border between rows 19 and 20 is at 30 degrees north.
    assert ground.height_m(30.0, 120.5) == pytest.approx(119.5, abs=1e-3)
    assert ground.height_m(30.0 + 2 * cell, 120.5) == pytest.approx(117.5, abs=1e-3)


def test_a_ray_ends_at_the_wall_in_its_way(tmp_path: Path) -> None:
    # A block 10 m high stands 50 m north of the camera and beyond.
    ground = make_utm_ground(tmp_path / "wall.tif", lambda east, north: 10.0 * (north > 50.0))
    surface = ground.around(FRAME, HUNDRED_METRES)
    over_ground = cast_one(surface, (0.0, 0.0, 40.0), ray(45.0))
    assert over_ground == pytest.approx(40.0 * math.sqrt(2.0), abs=0.01)
    # At 36 degrees the ray would meet flat ground 55 m ahead; the wall is there before.
    north = cast_one(surface, (0.0, 0.0, 40.0), ray(36.0)) * math.cos(math.radians(36.0))
    assert 49.0 < north < 51.0
    # At 30 degrees it clears the edge (28.9 m down at 50 m) and meets the roof: 30 / tan 30.
    north = cast_one(surface, (0.0, 0.0, 40.0), ray(30.0)) * math.cos(math.radians(30.0))
    assert north == pytest.approx(51.96, abs=0.05)


def test_rays_that_leave_the_model_or_meet_a_hole_are_misses(tmp_path: Path) -> None:
    def with_hole(east, north):
        return np.where((np.abs(north - 40.0) < 5.0), -9999.0, 0.0)

    ground = make_utm_ground(tmp_path / "hole.tif", with_hole, half=80)
    surface = ground.around(FRAME, (-500.0, -500.0, 500.0, 500.0))
    assert math.isnan(cast_one(surface, (0.0, 0.0, 40.0), ray(45.0)))
    assert cast_one(surface, (0.0, 0.0, 60.0), ray(45.0)) == pytest.approx(84.85, abs=0.01)
    assert math.isnan(cast_one(surface, (0.0, 0.0, 40.0), ray(20.0)))


def test_far_from_the_model_nothing_is_known(tmp_path: Path) -> None:
    ground = make_utm_ground(tmp_path / "small.tif", lambda east, north: 0.0 * east, half=10)
    assert ground.height_m(31.0, 120.5) is None
    surface = ground.around(EnuFrame(latitude_deg=31.0, longitude_deg=120.5), HUNDRED_METRES)
    assert math.isnan(cast_one(surface, (0.0, 0.0, 40.0), ray(90.0)))


def test_only_a_window_of_a_large_model_is_held(tmp_path: Path) -> None:
    ground = make_utm_ground(tmp_path / "big.tif", lambda east, north: 0.0 * east, half=1000)
    surface = ground.around(FRAME, (-10.0, -10.0, 10.0, 10.0))
    assert max(surface.heights_m.shape) < 40


def test_a_model_larger_than_memory_is_read_where_it_is_needed(tmp_path: Path) -> None:
    # 100,000 cells a side would be 40 GB; blocks that were never written take no space.
    path, side = tmp_path / "country.tif", 100_000
    x, y = Transformer.from_crs(4326, 32651, always_xy=True).transform(120.5, 30.0)
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=1, dtype="float32",
        crs="EPSG:32651", transform=from_origin(x - side / 2, y + side / 2, 1.0, 1.0),
        nodata=-9999.0, tiled=True, blockxsize=512, blockysize=512, SPARSE_OK=True,
        BIGTIFF="YES",
    ) as file:  # fmt: skip
        window = Window(side // 2 - 300, side // 2 - 300, 600, 600)
        file.write(np.full((600, 600), 77.0, dtype=np.float32), 1, window=window)
    ground = read_ground(path)
    assert ground.height_m(30.0, 120.5) == pytest.approx(77.0)
    surface = ground.around(FRAME, HUNDRED_METRES)
    assert cast_one(surface, (0.0, 0.0, 117.0), ray(90.0)) == pytest.approx(40.0)


def test_a_model_that_is_too_fine_for_memory_is_read_coarser(tmp_path: Path) -> None:
    ground = make_utm_ground(tmp_path / "fine.tif", lambda east, north: 20.0 + 0.1 * east)
    surface = replace(ground, max_cells=10_000).around(FRAME, HUNDRED_METRES)
    assert surface.heights_m.size <= 11_000
    assert surface.cell_m == pytest.approx(2.0, abs=0.2)
    assert surface.up_m(np.array([[50.0, 0.0]]))[0] == pytest.approx(25.0, abs=0.15)


def test_every_hit_lies_on_the_surface(tmp_path: Path) -> None:
    ground = make_utm_ground(tmp_path / "hills.tif", lambda e, n: 5.0 * np.sin(e / 9.0), half=200)
    surface = ground.around(FRAME, HUNDRED_METRES)
    rng = np.random.default_rng(1)
    directions = np.array([ray(rng.uniform(40, 90), rng.uniform(0, 360)) for _ in range(2000)])
    origins = np.tile([0.0, 0.0, 60.0], (2000, 1))
    distances = surface.cast(origins, directions, max_range_m=500.0)
    points = origins + distances[:, None] * directions
    assert np.isfinite(distances).all()
    assert np.abs(points[:, 2] - surface.up_m(points[:, :2])).max() < 1e-4


def test_what_is_no_height_model_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "dem.tif"
    text.write_text("not a raster")
    with pytest.raises(InferenceError, match="cannot be read as a height model") as caught:
        read_ground(text)
    assert str(caught.value).count(str(text)) == 1
    with pytest.raises(FileNotFoundError):
        read_ground(tmp_path / "nowhere.tif")
    # Without a word of the library's own besides.
    Image.new("L", (8, 8)).save(tmp_path / "photo.jpg")
    with (
        warnings.catch_warnings(action="error"),
        pytest.raises(InferenceError, match="no coordinate reference system"),
    ):
        read_ground(tmp_path / "photo.jpg")
    with rasterio.open(
        tmp_path / "bare.tif", "w", driver="GTiff", width=4, height=4, count=1, dtype="float32",
        transform=from_origin(0, 0, 1, 1),
    ) as file:  # fmt: skip
        file.write(np.zeros((1, 4, 4), dtype=np.float32))
    with pytest.raises(InferenceError, match="no coordinate reference system"):
        read_ground(tmp_path / "bare.tif")


@pytest.mark.shared
def test_a_compound_reference_system_names_its_vertical_datum(shared_folder: Path) -> None:
    ground = read_ground(shared_folder / "photos/flights/orthority_ngi_aerial/dem.tif")
    assert ground.datum == "EGM2008 height"
    assert ground.height_m(-33.7, 24.4) is not None
