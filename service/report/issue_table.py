"""Issues as a table for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from inference.geometry.output_frames import OutputFrame
from service.inspecting.frame_record import frame_cells, frame_columns
from service.inspecting.issue_record import Record
from service.spreadsheet import safe_cell

COLUMNS = (
    "id", "class", "title_en", "title_zh", "also_looks_like", "status", "status_text",
    "confidence", "severity",
    "latitude", "longitude", "accuracy_m_ce90", "method", "refined", "doubts", "not_placed",
    "camera_latitude", "camera_longitude", "grid_id", "responsible_unit", "suppressed_by",
    "observation_count", "first_seen", "last_seen", "time_zone_known", "photo", "photo_sha256",
    "evidence",
)  # fmt: skip


def render_issue_table(features: Iterable[Record], *, frames: Sequence[OutputFrame] = ()) -> bytes:
    """Return the issues as CSV in UTF-8 with a byte order mark, by which Excel knows Chinese.

    Args:
        features: Of the issues.
        frames: Those with columns of their own, as far right.
    """
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, [*COLUMNS, *frame_columns(frames)])
    table.writeheader()
    for feature in features:
        record = feature["properties"]
        row = {**_row(str(feature["id"]), record), **_frame_cells(record, frames)}
        table.writerow({name: safe_cell(value) for name, value in row.items()})
    return text.getvalue().encode("utf-8-sig")


def _row(issue_id: str, record: Record) -> Mapping[str, str | float | int | None]:
    position, camera = record["position"] or {}, record["camera_position"] or {}
    best, evidence = record["observations"][0], record["evidence"]
    title, refusal, permit = record["title"], record["not_placed"], record["suppressed_by"]
    same = ("class", "status", "status_text", "confidence", "severity", "grid_id",
            "responsible_unit", "observation_count", "first_seen", "last_seen",
            "time_zone_known")  # fmt: skip
    return {name: record[name] for name in same} | {
        "id": issue_id,
        "title_en": title and title["en"],
        "title_zh": title and title["zh"],
        "also_looks_like": ", ".join(other["class"] for other in record["also_looks_like"]),
        "latitude": position.get("latitude"),
        "longitude": position.get("longitude"),
        "accuracy_m_ce90": position.get("accuracy_m"),
        "method": position.get("method"),
        "refined": position.get("refined"),
        "doubts": " ".join(position.get("doubts", ())),
        "not_placed": refusal and refusal["code"],
        "camera_latitude": camera.get("latitude"),
        "camera_longitude": camera.get("longitude"),
        "suppressed_by": permit and permit["permit_id"],
        "photo": best["photo"],
        "photo_sha256": best["photo_sha256"],
        "evidence": evidence[0]["path"] if evidence else None,
    }


def _frame_cells(record: Record, frames: Sequence[OutputFrame]) -> Mapping[str, str | float | None]:
    position = record["position"] or {}
    return frame_cells(position.get("frames", {}), frames)
