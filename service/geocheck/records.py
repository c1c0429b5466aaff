"""A geocheck as plain values: one JSON document, and a table with a line a point."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.geometry.accuracy import PositionStatistics, turn_to_view
from inference.geometry.uncertainty import circular_error_90_m, error_ellipse
from inference.receipt import NotPlaced
from service.geocheck.compare import PointCheck, PointError
from service.geocheck.result import GeocheckResult, PhotoResult
from service.inspecting.issue_record import degrees, metres
from service.spreadsheet import safe_cell

Record = dict[str, Any]  # Any: JSON, that is texts, numbers, None, lists and records
Cell = str | float | int | bool | None

COLUMNS = (
    "line", "name", "photo", "column_px", "row_px",
    "true_latitude", "true_longitude", "true_height_m",
    "found_latitude", "found_longitude", "found_height_m", "found_height_datum", "method",
    "error_east_m", "error_north_m", "error_along_m", "error_across_m", "error_m",
    "stated_ce90_m", "ellipse_major_m", "ellipse_minor_m", "ellipse_azimuth_deg",
    "inside_90", "as_stated_error_east_m", "as_stated_error_north_m", "not_compared", "detail",
)  # fmt: skip
ELLIPSE_90 = -2.0 * np.log(0.1)  # the quantile of chi squared of 2 degrees


def render_summary(result: GeocheckResult, *, indent: int | None = None) -> str:
    """Return the statistics as one JSON object."""
    return json.dumps(summary_record(result), ensure_ascii=False, allow_nan=False, indent=indent)


def summary_record(result: GeocheckResult) -> Record:
    """Return the statistics of all points and of each photo."""
    return {
        "truth": result.truth_name,
        "truth_crs": result.truth.crs,
        "truth_transformation": result.truth.transformation,
        "truth_may_be_tens_of_metres_off": result.truth.is_rough,
        "ground_model": result.ground,
        "placed_photos": result.placed_photos,
        "photos_off_ground_model": result.off_ground_model,
        "methods": dict(sorted(result.methods.items())),
        "refined": result.is_refined,
        "points": len(result.checks),
        "not_compared": {code.value: count for code, count in sorted(result.refusals.items())},
        "photos_without_truth": result.unused,
        "overall": _statistics_record(result.overall),
        "overall_as_stated": _statistics_record(result.overall_before),
        "photos": [_photo_record(photo) for photo in result.photos],
    }


def render_points(result: GeocheckResult) -> bytes:
    """Return a table of all points as CSV in UTF-8 with a byte order mark."""
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for check in result.checks:
        table.writerow({name: safe_cell(value) for name, value in _point_row(check).items()})
    return text.getvalue().encode("utf-8-sig", errors="replace")


def _photo_record(photo: PhotoResult) -> Record:
    return {
        "photo": photo.name,
        "methods": dict(sorted(photo.methods.items())),
        "reasons": [code.value for code in photo.reasons],
        "not_compared": {code.value: count for code, count in sorted(photo.refusals.items())},
        "statistics": _statistics_record(photo.statistics),
        "statistics_as_stated": _statistics_record(photo.statistics_before),
    }


def _statistics_record(statistics: PositionStatistics | None) -> Record | None:
    if statistics is None:
        return None
    lengths = (
        "bias_east_m", "bias_north_m", "bias_along_m", "bias_across_m", "median_m", "p90_m",
        "max_m", "rmse_m", "rmse_east_m", "rmse_north_m", "ce90_m", "stated_ce90_median_m",
    )  # fmt: skip
    return {
        "points": statistics.count,
        "photos": statistics.photos,
        **{name: round(getattr(statistics, name), 3) + 0.0 for name in lengths},
        "mean_normalised_square": round(statistics.mean_normalised_square, 3),
        "ellipses": [
            {
                "level": coverage.level,
                "inside": coverage.inside,
                "share": round(coverage.share, 4),
                "interval_95": [round(bound, 4) for bound in coverage.interval],
                "interval_95_by_photo": [round(bound, 4) for bound in coverage.interval_by_photo],
            }
            for coverage in statistics.coverages
        ],
    }


def _point_row(check: PointCheck) -> Mapping[str, Cell]:
    truth, final = check.truth, check.final
    column_px, row_px = check.pixel or (truth.column_px, truth.row_px)
    row: dict[str, Cell] = dict.fromkeys(COLUMNS)
    row |= {
        "line": truth.line,
        "name": truth.name,
        "photo": check.photo or truth.photo,
        "column_px": round(column_px, 2),
        "row_px": round(row_px, 2),
        "true_latitude": round(truth.latitude_deg, 9),
        "true_longitude": round(truth.longitude_deg, 9),
        "true_height_m": truth.height_m,
    }
    if isinstance(final, NotPlaced):
        return row | {"not_compared": final.code.value, "detail": final.detail}
    return row | _found_cells(final) | _as_stated_cells(check)


def _found_cells(error: PointError) -> dict[str, Cell]:
    place = error.place
    east_m, north_m = error.offset_m.tolist()
    azimuths = np.array([error.view_azimuth_deg])
    along_m, across_m = turn_to_view(error.offset_m[None], azimuths)[0].tolist()
    major_m, minor_m, azimuth_deg = error_ellipse(error.covariance_m2)
    square = error.offset_m @ np.linalg.solve(error.covariance_m2, error.offset_m)
    return {
        "found_latitude": degrees(place.latitude_deg),
        "found_longitude": degrees(place.longitude_deg),
        "found_height_m": metres(place.height_m),
        "found_height_datum": place.height_datum,
        "method": place.method,
        "error_east_m": round(east_m, 3),
        "error_north_m": round(north_m, 3),
        "error_along_m": round(along_m, 3),
        "error_across_m": round(across_m, 3),
        "error_m": round(error.distance_m, 3),
        "stated_ce90_m": round(circular_error_90_m(error.covariance_m2), 3),
        "ellipse_major_m": round(major_m, 3),
        "ellipse_minor_m": round(minor_m, 3),
        "ellipse_azimuth_deg": round(azimuth_deg, 1),
        "inside_90": bool(square <= ELLIPSE_90),
    }


def _as_stated_cells(check: PointCheck) -> dict[str, Cell]:
    """Return the error without the poses put right, where they could be."""
    if check.refined is None or isinstance(check.stated, NotPlaced):
        return {}
    east_m, north_m = check.stated.offset_m.tolist()
    return {
        "as_stated_error_east_m": round(east_m, 3),
        "as_stated_error_north_m": round(north_m, 3),
    }
