"""Views of a WGS 84 position in the frames that other systems want, each named in full.

Only the way out: everything inside is WGS 84, and nothing here is ever calculated with.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import mgrs
from pyproj import CRS, Transformer

from inference.geometry.gcj02 import is_in_gcj02_area, wgs84_to_gcj02
from inference.receipt import NotPlaced, ReasonCode

WGS84 = "EPSG:4326"
CGCS2000 = "EPSG:4490"
GCJ02 = "GCJ-02"  # has no EPSG code, and no surveyor would give it one

# Zone numbers in the easting, such as 40|500000. EPSG:4513 and EPSG:4491 are the first ones.
THREE_DEGREE_ZONES, FIRST_THREE_DEGREE_EPSG = range(25, 46), 4513
SIX_DEGREE_ZONES, FIRST_SIX_DEGREE_EPSG = range(13, 24), 4491

# Where UTM ends and the polar grid begins (NGA.STND.0037, Universal Grids).
UTM_SOUTH_DEG, UTM_NORTH_DEG = -80.0, 84.0


class OutputFrame(StrEnum):
    """A frame that positions can be given in besides WGS 84."""

    CGCS2000 = "cgcs2000"  # geographic, and Gauss-Krueger in zones of 3 degrees
    CGCS2000_6 = "cgcs2000-6"  # the same with zones of 6 degrees
    GCJ02 = "gcj02"
    UTM = "utm"
    MGRS = "mgrs"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPosition:
    """A position on a map grid.

    Attributes:
        crs: EPSG code.
        name: What people call the grid and its zone.
    """

    crs: str
    name: str
    easting_m: float
    northing_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePosition:
    """A position as a frame has it: geographic, on a grid, as a text, or two of these.

    Attributes:
        crs: EPSG code, or GCJ-02.
        reference: MGRS, to the metre: the square's name, and so its south-west corner.
    """

    frame: OutputFrame
    crs: str
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    grid: GridPosition | None = None
    reference: str | None = None


def convert_position(
    latitude_deg: float, longitude_deg: float, frame: OutputFrame
) -> FramePosition | NotPlaced:
    """Return a WGS 84 position as the frame has it, or why the frame does not reach there.

    Raises:
        ValueError: The position is not on the earth.
    """
    if not (abs(latitude_deg) <= 90.0 and abs(longitude_deg) <= 180.0):
        raise ValueError(f"not a position on the earth: {latitude_deg}, {longitude_deg}")
    match frame:
        case OutputFrame.CGCS2000 | OutputFrame.CGCS2000_6:
            return _to_cgcs2000(latitude_deg, longitude_deg, frame)
        case OutputFrame.GCJ02:
            return _to_gcj02(latitude_deg, longitude_deg)
        case OutputFrame.UTM:
            return _to_utm(latitude_deg, longitude_deg)
        case OutputFrame.MGRS:
            return _to_mgrs(latitude_deg, longitude_deg)


def find_gauss_krueger_zone(longitude_deg: float, *, width_deg: int) -> int:
    """Return the zone, 3 or 6 degrees wide; on the line between two the eastern one.

    Zones of 3 degrees have their middle at 3 n, those of 6 degrees at 6 n - 3, as the EPSG codes
    have it.
    """
    if width_deg == 3:
        return math.floor((longitude_deg + 1.5) / 3.0)
    return math.floor(longitude_deg / 6.0) + 1


def find_utm_zone(latitude_deg: float, longitude_deg: float) -> int:
    """Return the zone, 1 to 60; on the line between two the eastern one.

    Zone 32 is wider at Norway's coast, and around Svalbard 31, 33, 35 and 37 stand for all
    (NGA.STND.0037, Universal Grids).
    """
    if 56.0 <= latitude_deg < 64.0 and 3.0 <= longitude_deg < 12.0:
        return 32
    if latitude_deg >= 72.0 and 0.0 <= longitude_deg < 42.0:
        borders = (9.0, 21.0, 33.0)
        return 31 + 2 * sum(longitude_deg >= border for border in borders)
    return math.floor(((longitude_deg + 180.0) % 360.0) / 6.0) + 1


def _to_cgcs2000(
    latitude_deg: float, longitude_deg: float, frame: OutputFrame
) -> FramePosition | NotPlaced:
    """Return the same latitude and longitude, and what they are on the grid.

    Where a place lies in CGCS2000 (ITRF97 at the epoch 2000.0) hangs on when it was measured. As
    PROJ does, WGS 84 is taken for it as it is (a ballpark transformation): docs/coordinates.md.
    """
    west, south, east, north = _cgcs2000_area()
    if not (west <= longitude_deg <= east and south <= latitude_deg <= north):
        detail = f"CGCS2000 is for {south:g} to {north:g} north, {west:g} to {east:g} east"
        return NotPlaced(code=ReasonCode.OUTSIDE_FRAME, detail=detail)
    wide = frame is OutputFrame.CGCS2000_6
    zone = find_gauss_krueger_zone(longitude_deg, width_deg=6 if wide else 3)
    first_zone = (SIX_DEGREE_ZONES if wide else THREE_DEGREE_ZONES).start
    first_epsg = FIRST_SIX_DEGREE_EPSG if wide else FIRST_THREE_DEGREE_EPSG
    crs = f"EPSG:{first_epsg + zone - first_zone}"
    return FramePosition(
        frame=frame,
        crs=CGCS2000,
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        grid=_project(latitude_deg, longitude_deg, geographic=CGCS2000, projected=crs),
    )


def _to_gcj02(latitude_deg: float, longitude_deg: float) -> FramePosition | NotPlaced:
    if not is_in_gcj02_area(latitude_deg, longitude_deg):
        detail = "maps use GCJ-02 in mainland China, Hong Kong and Macau only"
        return NotPlaced(code=ReasonCode.OUTSIDE_FRAME, detail=detail)
    latitude, longitude = wgs84_to_gcj02(latitude_deg, longitude_deg)
    return FramePosition(
        frame=OutputFrame.GCJ02, crs=GCJ02, latitude_deg=latitude, longitude_deg=longitude
    )


def _to_utm(latitude_deg: float, longitude_deg: float) -> FramePosition | NotPlaced:
    if not UTM_SOUTH_DEG <= latitude_deg <= UTM_NORTH_DEG:
        detail = f"UTM is for {-UTM_SOUTH_DEG:g} south to {UTM_NORTH_DEG:g} north"
        return NotPlaced(code=ReasonCode.OUTSIDE_FRAME, detail=detail)
    north = latitude_deg >= 0.0
    crs = f"EPSG:{(32600 if north else 32700) + find_utm_zone(latitude_deg, longitude_deg)}"
    grid = _project(latitude_deg, longitude_deg, geographic=WGS84, projected=crs)
    return FramePosition(frame=OutputFrame.UTM, crs=crs, grid=grid)


def _to_mgrs(latitude_deg: float, longitude_deg: float) -> FramePosition:
    # Over the whole earth: around the poles it goes on in the polar grid's letters.
    reference = str(mgrs.MGRS().toMGRS(latitude_deg, longitude_deg, MGRSPrecision=5))
    return FramePosition(frame=OutputFrame.MGRS, crs=WGS84, reference=reference)


def _project(
    latitude_deg: float, longitude_deg: float, *, geographic: str, projected: str
) -> GridPosition:
    # From the grid's own datum: no shift between datums is ever chosen behind our back.
    transformer = _transformer(geographic, projected)
    easting_m, northing_m = transformer.transform(longitude_deg, latitude_deg)
    return GridPosition(
        crs=projected,
        name=CRS(projected).name,
        easting_m=float(easting_m),
        northing_m=float(northing_m),
    )


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


@cache
def _cgcs2000_area() -> tuple[float, float, float, float]:
    """Return west, south, east and north of the area that EPSG states for the frame."""
    area = CRS(CGCS2000).area_of_use
    if area is None:
        raise ValueError(f"PROJ's database states no area for {CGCS2000}")
    return area.west, area.south, area.east, area.north
