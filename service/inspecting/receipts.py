"""The receipt: what became of every file found, and what a person can do about it."""

import json
from datetime import datetime

from inference.receipt import Reason
from service.inspecting.issue_record import Record, instant_text
from service.inspecting.not_photos import NOT_PHOTOS
from service.inspecting.result import InspectionResult
from service.report.model import ReportFile
from service.store.found_files import StoredFile
from service.translations import reason_text

SCHEMA_VERSION = "1"


def is_photo(file: StoredFile | ReportFile) -> bool:
    """Return whether a file is a photo or a frame of a video, or was meant to be one."""
    return all(reason.code not in NOT_PHOTOS for reason in file.reasons)


def render_receipt(result: InspectionResult, *, language: str) -> bytes:
    """Return the receipt as JSON in UTF-8, one file a line, by path."""
    entries = [
        json.dumps(_entry(file, result, language=language), ensure_ascii=False, allow_nan=False)
        for file in result.files
    ]
    body = ",\n".join(entries)
    return f'{{"schema_version": "{SCHEMA_VERSION}", "files": [\n{body}\n]}}\n'.encode()


def _entry(file: StoredFile, result: InspectionResult, *, language: str) -> Record:
    photo = result.photos.get(file.sha256 or "")
    captured_at: datetime | None = photo.metadata.captured_at if photo else None
    source = photo.metadata.capture_time_source if photo else None
    return {
        "path": file.name,
        "bytes": file.byte_count,
        "sha256": file.sha256,
        "outcome": file.outcome.value,
        "reasons": [_reason_record(reason, language=language) for reason in file.reasons],
        "duplicate_of": file.duplicate_of,
        "kind": photo.metadata.kind.value if photo else None,
        "flight_id": result.flight_id(photo.sha256) if photo else None,
        "captured_at": instant_text(captured_at),
        "capture_time_source": source.value if source else None,
    }


def _reason_record(reason: Reason, *, language: str) -> Record:
    advice = reason_text(reason.code, language).advice
    return {"code": reason.code.value, "detail": reason.detail, "advice": advice}
