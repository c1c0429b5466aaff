"""Areas on the map that change what becomes of a place: permits and management grid cells.

Shapes are shapely polygons in WGS 84, x = longitude and y = latitude in degrees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, plane_to_wgs84
from inference.geometry.uncertainty import full_covariance
from inference.patrol.methods import FROM_STREET
from inference.sighting import Placement

# The 90 % point of the chi-square distribution with 2 degrees of freedom.
_SQUARED_SIGMAS_90 = 4.605
_OUTLINE_POINTS = 36


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Permit:
    """An approved structure, advertisement or place for waste.

    Attributes:
        class_names: What it allows.
        shape: Where.
        valid_from, valid_to: First and last day, both included, as dates in UTC.
    """

    id: str
    class_names: frozenset[str]
    shape: shapely.Geometry
    holder: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridCell:
    """A cell of the city's management grid with the unit that looks after it."""

    id: str
    shape: shapely.Geometry
    responsible_unit: str | None = None
    division: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Why a place is not reported.

    Attributes:
        detail: The facts in words.
        certain: Whether the place lies in the permit's area with a probability of 90 %, not
            only its most probable point.
    """

    permit_id: str
    holder: str | None
    detail: str
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GridMatch:
    """The grid cell of a place.

    Attributes:
        cell: None where the place lies in no cell.
        certain: False where the 90 % ellipse crosses a border.
    """

    cell: GridCell | None
    certain: bool


def circle_wgs84(latitude_deg: float, longitude_deg: float, *, radius_m: float) -> shapely.Geometry:
    """Return the area within a distance of a point."""
    return _outline(latitude_deg, longitude_deg, radius_m * np.eye(2))


def ellipse_wgs84(place: Placement) -> shapely.Geometry:
    """Return the area that holds the place with a probability of 90 %."""
    covariance = full_covariance(place)[:2, :2]
    axes = np.sqrt(_SQUARED_SIGMAS_90) * np.linalg.cholesky(covariance + 1e-6 * np.eye(2))
    return _outline(place.latitude_deg, place.longitude_deg, axes)


class AreaIndex:
    """Permits and grid cells, sorted so that those at a place are found quickly."""

    def __init__(self, *, permits: Sequence[Permit], grids: Sequence[GridCell]) -> None:
        self._permits = sorted(permits, key=lambda permit: permit.id)
        # Where cells overlap the smallest counts: it is the most specific.
        self._cells = sorted(grids, key=lambda cell: (cell.shape.area, cell.id))
        self._permit_tree = shapely.STRtree([permit.shape for permit in self._permits])
        self._cell_tree = shapely.STRtree([cell.shape for cell in self._cells])

    def find_suppression(
        self, place: Placement, *, class_name: str, seen_at: datetime | None
    ) -> Suppression | None:
        """Return the permit that explains what was seen, or None.

        A permit with dates does not explain what was seen at an unknown time. Of places seen from
        the street the middle says little (that of a circle is where the photographer stood): there
        the permit's area has to hold half of the 90 % ellipse too.
        """
        point = shapely.Point(place.longitude_deg, place.latitude_deg)
        found = sorted(self._permit_tree.query(point, predicate="intersects"))
        permits = [
            self._permits[i]
            for i in found
            if class_name in self._permits[i].class_names and _is_valid(self._permits[i], seen_at)
        ]
        if not permits:
            return None
        ellipse = ellipse_wgs84(place)
        if place.method in FROM_STREET:
            permits = [permit for permit in permits if _holds_half(permit.shape, ellipse)]
            if not permits:
                return None
        certain = [permit for permit in permits if permit.shape.covers(ellipse)]
        permit = (certain or permits)[0]
        return Suppression(
            permit_id=permit.id,
            holder=permit.holder,
            detail=_describe(permit, certain=bool(certain)),
            certain=bool(certain),
        )

    def find_grid(self, place: Placement) -> GridMatch:
        """Return the grid cell that the place lies in, and whether that is certain."""
        point = shapely.Point(place.longitude_deg, place.latitude_deg)
        ellipse = ellipse_wgs84(place)
        found = sorted(self._cell_tree.query(point, predicate="intersects"))
        if not found:
            touched = len(self._cell_tree.query(ellipse, predicate="intersects"))
            return GridMatch(cell=None, certain=touched == 0)
        cell = self._cells[found[0]]
        return GridMatch(cell=cell, certain=bool(cell.shape.covers(ellipse)))


def _holds_half(shape: shapely.Geometry, ellipse: shapely.Geometry) -> bool:
    """Return whether at least half of an ellipse lies in a shape."""
    return bool(shape.intersection(ellipse).area >= ellipse.area / 2.0)


def _is_valid(permit: Permit, seen_at: datetime | None) -> bool:
    """Return whether the permit held when the place was seen."""
    if permit.valid_from is None and permit.valid_to is None:
        return True
    if seen_at is None:
        return False
    day = seen_at.date()
    return (permit.valid_from or date.min) <= day <= (permit.valid_to or date.max)


def _describe(permit: Permit, *, certain: bool) -> str:
    """Return why the permit explains a place, in words."""
    where = "inside" if certain else "probably inside (the position's error reaches beyond)"
    parts = [f"{where} the area of permit {permit.id}"]
    if permit.holder is not None:
        parts.append(f"held by {permit.holder}")
    if permit.valid_from is not None:
        parts.append(f"valid from {permit.valid_from.isoformat()}")
    if permit.valid_to is not None:
        parts.append(f"valid to {permit.valid_to.isoformat()}")
    return ", ".join(parts)


def _outline(
    latitude_deg: float, longitude_deg: float, axes_m: NDArray[np.float64]
) -> shapely.Geometry:
    """Return the polygon of axes_m (2, 2) times the unit circle, east and north, at a point."""
    angles = np.linspace(0.0, 2.0 * np.pi, _OUTLINE_POINTS, endpoint=False)
    east_north_m = np.stack([np.cos(angles), np.sin(angles)], axis=-1) @ axes_m.T
    frame = EnuFrame(latitude_deg=latitude_deg, longitude_deg=longitude_deg)
    return shapely.Polygon(plane_to_wgs84(frame, east_north_m)[:, ::-1])
