"""The store of `skypatrol inspect`: a SQLite file with one flight, a transaction for each save."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DatabaseError

from inference.reading.metadata import PhotoMetadata
from inference.sighting import Detection
from service.errors import CannotStartError
from service.store import found_files, inspections
from service.store.engine import open_engine, reading, writing
from service.store.flights import FlightState
from service.store.found_files import StoredFile
from service.store.inspections import Inspection, Run
from service.store.schema import HEAD, create_tables, read_revision
from service.store.tables import FlightRow
from service.store.upsert import insert_if_absent

LOCAL_FLIGHT = "local"  # the one flight that all files of an inspection belong to


class Store:
    """An open store file. One writer at a time; each `save_` is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine.dispose()

    def save_run(self, run: Run) -> None:
        """Keep a run as the one that was begun last; its inspections stay where it is known."""
        with writing(self._engine) as session:
            inspections.save_run(session, run)

    def read_runs(self) -> list[Run]:
        """Return all runs, the one that was begun last at the end."""
        with reading(self._engine) as session:
            return inspections.read_runs(session)

    def save_files(self, files: Iterable[StoredFile]) -> None:
        """Keep these files as what was found, in place of all earlier ones."""
        with writing(self._engine) as session:
            found_files.save_files(session, LOCAL_FLIGHT, files)

    def read_files(self) -> list[StoredFile]:
        """Return what was found at the last intake, by name."""
        with reading(self._engine) as session:
            return found_files.read_files(session, LOCAL_FLIGHT)

    def save_photo(self, sha256: str, metadata: PhotoMetadata, *, read_as: str) -> None:
        """Keep a photo's metadata in place of what an earlier reading found."""
        with writing(self._engine) as session:
            inspections.save_photo(session, sha256, metadata, read_as=read_as)

    def read_photos(self, *, read_as: str) -> dict[str, PhotoMetadata]:
        """Return the metadata by SHA-256 of all photos that were read in this way."""
        with reading(self._engine) as session:
            return inspections.read_photos(session, read_as=read_as)

    def save_inspection(
        self, run_id: str, inspection: Inspection, detections: Sequence[Detection]
    ) -> None:
        """Keep a photo's outcome together with its detections: both or neither."""
        with writing(self._engine) as session:
            inspections.save_inspection(session, run_id, inspection, detections)

    def save_features(self, sha256: str, features: bytes, *, described_as: str) -> None:
        """Keep a photo's features in place of earlier ones."""
        with writing(self._engine) as session:
            inspections.save_features(session, sha256, features, described_as=described_as)

    def read_described(self, *, described_as: str) -> set[str]:
        """Return the SHA-256 of all photos whose features were described in this way."""
        with reading(self._engine) as session:
            return inspections.read_described(session, described_as=described_as)

    def read_features(self, sha256: str, *, described_as: str) -> bytes | None:
        """Return a photo's features, or None where there are none of this description."""
        with reading(self._engine) as session:
            return inspections.read_features(session, sha256, described_as=described_as)

    def read_inspections(self, run_id: str) -> dict[str, Inspection]:
        """Return the finished inspections of a run by the photo's SHA-256."""
        with reading(self._engine) as session:
            return inspections.read_inspections(session, run_id)

    def read_detections(self, run_id: str) -> dict[str, list[Detection]]:
        """Return a run's detections by the photo's SHA-256, best first, in a fixed order."""
        with reading(self._engine) as session:
            return inspections.read_detections(session, run_id)


def open_store(path: Path) -> Store:
    """Return the store in this file, made if there is none.

    Raises:
        CannotStartError: The file is no store, or one of another version.
    """
    engine = open_engine(URL.create("sqlite", database=str(path)), durable=False)
    try:
        revision = _prepare(engine)
    except DatabaseError as error:
        engine.dispose()
        raise CannotStartError(
            f"{path} cannot be used as a store: {error.orig}; use --fresh to start anew"
        ) from error
    if revision != HEAD:
        engine.dispose()
        raise CannotStartError(
            f"{path} was made by another version of skypatrol; use --fresh to start anew"
        )
    return Store(engine)


def _prepare(engine: Engine) -> str | None:
    """Return the revision of the store, which is made where the file is new."""
    with writing(engine) as session:
        connection = session.connection()
        is_new = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0
        # Stores of the first versions had a number of their own here.
        if is_new and connection.exec_driver_sql("PRAGMA user_version").scalar() == 0:
            create_tables(connection)
            local = {
                "id": LOCAL_FLIGHT,
                "name": LOCAL_FLIGHT,
                "state": FlightState.OPEN.value,
                "details_json": "{}",
            }
            insert_if_absent(session, FlightRow, local | {"last_event": 0})
        return read_revision(connection)
