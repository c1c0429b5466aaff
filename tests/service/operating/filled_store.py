"""A deployment in which something of everything is kept, and what is in a store, for comparing."""

import hashlib
from datetime import UTC, datetime

from sqlalchemy import Engine, select, text

from service.blobs.blob_store import BlobStore
from service.deployment import Deployment
from service.store.access_log import Access, log_access
from service.store.blobs import BlobKind, confirm_blob, list_stored, reserve_blob, use_blob
from service.store.engine import reading, writing
from service.store.files import AnnouncedFile, receive_file
from service.store.findings import StoredFinding, replace_findings
from service.store.flights import Flight, create_flight
from service.store.inspections import Run, save_run
from service.store.keys import ApiKey, add_key
from service.store.places import Box
from service.store.tables import Table

NOW = datetime(2026, 12, 1, 8, 30, 15, 123456, tzinfo=UTC)
FLIGHT = "019ad3c5-7a10-7f6e-8d7b-3c1f5f0c9a11"
PHOTOS = (b"", b"first photo", b"\x00\xff" * 3_000_000)
BOX = Box(west_deg=8.0, south_deg=47.0, east_deg=8.1, north_deg=47.1)
_RUN = Run(
    id="run",
    model_name="m",
    model_version="1",
    model_sha256="0" * 64,
    settings_hash="s",
    pipeline_version="p",
)


def fill(deployment: Deployment, *, now: datetime = NOW) -> list[str]:
    """Keep something of everything; return the hashes of its bytes."""
    with writing(deployment.engine) as session:
        create_flight(session, Flight(id=FLIGHT, name='周五 🛩 "card"\n', created_at=now))
        save_run(session, _RUN)
        finding = StoredFinding(
            id="x", class_name="c", confidence=0.1 + 0.2, record={"名": [1, None]}, box=BOX
        )
        replace_findings(session, FLIGHT, "run", [finding])
        add_key(
            session,
            ApiKey(
                id="0" * 16,
                name="ann",
                secret_sha256="1" * 64,
                roles=("operator",),
                units=None,
                created_at=now,
            ),
        )
        log_access(session, Access(at=now, who="ann", action="a", object="o"))
    return [keep_photo(deployment, f"{data[:9]!r}.jpg", data, now=now) for data in PHOTOS]


def keep_photo(deployment: Deployment, name: str, data: bytes, *, now: datetime = NOW) -> str:
    """Keep a photo as an upload does."""
    sha256 = hashlib.sha256(data).hexdigest()
    with writing(deployment.engine) as session:
        reserve_blob(session, sha256, BlobKind.ORIGINAL, byte_count=len(data), now=now)
    deployment.blobs.put_bytes(data)
    with writing(deployment.engine) as session:
        confirm_blob(session, sha256, BlobKind.ORIGINAL, now=now)
        use_blob(session, sha256, BlobKind.ORIGINAL, used_by=f"flight:{FLIGHT}")
        file = AnnouncedFile(name=name, byte_count=len(data), sha256=sha256)
        receive_file(session, FLIGHT, file, media_type="image/jpeg", now=now)
    return sha256


def read_rows(engine: Engine, *, without: frozenset[str] = frozenset()) -> dict[str, list[object]]:
    """Return all rows of all tables, those of the access log without some actions."""
    with reading(engine) as session:
        rows = {
            name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for name, table in Table.metadata.tables.items()
        }
        rows["version"] = [
            tuple(row) for row in session.execute(text("SELECT version_num FROM alembic_version"))
        ]
    rows["access_log"] = [row for row in rows["access_log"] if row[3] not in without]
    return rows


def damaged_bytes(engine: Engine, blobs: BlobStore) -> list[str]:
    """Return the hashes of stored bytes that are missing or other ones."""
    with reading(engine) as session:
        stored = list(list_stored(session))
    return [sha256 for sha256, _ in stored if not _is_sound(blobs, sha256)]


def _is_sound(blobs: BlobStore, sha256: str) -> bool:
    return blobs.exists(sha256) and hashlib.sha256(blobs.read(sha256)).hexdigest() == sha256
