"""Maps drawn from our own data alone: footprints, findings and error ellipses in metres."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from inference.geometry.frames import EnuFrame, wgs84_to_plane
from inference.merging.nearby import find_neighbourhoods
from service.report.model import Outline, ReportArea, ReportFile, ReportIssue, ReportPlace

SITE_GAP_M = 2000.0  # places farther apart than this get maps of their own
SITE_CELL_DEG = 0.003
MAX_SINGLE_FOOTPRINTS = 400  # beyond it only the covered ground and the cameras are drawn
SMALLEST_MARGIN_M = 20.0
LARGE_FOOTPRINT = 4.0  # times the usual one's width


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A shape on a map, as the `d` of an SVG path, and the number of what it stands for."""

    number: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A finding on a map; x to the east and y to the south, in metres from the map's origin.

    Attributes:
        ellipse_x_m, ellipse_y_m: Half axes of the 90 % ellipse before it is turned.
        ellipse_turn_deg: As SVG's rotate takes it, clockwise on the screen.
    """

    number: int
    x_m: float
    y_m: float
    ellipse_x_m: float
    ellipse_y_m: float
    ellipse_turn_deg: float
    outline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapArea:
    """A grid cell or permit on a map, with its label's place and the width that is in view."""

    kind: str
    name: str
    path: str
    label_x_m: float
    label_y_m: float
    width_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSheet:
    """One map: what lies near together.

    Attributes:
        view_m: x_min, y_min, width, height of what is shown at first.
        covered: Outline of all ground seen.
        footprints: Of single photos; empty where there are too many.
        cameras: Their places, as zero-length strokes of one path.
        photo_count: Photos that have a place here.
    """

    latitude_deg: float
    longitude_deg: float
    view_m: tuple[float, float, float, float]
    covered: str
    covered_m2: float
    footprints: tuple[Drawn, ...]
    cameras: str
    photo_count: int
    marks: tuple[Mark, ...]
    areas: tuple[MapArea, ...]


def plan_maps(
    issues: Sequence[ReportIssue], files: Sequence[ReportFile], areas: Sequence[ReportArea]
) -> tuple[MapSheet, ...]:
    """Return a map for each site, those with most findings first.

    Marks and footprints carry the places of their issue and file in the sequences given.
    """
    placed = [(i, x.place) for i, x in enumerate(issues) if isinstance(x.place, ReportPlace)]
    seen = [(i, file) for i, file in enumerate(files) if _file_point(file) is not None]
    points = [(place.longitude_deg, place.latitude_deg) for _, place in placed]
    points += [point for _, file in seen if (point := _file_point(file)) is not None]
    sheets = [
        _plan_sheet(
            [placed[i] for i in members if i < len(placed)],
            [seen[i - len(placed)] for i in members if i >= len(placed)],
            areas,
            center=_center([points[i] for i in members]),
        )
        for members in group_sites(points)
    ]
    return tuple(sorted(sheets, key=lambda sheet: (-len(sheet.marks), -sheet.photo_count)))


def group_sites(points_wgs84: Sequence[tuple[float, float]]) -> list[list[int]]:
    """Return groups of indices of (longitude, latitude) points that belong on one map.

    Within a group steps of about SITE_GAP_M at most lead to every point.
    """
    if not points_wgs84:
        return []
    # Photos lie close together: one point a cell keeps the number of pairs small. Gaps are
    # thereby measured to within a cell, which is near enough for choosing maps.
    cells = np.round(np.asarray(points_wgs84, dtype=np.float64) / SITE_CELL_DEG)
    unique, cell_of = np.unique(cells, axis=0, return_inverse=True)
    longitudes, latitudes = (unique * SITE_CELL_DEG).T
    groups = find_neighbourhoods(latitudes, longitudes, radius_m=SITE_GAP_M)
    members: list[list[int]] = [[] for _ in groups]
    group_of = {int(cell): i for i, group in enumerate(groups) for cell in group}
    for point, cell in enumerate(cell_of.reshape(-1)):
        members[group_of[int(cell)]].append(point)
    return members


def _file_point(file: ReportFile) -> tuple[float, float] | None:
    """Return where a file belongs on a map, or None where it has no place."""
    if file.position_wgs84 is not None:
        return file.position_wgs84
    return file.footprint_wgs84[0] if file.footprint_wgs84 else None


def _center(points_wgs84: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the middle of the box around points that lie near together."""
    longitudes = np.array([point[0] for point in points_wgs84])
    latitudes = np.array([point[1] for point in points_wgs84])
    turns = (longitudes - longitudes[0] + 180) % 360 - 180
    longitude = longitudes[0] + (turns.min() + turns.max()) / 2
    return float((longitude + 180) % 360 - 180), float((latitudes.min() + latitudes.max()) / 2)


def _project(plane: EnuFrame, points_wgs84: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Return (N, 2) x to the east and y to the south in metres, as screens count."""
    if not points_wgs84:
        return np.empty((0, 2))
    longitudes, latitudes = zip(*points_wgs84, strict=True)
    east_north_m = wgs84_to_plane(plane, latitudes, longitudes)
    return np.column_stack([east_north_m[:, 0], -east_north_m[:, 1]])


def _plan_sheet(
    placed: Sequence[tuple[int, ReportPlace]],
    seen: Sequence[tuple[int, ReportFile]],
    areas: Sequence[ReportArea],
    *,
    center: tuple[float, float],
) -> MapSheet:
    """Return the map of one site."""
    plane = EnuFrame(latitude_deg=center[1], longitude_deg=center[0])
    marks = tuple(_draw_mark(number, place, plane) for number, place in placed)
    shapes = {n: _polygon(f.footprint_wgs84, plane) for n, f in seen if f.footprint_wgs84}
    cameras = _project(plane, [f.position_wgs84 for _, f in seen if f.position_wgs84 is not None])
    covered = shapely.simplify(shapely.union_all(list(shapes.values())), 0.2)
    view = _plan_view(marks, cameras, list(shapes.values()))
    single = shapes if len(shapes) <= MAX_SINGLE_FOOTPRINTS else {}
    return MapSheet(
        latitude_deg=center[1],
        longitude_deg=center[0],
        view_m=view,
        covered=_draw(covered),
        covered_m2=float(covered.area),
        footprints=tuple(Drawn(number=n, path=_draw(shape)) for n, shape in single.items()),
        cameras="".join(f"M{x:.1f} {y:.1f}h0" for x, y in cameras),
        photo_count=len(seen),
        marks=marks,
        areas=_draw_areas(areas, plane, view),
    )


def _draw_mark(number: int, place: ReportPlace, plane: EnuFrame) -> Mark:
    x, y = _project(plane, [(place.longitude_deg, place.latitude_deg)])[0]
    outline = _draw(_polygon(place.outline_wgs84, plane)) if place.outline_wgs84 else ""
    return Mark(
        number=number,
        x_m=round(float(x), 2),
        y_m=round(float(y), 2),
        ellipse_x_m=round(place.ellipse.semi_major_m, 2),
        ellipse_y_m=round(place.ellipse.semi_minor_m, 2),
        # An azimuth counts from the north, SVG's angles from the east; both run clockwise.
        ellipse_turn_deg=round(place.ellipse.azimuth_deg - 90, 1),
        outline=outline,
    )


def _draw_areas(
    areas: Sequence[ReportArea], plane: EnuFrame, view: tuple[float, float, float, float]
) -> tuple[MapArea, ...]:
    """Return the areas that reach into the view, each labelled in its part that is seen."""
    x_min, y_min, width, height = view
    shown = shapely.box(x_min, y_min, x_min + width, y_min + height)
    drawn = []
    for area in areas:
        shape = _polygon(area.outline_wgs84, plane)
        part = shapely.intersection(shape, shown)
        if part.area == 0:
            continue
        label = shapely.point_on_surface(part)
        drawn.append(
            MapArea(
                kind=area.kind,
                name=area.name,
                path=_draw(shape),
                label_x_m=round(label.x, 1),
                label_y_m=round(label.y, 1),
                width_m=round(part.bounds[2] - part.bounds[0], 1),
            )
        )
    return tuple(drawn)


def _plan_view(
    marks: Sequence[Mark], cameras: NDArray[np.float64], shapes: Sequence[shapely.Geometry]
) -> tuple[float, float, float, float]:
    """Return x_min, y_min, width, height that shows findings and cameras with what is around.

    Footprints of slanting photos reach far away: half of the usual one is the margin, and much
    larger ones are left to run out of the map, so that a few do not shrink all the rest.
    """
    half_widths = [math.sqrt(shape.area) / 2 for shape in shapes]
    usual = float(np.median(half_widths)) if half_widths else 0.0
    near = [
        shape.centroid
        for shape, half_width in zip(shapes, half_widths, strict=True)
        if half_width <= LARGE_FOOTPRINT * usual
    ]
    points = np.array(
        [
            *((mark.x_m, mark.y_m) for mark in marks),
            *((x, y) for x, y in cameras),
            *((center.x, center.y) for center in near),
        ]
    )
    margin = max(SMALLEST_MARGIN_M, 1.3 * usual)
    margin = max([margin, *(1.2 * mark.ellipse_x_m for mark in marks)])
    x_min, y_min = points.min(axis=0) - margin
    x_max, y_max = points.max(axis=0) + margin
    return (
        round(float(x_min), 1),
        round(float(y_min), 1),
        round(float(x_max - x_min), 1),
        round(float(y_max - y_min), 1),
    )


def _polygon(outline: Outline, plane: EnuFrame) -> shapely.Geometry:
    """Return an outline in metres, mended where its edges cross."""
    if len(outline) < 3:
        return shapely.MultiPoint(_project(plane, outline)).envelope
    return shapely.make_valid(shapely.Polygon(_project(plane, outline)))


def _draw(shape: shapely.Geometry) -> str:
    """Return a shape's polygons as the `d` of an SVG path, to 0.1 m."""
    rings = []
    for polygon in shapely.get_parts(shape):
        if polygon.geom_type == "MultiPolygon":
            rings.append(_draw(polygon))
        elif polygon.geom_type == "Polygon" and not polygon.is_empty:
            rings += [_draw_ring(ring) for ring in (polygon.exterior, *polygon.interiors)]
    return "".join(rings)


def _draw_ring(ring: shapely.LinearRing) -> str:
    points = [f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]]
    return "M" + "L".join(points) + "Z"
