"""How an attempt at a job ends: done, given up, or put off; always together with its effects."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from inference.receipt import Outcome, Reason, ReasonCode
from service.blobs.errors import BlobNotFoundError
from service.errors import LeaseLostError, TemporaryError, UnknownRecordError
from service.store.conclusions import SOON, want_conclusion
from service.store.engine import writing
from service.store.events import append_event
from service.store.files import FileState, read_file, settle_file
from service.store.inspections import Inspection, save_inspection
from service.store.jobs import (
    Job,
    JobKind,
    end_lost,
    fail,
    finish,
    postpone,
)
from service.worker.errors import NotYetError, UnreadableError
from service.worker.job_payload import Payload, read_payload
from service.worker.workshop import Workshop

Effect = Callable[[Session, datetime], None]  # writes what came of a job; may be called again

WRITES = 3  # attempts to write an effect: databases let one of two that block each other fail
# After these the flight may be ready to be concluded.
PARTS_OF_A_FLIGHT = frozenset({JobKind.RECEIVE, JobKind.UNPACK, JobKind.INSPECT})
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)

_LOG = logging.getLogger(__name__)


class Ending(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    GIVEN_UP = "given_up"
    RETRY = "retry"  # the job's own fault, perhaps
    PUT_OFF = "put_off"  # not its fault: the places around it do not work
    LOST = "lost"  # somebody else has it


def do_job(shop: Workshop, job: Job, compute: Callable[[], Effect], *, waits: int = 0) -> Ending:
    """Do a claimed job and write its effects together with its end.

    Args:
        shop: What it is done with.
        job: As claimed.
        compute: Does the work; what it returns is written in one transaction.
        waits: How often this job was put off by this process before.
    """
    try:
        _write(shop, job, compute())
    except LeaseLostError:
        _LOG.warning("%s %s took too long and is somebody else's now", job.kind, job.key)
        return Ending.LOST
    except NotYetError as error:
        return _put_off(shop, job, until=error.until, code=error.code, detail="")
    except (TemporaryError, DBAPIError) as error:
        # The places around us do not work: no photo is to blame, however long it takes.
        _LOG.warning("%s %s is put off: %s", job.kind, job.key, _line(error))
        until = shop.now() + min(FIRST_WAIT * 2 ** min(waits, 10), LONGEST_WAIT)
        return _put_off(shop, job, until=until, code=_code(error), detail=_line(error))
    except (UnreadableError, BlobNotFoundError, MemoryError) as error:
        _LOG.warning("%s %s, attempt %d: %s", job.kind, job.key, job.attempt, _line(error))
        retry_at = shop.now() + min(FIRST_WAIT * 4**job.attempt, LONGEST_WAIT)
        return _give_up(shop, job, _code(error), _line(error), retry_at=retry_at)
    except Exception as error:
        _LOG.exception("unexpected failure of %s %s", job.kind, job.key)
        return _give_up(shop, job, "unexpected", type(error).__name__, retry_at=None)
    return Ending.DONE


def end_lost_jobs(shop: Workshop) -> list[Job]:
    """Give up the jobs whose workers died on them each time, and return them."""
    with writing(shop.deployment.engine) as session:
        ended = end_lost(session, now=shop.now(), limit=10)
        for job in ended:
            _tell_failure(session, shop, job, detail=f"its worker died {job.attempt} times")
    for job in ended:
        _LOG.error("%s %s killed its worker %d times", job.kind, job.key, job.attempt)
    return ended


def _write(shop: Workshop, job: Job, effect: Effect) -> None:
    for attempt in range(1, WRITES + 1):
        try:
            with writing(shop.deployment.engine) as session:
                now = shop.now()
                effect(session, now)
                if job.kind in PARTS_OF_A_FLIGHT and job.flight_id is not None:
                    want_conclusion(session, job.flight_id, now=now, delay=SOON)
                finish(session, job, now=now)
        except DBAPIError:
            if attempt == WRITES:
                raise
        except UnknownRecordError as error:  # the flight was removed, and its jobs with it
            raise LeaseLostError(str(error)) from error
        else:
            return


def _put_off(shop: Workshop, job: Job, *, until: datetime, code: str, detail: str) -> Ending:
    try:
        with writing(shop.deployment.engine) as session:
            postpone(session, job, until=until, code=code, detail=detail)
    except LeaseLostError:
        return Ending.LOST
    except DBAPIError:  # the store itself: the lease will end
        _LOG.warning("%s %s cannot be put off: the store does not answer", job.kind, job.key)
    return Ending.PUT_OFF


def _give_up(
    shop: Workshop, job: Job, code: str, detail: str, *, retry_at: datetime | None
) -> Ending:
    will_retry = retry_at is not None and not job.is_last_attempt
    try:
        with writing(shop.deployment.engine) as session:
            if not will_retry:
                _tell_failure(session, shop, job, detail=detail)
            fail(session, job, code=code, detail=detail, now=shop.now(), retry_at=retry_at)
    except LeaseLostError:
        return Ending.LOST
    except DBAPIError:
        _LOG.warning("%s %s: the store does not answer", job.kind, job.key)
        return Ending.PUT_OFF
    return Ending.RETRY if will_retry else Ending.GIVEN_UP


def _tell_failure(session: Session, shop: Workshop, job: Job, *, detail: str) -> None:
    """Write into the receipt what a failed job means for its file or photo."""
    now, flight_id = shop.now(), job.flight_id
    if flight_id is None:
        return
    reason = Reason(code=ReasonCode.INSPECTION_FAILED, detail=f"{job.kind}: {detail}")
    if job.kind is JobKind.CONCLUDE:
        append_event(session, flight_id, kind="conclusion_failed", data={"detail": detail}, now=now)
        return
    if job.kind is JobKind.DEPICT:
        return
    payload = read_payload(job)
    _reject(session, flight_id, payload, reason, now=now)
    if job.kind is JobKind.INSPECT:
        failed = Inspection(
            photo_sha256=payload.sha256,
            outcome=Outcome.REJECTED,
            gsd_m=payload.gsd_m,
            reasons=(reason,),
        )
        save_inspection(session, shop.basis.run.id, failed, ())
    want_conclusion(session, flight_id, now=now, delay=SOON)


def _reject(
    session: Session, flight_id: str, payload: Payload, reason: Reason, *, now: datetime
) -> None:
    try:
        file = read_file(session, flight_id, payload.name)
    except UnknownRecordError:
        return
    if file.sha256 == payload.sha256 and file.state is not FileState.ANNOUNCED:
        settle_file(session, flight_id, payload.name, Outcome.REJECTED, [reason], now=now)


def _code(error: BaseException) -> str:
    """Return an error's name as codes are written, such as `disk_full`."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _line(error: BaseException) -> str:
    """Return what an error says, in one line; of a database's only what holds no values."""
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return (text.strip().partition("\n")[0] or type(error).__name__)[:500]
