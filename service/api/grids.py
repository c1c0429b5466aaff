"""Routes of the city's management grid."""

import asyncio
import json
from typing import Annotated, Any, Literal

import shapely
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.access.grids_change import change_grids
from service.access.grids_process import GridsRefusedError, read_grids_apart
from service.access.roles import Caller, Permission, require
from service.api.caller import needs
from service.api.pages import Cursor, Limit, link_next, parse_cursor
from service.api.parts import Clock, DeploymentPart
from service.api.problem_answers import problems
from service.api.problems import ProblemError, ProblemKind
from service.receiving.incoming import Expected, receive_stream
from service.store.engine import reading
from service.store.grids import StoredGrid, read_grids

MAX_GRID_BYTES = 200_000_000
NOT_USABLE = ProblemKind(status=422, code="grids_refused", title="No usable grid")

_SQUARE = [[120.15, 30.25], [120.16, 30.25], [120.16, 30.26], [120.15, 30.26], [120.15, 30.25]]
_EXAMPLE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {
                "grid_id": "330106001",
                "name": "West Lake 1",
                "responsible_unit": "west",
            },
            "geometry": {"type": "Polygon", "coordinates": [_SQUARE]},
        }
    ],
}

router = APIRouter(prefix="/v1/grids", tags=["grids"])


class GridProperties(BaseModel):
    """What is known of a cell; the names are those that an import takes."""

    grid_id: str
    name: str | None
    responsible_unit: str | None
    division: str | None


class GridFeature(BaseModel):
    """A cell as GeoJSON (RFC 7946): WGS 84, longitude first."""

    type: Literal["Feature"] = "Feature"
    properties: GridProperties
    geometry: dict[str, Any] = Field(description="Polygon or MultiPolygon.")


class GridCollection(BaseModel):
    """A page of cells, by code."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[GridFeature]
    next: str | None


class ReplacedGrids(BaseModel):
    """What came of an import."""

    cells: int
    units: list[str] = Field(description="That look after any cell.")


@router.get("")
def list_cells(
    caller: Annotated[Caller, needs(Permission.READ_AREAS)],
    deployment: DeploymentPart,
    request: Request,
    response: Response,
    cursor: Cursor = None,
    limit: Limit = 1000,
) -> GridCollection:
    """Return cells as GeoJSON; a caller of some units sees theirs."""
    after = parse_cursor(cursor) or ""
    with reading(deployment.engine) as session:
        found = read_grids(session, units=caller.units, after=after, limit=limit + 1)
    is_more, found = len(found) > limit, found[:limit]
    following = link_next(request, response, last=found[-1].code) if is_more else None
    return GridCollection(features=[_feature(grid) for grid in found], next=following)


@router.put(
    "",
    responses=problems(400, 413, 422, 507),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/geo+json": {
                    "schema": {"type": "object", "description": "A FeatureCollection."},
                    "example": _EXAMPLE,
                }
            },
        }
    },
)
async def replace_cells(
    caller: Annotated[Caller, needs(Permission.WRITE_AREAS)],
    deployment: DeploymentPart,
    now: Clock,
    request: Request,
) -> ReplacedGrids:
    """Replace the whole grid by that of a file: GeoJSON, or a GeoPackage as it is.

    All of it or nothing. Columns are named as docs/areas.md says; coordinates are WGS 84.
    """
    require(caller, Permission.WRITE_AREAS, unit=None)  # it is the whole city's
    length = request.headers.get("content-length")
    arrived = await receive_stream(
        request.stream(),
        deployment.incoming,
        max_bytes=MAX_GRID_BYTES,
        expected=Expected(byte_count=None if length is None else int(length)),
        reserve_bytes=deployment.settings.limits.reserve_bytes,
    )
    try:
        grids = await read_grids_apart(arrived.path)
    except GridsRefusedError as error:
        told = str(error)
        for path in (str(arrived.path), arrived.path.name):
            told = told.replace(path, "the file")
        raise ProblemError(NOT_USABLE, told) from error
    finally:
        await asyncio.to_thread(arrived.path.unlink, missing_ok=True)
    await asyncio.to_thread(change_grids, deployment.engine, grids, who=caller.id, now=now)
    units = sorted({grid.unit for grid in grids if grid.unit is not None})
    return ReplacedGrids(cells=len(grids), units=units)


def _feature(grid: StoredGrid) -> GridFeature:
    properties = GridProperties(
        grid_id=grid.code, name=grid.name, responsible_unit=grid.unit, division=grid.division
    )
    return GridFeature(properties=properties, geometry=json.loads(shapely.to_geojson(grid.shape)))
