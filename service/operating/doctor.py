"""What may be wrong with a deployment, looked at part by part: a line for each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from models.errors import ModelError
from models.registry import Registry
from service.blobs.open_blobs import open_blobs
from service.errors import ServiceError
from service.operating.doctor_parts import PARTS, Level, NoStoreError, Patient
from service.server_settings import ServerSettings
from service.store.engine import open_engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of one part."""

    part: str
    level: Level
    text: str


def examine(
    settings: ServerSettings,
    registry: Registry,
    *,
    now: datetime,
    parts: Collection[str] = tuple(PARTS),
) -> list[Finding]:
    """Look at parts of a deployment; one that cannot be looked at has failed.

    Args:
        settings: Of the deployment.
        registry: Of models.
        now: Aware.
        parts: Keys of PARTS.

    Raises:
        CannotStartError: The settings name no store or place for bytes at all.
    """
    patient = Patient(
        settings=settings,
        registry=registry,
        engine=open_engine(settings.database_url),
        blobs=open_blobs(settings.blobs_url, cache=settings.cache, s3=settings.s3),
    )
    try:
        return [_look(part, patient, now) for part in PARTS if part in parts]
    finally:
        patient.engine.dispose()


def _look(part: str, patient: Patient, now: datetime) -> Finding:
    try:
        level, told = PARTS[part](patient, now)
    except NoStoreError:
        level, told = Level.UNKNOWN, "not looked at, for want of the store"
    except (ServiceError, ModelError, OSError) as error:
        level, told = Level.FAILED, str(error)
    except SQLAlchemyError as error:
        # Only the driver's first line: others may repeat the address with its password.
        told = str(getattr(error, "orig", None) or "the store failed").strip().partition("\n")[0]
        level, told = Level.FAILED, f"{told} (SKYPATROL_DATABASE)"
    return Finding(part=part, level=level, text=told)
