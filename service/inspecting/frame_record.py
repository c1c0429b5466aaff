"""A position in the frames asked for besides WGS 84, for JSON and for tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from inference.geometry.output_frames import FramePosition, OutputFrame, convert_position
from inference.receipt import NotPlaced

Record = dict[str, Any]  # Any: JSON, that is texts, numbers, None and records

# What each frame gives; all of it is None where the frame does not reach.
PARTS = {
    OutputFrame.CGCS2000: ("latitude", "longitude", "grid"),
    OutputFrame.CGCS2000_6: ("latitude", "longitude", "grid"),
    OutputFrame.GCJ02: ("latitude", "longitude"),
    OutputFrame.UTM: ("grid",),
    OutputFrame.MGRS: ("reference",),
}
TABLE_COLUMNS = {
    "latitude": ("latitude",),
    "longitude": ("longitude",),
    "grid": ("grid_crs", "easting_m", "northing_m"),
    "reference": ("reference",),
}

# How much is worked out in docs/coordinates.md.
BALLPARK = "WGS 84 taken as it is (a ballpark transformation): plate motion may put 0.8 m between"
NOTES = {
    OutputFrame.CGCS2000: BALLPARK,
    OutputFrame.CGCS2000_6: BALLPARK,
    OutputFrame.GCJ02: "obfuscated frame of web maps in China, not surveyed: for such maps only",
}


def frame_records(
    latitude_deg: float, longitude_deg: float, frames: Sequence[OutputFrame]
) -> Record:
    """Return a record for each frame by its name; what a frame does not reach says why."""
    return {
        frame.value: _frame_record(convert_position(latitude_deg, longitude_deg, frame), frame)
        for frame in frames
    }


def frame_columns(frames: Sequence[OutputFrame]) -> list[str]:
    """Return the columns of a table for the frames."""
    return [
        f"{_prefix(frame)}_{column}"
        for frame in frames
        for part in PARTS[frame]
        for column in (*TABLE_COLUMNS[part], *(("missing",) if part == PARTS[frame][-1] else ()))
    ]


def frame_cells(
    records: Mapping[str, Record], frames: Sequence[OutputFrame]
) -> dict[str, str | float | None]:
    """Return the cells of one row; empty where there is no position at all."""
    cells: dict[str, str | float | None] = dict.fromkeys(frame_columns(frames))
    for frame in frames:
        record = records.get(frame.value)
        if record is not None:
            flat = {**record, **_grid_cells(record.get("grid"))}
            refusal = record["not_given"]
            flat["missing"] = refusal and refusal["code"]
            prefix = f"{_prefix(frame)}_"
            cells |= {name: flat[name.removeprefix(prefix)] for name in frame_columns([frame])}
    return cells


def _frame_record(position: FramePosition | NotPlaced, frame: OutputFrame) -> Record:
    if isinstance(position, NotPlaced):
        refusal = {"code": position.code.value, "detail": position.detail}
        nothing = dict.fromkeys(PARTS[frame])
        return {"crs": None, **nothing, "note": NOTES.get(frame), "not_given": refusal}
    values = {
        "latitude": _degrees(position.latitude_deg),
        "longitude": _degrees(position.longitude_deg),
        "grid": _grid_record(position),
        "reference": position.reference,
    }
    given = {part: values[part] for part in PARTS[frame]}
    return {"crs": position.crs, **given, "note": NOTES.get(frame), "not_given": None}


def _grid_record(position: FramePosition) -> Record | None:
    grid = position.grid
    if grid is None:
        return None
    return {
        "crs": grid.crs,
        "name": grid.name,
        "easting_m": round(grid.easting_m, 2),
        "northing_m": round(grid.northing_m, 2),
    }


def _grid_cells(grid: Record | None) -> Record:
    if grid is None:
        return dict.fromkeys(TABLE_COLUMNS["grid"])
    return {"grid_crs": grid["crs"], **{name: grid[name] for name in ("easting_m", "northing_m")}}


def _degrees(value: float | None) -> float | None:
    """Return degrees to about 1 cm."""
    return None if value is None else round(value, 7) + 0.0


def _prefix(frame: OutputFrame) -> str:
    return frame.value.replace("-", "_")
