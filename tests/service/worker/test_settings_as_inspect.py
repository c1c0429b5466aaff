"""Settings of a deployment have the effect that options of `inspect` have."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from service.access.grids_import import read_grid_file
from service.inspecting.geojson import issue_features
from service.inspecting.job import InspectOptions
from service.store.engine import writing
from service.store.grids import replace_grids
from tests.service.inspecting.stand_in_inspection import inspect_with_stand_in
from tests.service.inspecting.test_areas import write_geojson
from tests.service.inspecting.test_cameras import GATE, draw_heap_from_gate, write_cameras
from tests.service.worker.stand_in_worker import open_data, open_shop
from tests.service.worker.taken_in import complete, declare, events, features, send_folder, work_off

pytestmark = pytest.mark.slow

WriteDronePhoto = Callable[..., Path]


def draw_from_gate(card: Path, _: WriteDronePhoto) -> None:
    draw_heap_from_gate(card / "gate-3" / "1.jpg", east_m=7.0, north_m=11.0)


def draw_flight(card: Path, write_drone_photo: WriteDronePhoto) -> None:
    for number, column in enumerate((300, 140)):
        write_drone_photo(
            card / f"{number}.jpg", number=number, east_m=20.0 * number, spots_px=((column, 145),),
            zone=None,
        )  # fmt: skip


def write_slope(path: Path) -> Path:
    """Write a height model that rises to the north around the flight."""
    heights = np.linspace(30.0, 10.0, 200, dtype=np.float32)[:, None].repeat(200, axis=1)
    place = from_origin(120.14, 30.26, 1e-4, 1e-4)
    with rasterio.open(
        path, "w", driver="GTiff", width=200, height=200, count=1, dtype="float32",
        crs="EPSG:4326", transform=place,
    ) as file:  # fmt: skip
        file.write(heights, 1)
    return path


def write_cells(path: Path) -> Path:
    cell = shapely.box(120.1, 30.2, 120.2, 30.3)
    columns: dict[str, object] = {"grid_id": "33010601", "responsible_unit": "River office"}
    return write_geojson(path, (cell, columns))


def inspected(card: Path, out: Path, **options: Any) -> list[Any]:
    """Return what `inspect` writes of each issue, pictures left aside."""
    result = inspect_with_stand_in(InspectOptions(paths=(card,), output=out, **options))
    written = json.loads(json.dumps(issue_features(result, {})))
    kept = [
        {key: part for key, part in one["properties"].items() if key != "evidence"}
        | {"id": one["id"]}
        for one in written
    ]
    return sorted(kept, key=lambda record: str(record["id"]))


def served(
    card: Path, data: Path, *, settings: Mapping[str, Any], grids: Path | None = None
) -> list[Any]:
    """Return the findings' records of a deployment with these settings."""
    deployment = open_data(data, **settings)
    if grids is not None:
        with writing(deployment.engine) as session:
            replace_grids(session, read_grid_file(grids))
    flight = declare(deployment, "f")
    send_folder(deployment, flight, card)
    complete(deployment, flight)
    work_off(open_shop(deployment))
    found = features(deployment, flight)
    deployment.close()
    return found


@pytest.mark.parametrize("setting", ["cameras", "ground", "timezone", "grids"])
def test_a_setting_has_the_effect_of_the_option(
    setting: str, tmp_path: Path, write_drone_photo: WriteDronePhoto
) -> None:
    card = tmp_path / "card"
    draw = draw_from_gate if setting == "cameras" else draw_flight
    draw(card, write_drone_photo)
    zone = ZoneInfo("Asia/Shanghai")
    options: dict[str, dict[str, Any]] = {
        "cameras": {"cameras": write_cameras(tmp_path / "cameras.toml", GATE)},
        "ground": {"ground": write_slope(tmp_path / "slope.tif")},
        "timezone": {"assumed_zone": zone},
        "grids": {"grids": write_cells(tmp_path / "grids.geojson")},
    }
    settings = {
        "cameras": options["cameras"],
        "ground": options["ground"],
        "timezone": {"timezone": zone},
        "grids": {},
    }
    with_it = inspected(card, tmp_path / "with", **options[setting])
    without = inspected(card, tmp_path / "without")
    assert with_it != without  # else this would prove nothing
    grids = options["grids"]["grids"] if setting == "grids" else None
    assert served(card, tmp_path / "data", settings=settings[setting], grids=grids) == with_it


def test_another_list_of_cameras_is_another_conclusion(tmp_path: Path) -> None:
    card, data = tmp_path / "card", tmp_path / "data"
    draw_heap_from_gate(card / "gate-3" / "1.jpg", east_m=7.0, north_m=11.0)
    cameras: dict[str, Any] = {"cameras": write_cameras(tmp_path / "cameras.toml", GATE)}
    conclusions, found = list[int](), list[Any]()
    for settings in ({}, {}, cameras):
        deployment = open_data(data, **settings)
        if not found:
            send_folder(deployment, declare(deployment, "f"), card)
        complete(deployment, "f")
        work_off(open_shop(deployment))
        conclusions.append(len(events(deployment, "f", "concluded")))
        found.append(features(deployment, "f"))
        deployment.close()
    assert conclusions == [1, 1, 2]  # the same once more is none
    assert found[0] == found[1] != found[2]
    assert found[2] == served(card, tmp_path / "fresh", settings=cameras)
