from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from inference.receipt import Outcome, Reason, ReasonCode
from service.store.access_log import Access, log_access
from service.store.blobs import BlobKind, confirm_blob, reserve_blob
from service.store.engine import reading, writing
from service.store.files import AnnouncedFile, announce_files, receive_file, settle_file
from service.store.flights import Flight, create_flight
from service.store.jobs import JobKind, JobState, claim
from service.store.statistics import KeptBytes, StoreStatistics, read_statistics
from service.store.workers import WorkerNote, note_worker

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TRUNCATED = Reason(code=ReasonCode.TRUNCATED)


def read(engine: Engine) -> StoreStatistics:
    with reading(engine) as session:
        return read_statistics(session, now=LATER)


def test_living_workers_and_the_last_backup_are_told(engine: Engine) -> None:
    with writing(engine) as session:
        for name, minutes in (("a", 0), ("b", 4)):
            seen_at = NOW + timedelta(minutes=minutes)
            worker = WorkerNote(
                id=name, host="h", pid=1, run_id="r", started_at=NOW, seen_at=seen_at
            )
            note_worker(session, worker)
        for at in (NOW, LATER):
            access = Access(at=at, who="me", action="backup", object="backup")
            log_access(session, access)
    assert read(engine).workers == 1
    assert read(engine).last_done == {"backup": LATER}


def announced(name: str, byte_count: int = 3 << 31) -> AnnouncedFile:
    return AnnouncedFile(name=name, byte_count=byte_count, sha256=name * 64)


def test_an_empty_store_has_nothing(engine: Engine) -> None:
    assert read(engine) == StoreStatistics(
        jobs={},
        oldest_due={},
        flights={},
        files={},
        reasons={},
        uploaded_bytes=0,
        inspected={},
        kept={},
        workers=0,
        last_done={},
    )


def test_all_is_counted_by_what_became_of_it(engine: Engine) -> None:
    with writing(engine) as session:
        create_flight(session, Flight(id="f1", name="friday", created_at=NOW))
        announce_files(session, "f1", [announced(name) for name in "abcd"], now=NOW)
        for name in "abc":
            receive_file(session, "f1", announced(name), media_type="image/jpeg", now=NOW)
        receive_file(session, "f1", announced("e"), media_type="image/jpeg", now=NOW, part_of="a")
        settle_file(session, "f1", "a", Outcome.REJECTED, [TRUNCATED], now=NOW)
        settle_file(
            session,
            "f1",
            "b",
            Outcome.REJECTED,
            [TRUNCATED, Reason(code=ReasonCode.TOO_SMALL)],
            now=NOW,
        )
        claim(
            session,
            worker="w",
            kinds=[JobKind.RECEIVE],
            lease=timedelta(minutes=2),
            now=NOW,
            limit=1,
        )
        reserve_blob(session, "a", BlobKind.ORIGINAL, byte_count=3 << 31, now=NOW)
        confirm_blob(session, "a", BlobKind.ORIGINAL, now=NOW)
        reserve_blob(session, "b", BlobKind.ORIGINAL, byte_count=9, now=NOW)  # not there yet
    found = read(engine)
    assert found.jobs == {
        (JobKind.RECEIVE, JobState.WAITING): 3,
        (JobKind.RECEIVE, JobState.CLAIMED): 1,
    }
    assert found.oldest_due == {JobKind.RECEIVE: NOW}
    assert found.flights == {"open": 1}
    assert found.files == {"announced": 1, "received": 2, "rejected": 2}
    assert found.reasons == {("rejected", "truncated"): 2, ("rejected", "too_small"): 1}
    assert found.uploaded_bytes == 9 << 31  # beyond 32 bits; parts of archives are not sent
    assert found.kept == {BlobKind.ORIGINAL: KeptBytes(count=1, byte_count=3 << 31)}
