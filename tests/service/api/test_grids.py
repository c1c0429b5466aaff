import json
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from service.access.roles import Role
from service.deployment import Deployment
from service.store.access_log import read_access_log
from service.store.engine import reading, writing
from service.store.grids import StoredGrid, replace_grids
from tests.service.api.conftest import NewKey

pytestmark = pytest.mark.slow


@pytest.fixture
def database_url(url: str) -> str:
    return url


def make_cell(code: str, *, unit: str | None = "west", east: float = 0.0) -> dict[str, Any]:
    west, south = 120.0 + east, 30.0
    ring = [
        [west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01],
        [west, south],
    ]  # fmt: skip
    return {
        "type": "Feature",
        "properties": {"grid_id": code, "name": f"cell {code}", "responsible_unit": unit},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def make_file(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(cells)}).encode()


def test_a_grid_replaces_the_one_before(
    client: TestClient, new_key: NewKey, deployment: Deployment
) -> None:
    admin = new_key(Role.ADMIN)
    client.put("/v1/grids", headers=admin, content=make_file(make_cell("old")))
    file = make_file(make_cell("b", unit="east"), make_cell("a"), make_cell("c", unit=None))

    answer = client.put("/v1/grids", headers=admin, content=file)
    first = client.get("/v1/grids?limit=2", headers=admin)
    second = client.get(first.links["next"]["url"], headers=admin)

    assert answer.json() == {"cells": 3, "units": ["east", "west"]}
    codes = [cell["properties"]["grid_id"] for cell in first.json()["features"]]
    assert codes == ["a", "b"]
    assert [cell["properties"]["grid_id"] for cell in second.json()["features"]] == ["c"]
    cell = first.json()["features"][0]
    assert cell["properties"] == {
        "grid_id": "a", "name": "cell a", "responsible_unit": "west", "division": None,
    }  # fmt: skip
    assert cell["geometry"] == make_cell("a")["geometry"]
    with reading(deployment.engine) as session:
        actions = [line.action for _, line in read_access_log(session, object="grids")]
    assert actions == ["replace_grids", "replace_grids"]


def test_a_caller_of_a_unit_sees_its_cells_and_changes_none(
    client: TestClient, new_key: NewKey
) -> None:
    file = make_file(make_cell("a"), make_cell("b", unit="east"), make_cell("c", unit=None))
    client.put("/v1/grids", headers=new_key(Role.ADMIN), content=file)
    west = new_key(Role.ADMIN, units=["west"])

    seen = client.get("/v1/grids", headers=west).json()["features"]

    assert [cell["properties"]["grid_id"] for cell in seen] == ["a"]
    assert client.put("/v1/grids", headers=west, content=file).status_code == 403


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (b"", "not GeoJSON"),
        (b"hello", "not GeoJSON"),
        (b'{"type": "FeatureCollection", "features": []}', "no cell"),
        (b'{"type": "FeatureCollection", "features": [{}]}', ""),
        (make_file(make_cell("a"), make_cell("a", east=1.0)), "more than once"),
        (b'{"type": "VRT" <OGRVRTDataSource/>', ""),
        (b'{"' + b"[" * 100_000, ""),
    ],
)
def test_a_file_that_is_no_grid_changes_nothing(
    client: TestClient,
    new_key: NewKey,
    deployment: Deployment,
    file: bytes,
    told: str,
) -> None:
    admin = new_key(Role.ADMIN)
    old = StoredGrid(code="old", name=None, unit=None, shape=shapely.box(120, 30, 121, 31))
    with writing(deployment.engine) as session:
        replace_grids(session, [old])

    answer = client.put("/v1/grids", headers=admin, content=file)

    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert "incoming" not in answer.text
    assert len(client.get("/v1/grids", headers=admin).json()["features"]) == 1
    assert list(deployment.incoming.iterdir()) == []
