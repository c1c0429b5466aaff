"""The parts that API and workers share: store, bytes, folder of arrivals."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from service.blobs.blob_store import BlobStore
from service.blobs.disk import write_folder
from service.blobs.errors import DiskFullError
from service.blobs.open_blobs import open_blobs
from service.errors import CannotStartError
from service.server_settings import ServerSettings
from service.store.engine import open_engine
from service.store.migrate import current, upgrade
from service.store.schema import HEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What one process of the service works with; threads may share it.

    Attributes:
        engine: The store, at the version that this code works with.
        incoming: Folder of files on their way in; need not exist.
    """

    settings: ServerSettings
    engine: Engine
    blobs: BlobStore
    incoming: Path

    def close(self) -> None:
        """Give the store's connections back."""
        self.engine.dispose()


def open_deployment(settings: ServerSettings, *, upgrade_embedded: bool = False) -> Deployment:
    """Return the parts that the settings name. A new SQLite file gets its tables.

    Args:
        settings: Of this process.
        upgrade_embedded: Bring the SQLite file in the data folder to this version. `serve` does
            so before it starts anything; nobody else may be at work then.

    Raises:
        CannotStartError: The store cannot be opened, or is of another version; or the settings
            name no place for bytes.
    """
    try:
        write_folder(settings.data.absolute())
    except (OSError, DiskFullError) as error:
        raise CannotStartError(f"SKYPATROL_DATA: {settings.data}: {error}") from error
    blobs = open_blobs(settings.blobs_url, cache=settings.cache, s3=settings.s3)
    engine = open_engine(settings.database_url)
    try:
        _prepare_store(engine, may_upgrade=upgrade_embedded and settings.is_embedded)
    except DBAPIError as error:
        engine.dispose()
        # Only the driver's first line: others may repeat the address with its password.
        reason = str(error.orig).strip().partition("\n")[0]
        raise CannotStartError(f"the store cannot be opened: {reason}") from error
    except BaseException:
        engine.dispose()
        raise
    return Deployment(
        settings=settings, engine=engine, blobs=blobs, incoming=settings.incoming.absolute()
    )


def _prepare_store(engine: Engine, *, may_upgrade: bool) -> None:
    """Make the tables of a new SQLite file, or upgrade where that is allowed.

    Raises:
        CannotStartError: The store is of another version.
    """
    is_new_file = _is_new_file(engine)
    revision = None if is_new_file else current(engine)
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        raise CannotStartError(
            f"the store is at version {revision}, and this skypatrol knows none beyond {HEAD}: "
            "start the version that it was last used with, or a newer one"
        )
    if is_new_file or may_upgrade:
        upgrade(engine)
        return
    if revision is None:
        raise CannotStartError("the store holds no tables: run skypatrol store upgrade")
    raise CannotStartError(
        f"the store is at version {revision}, this skypatrol works with {HEAD}: "
        "run skypatrol store upgrade (after a backup)"
    )


def _is_new_file(engine: Engine) -> bool:
    address = make_url(engine.url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return False
    path = Path(address.database)
    return not path.exists() or path.stat().st_size == 0
