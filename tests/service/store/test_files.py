from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from inference.receipt import Outcome, Reason, ReasonCode
from service.errors import ConflictError, UnknownRecordError
from service.store.blobs import BlobKind, confirm_blob, purge_blobs, reserve_blob
from service.store.engine import reading, writing
from service.store.events import read_events
from service.store.files import (
    AnnouncedFile,
    FileState,
    FlightFile,
    add_part,
    announce_files,
    count_files,
    override_hold,
    read_file,
    read_receipt,
    receive_file,
    settle_file,
)
from service.store.flights import Flight, create_flight
from service.store.jobs import JobKind, JobState, claim, finish, read_job

NOW = datetime(2026, 12, 1, tzinfo=UTC)
A = AnnouncedFile(name="DCIM/a.jpg", byte_count=8_000_000_000, sha256="a" * 64)
B = AnnouncedFile(name="DCIM/b.jpg", byte_count=2, sha256="b" * 64)
HELD = (Reason(code=ReasonCode.NO_GPS, detail="照片没有位置"),)


@pytest.fixture
def flight(engine: Engine) -> Engine:
    """Return the database with the flight `f` of unit x, and an older one of y."""
    with writing(engine) as session:
        create_flight(session, Flight(id="f", name="card", created_at=NOW, unit="x"))
        create_flight(session, Flight(id="e", name="card", created_at=NOW, unit="y"))
    return engine


def receive(session: Session, file: AnnouncedFile, flight_id: str = "f") -> FlightFile:
    return receive_file(session, flight_id, file, media_type="image/jpeg", now=NOW)


def store(engine: Engine, file: AnnouncedFile) -> None:
    """Store a file's bytes."""
    with writing(engine) as session:
        kind, count = BlobKind.ORIGINAL, file.byte_count
        reserve_blob(session, file.sha256, kind, byte_count=count, now=NOW)
        confirm_blob(session, file.sha256, kind, now=NOW)


def test_of_announced_files_those_that_have_arrived_are_known(flight: Engine) -> None:
    with writing(flight) as session:
        assert announce_files(session, "f", [B, A], now=NOW) == set()
        receive(session, A)
        assert announce_files(session, "f", [B, A], now=NOW) == {A.name}
        assert [file.state for file in read_receipt(session, "f")] == ["received", "announced"]


def test_many_files_are_announced_at_once(flight: Engine) -> None:
    many = [replace(A, name=f"{number:04}.jpg", sha256=f"{number:064}") for number in range(1200)]
    with writing(flight) as session:
        receive(session, many[-1])
        assert announce_files(session, "f", many, now=NOW) == {"1199.jpg"}
        assert count_files(session, "f")["announced"] == 1199


def test_two_announced_files_of_one_name_are_refused(flight: Engine) -> None:
    with writing(flight) as session, pytest.raises(ConflictError, match="same name"):
        announce_files(session, "f", [A, A], now=NOW)


def test_bytes_that_came_with_another_flight_of_the_unit_need_not_be_sent(flight: Engine) -> None:
    store(flight, A)
    with writing(flight) as session:
        create_flight(session, Flight(id="g", name="again", created_at=NOW, unit="x"))
        receive(session, A)
        assert announce_files(session, "g", [A], now=NOW) == {A.name}
        assert read_file(session, "g", A.name).state is FileState.RECEIVED
        assert read_file(session, "g", A.name).media_type == "image/jpeg"
        job = read_job(session, JobKind.RECEIVE, f"g/{A.name}/{A.sha256}")
        assert job is not None
        # A hash proves nothing: another unit may have read it in a report.
        assert announce_files(session, "e", [A], now=NOW) == set()


def test_bytes_that_were_purged_are_sent_again(flight: Engine) -> None:
    store(flight, A)
    with writing(flight) as session:
        receive(session, A)
        [job] = claim(session, worker="w", kinds=JobKind, lease=timedelta(minutes=1), now=NOW)
        finish(session, job, now=NOW)  # bytes that are left to be looked at would stay
        create_flight(session, Flight(id="g", name="again", created_at=NOW, unit="x"))
    later = NOW + timedelta(days=31)
    purge_blobs(flight, keep_days={BlobKind.ORIGINAL: 30}, now=later, delete_bytes=lambda _: None)
    with writing(flight) as session:
        assert announce_files(session, "g", [A], now=later) == set()


def test_a_file_that_arrives_twice_is_one_job_and_one_event(flight: Engine) -> None:
    for _ in range(2):
        with writing(flight) as session:
            assert receive(session, A).state is FileState.RECEIVED
    with reading(flight) as session:
        job = read_job(session, JobKind.RECEIVE, f"f/{A.name}/{A.sha256}")
        assert job is not None
        assert (job.state, job.payload) == (
            JobState.WAITING,
            {"name": A.name, "sha256": A.sha256},
        )
        kinds = [event.kind for event in read_events(session, "f")]
        assert kinds == ["created", "file_received"]


def test_an_arrival_that_is_rolled_back_leaves_no_job(flight: Engine) -> None:
    def receive_in_vain() -> None:
        with writing(flight) as session:
            receive(session, A)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        receive_in_vain()
    with reading(flight) as session:
        assert read_receipt(session, "f") == []
        assert read_job(session, JobKind.RECEIVE, f"f/{A.name}/{A.sha256}") is None


def test_other_bytes_under_a_name_that_has_arrived_are_refused(flight: Engine) -> None:
    other = replace(A, sha256="c" * 64)
    with writing(flight) as session:
        announce_files(session, "f", [other], now=NOW)
        receive(session, A)  # only announced: the card was changed meanwhile
        with pytest.raises(ConflictError, match=A.sha256):
            receive(session, other)


def test_a_rejected_file_may_come_again_with_other_bytes(flight: Engine) -> None:
    whole = replace(A, sha256="c" * 64)
    cut = (Reason(code=ReasonCode.TRUNCATED),)
    with writing(flight) as session:
        receive(session, A)
        settle_file(session, "f", A.name, Outcome.REJECTED, cut, now=NOW)
        assert announce_files(session, "f", [whole], now=NOW) == set()
        received = receive(session, whole)
        assert (received.state, received.outcome, received.reasons) == ("received", None, ())
        assert read_job(session, JobKind.RECEIVE, f"f/{A.name}/{whole.sha256}") is not None


def test_a_file_gets_its_answer_with_reasons_and_one_event(flight: Engine) -> None:
    with writing(flight) as session:
        receive(session, A)
    for _ in range(2):  # the job ran twice
        with writing(flight) as session:
            settle_file(session, "f", A.name, Outcome.HELD, HELD, now=NOW)
    with reading(flight) as session:
        (line,) = read_receipt(session, "f")
        assert (line.state, line.outcome, line.reasons) == (FileState.SETTLED, Outcome.HELD, HELD)
        assert line.byte_count == 8_000_000_000
        assert [event.data for event in read_events(session, "f", after=2)] == [
            {"name": A.name, "outcome": "held", "reasons": ["no_gps"]}
        ]


def test_a_hold_that_is_overridden_says_by_whom_and_does_not_come_back(flight: Engine) -> None:
    with writing(flight) as session:
        receive(session, A)
        settle_file(session, "f", A.name, Outcome.HELD, HELD, now=NOW)
        through = override_hold(session, "f", A.name, who="key-1", why="known place", now=NOW)
        assert through.outcome is Outcome.ACCEPTED
        again = settle_file(session, "f", A.name, Outcome.HELD, HELD, now=NOW)
    assert (again.outcome, again.reasons) == (Outcome.ACCEPTED, HELD)
    assert again.override is not None
    assert (again.override.who, again.override.why) == ("key-1", "known place")


def test_only_a_hold_can_be_overridden(flight: Engine) -> None:
    with writing(flight) as session:
        receive(session, A)
        with pytest.raises(ConflictError):
            override_hold(session, "f", A.name, who="key-1", why="", now=NOW)
        with pytest.raises(UnknownRecordError):
            override_hold(session, "f", "nowhere", who="key-1", why="", now=NOW)


def test_parts_of_an_archive_or_video_are_lines_of_their_own(flight: Engine) -> None:
    frame = FlightFile(
        flight_id="f",
        name="v.mp4#00:01",
        byte_count=None,
        sha256="d" * 64,
        state=FileState.SETTLED,
        outcome=Outcome.ACCEPTED,
        part_of="v.mp4",
    )
    for _ in range(2):
        with writing(flight) as session:
            add_part(session, "f", frame, now=NOW)
    with writing(flight) as session:
        assert read_receipt(session, "f") == [frame]
        entry = receive_file(session, "f", B, media_type="image/jpeg", part_of="card.zip", now=NOW)
        assert entry.part_of == "card.zip"


def test_files_are_counted_by_answer_and_read_in_pages(flight: Engine) -> None:
    names = ["Z.jpg", "a.jpg", "照片.jpg", "ä.jpg"]
    with writing(flight) as session:
        for name in names:
            receive(session, replace(A, name=name))
        settle_file(session, "f", "a.jpg", Outcome.ACCEPTED, now=NOW)
        announce_files(session, "f", [B], now=NOW)
        assert count_files(session, "f") == {
            "announced": 1, "received": 3, "accepted": 1, "held": 0, "rejected": 0
        }  # fmt: skip
        first = read_receipt(session, "f", limit=3)
        rest = read_receipt(session, "f", after=first[-1].name)
    # By bytes of UTF-8, on any server, whatever language it speaks.
    assert [file.name for file in [*first, *rest]] == [
        "DCIM/b.jpg", "Z.jpg", "a.jpg", "ä.jpg", "照片.jpg"
    ]  # fmt: skip


def test_a_flight_that_is_not_there_takes_no_files(flight: Engine) -> None:
    with writing(flight) as session:
        with pytest.raises(UnknownRecordError):
            announce_files(session, "nowhere", [A], now=NOW)
        with pytest.raises(UnknownRecordError):
            receive(session, A, "nowhere")
        with pytest.raises(UnknownRecordError):
            read_receipt(session, "nowhere")
