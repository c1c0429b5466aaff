from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from service.errors import UnknownRecordError
from service.store.blobs import (
    Blob,
    BlobKind,
    confirm_blob,
    count_purgeable,
    delete_unknown,
    forget_unfinished,
    list_purgeable,
    list_stored,
    list_unfinished,
    purge_blobs,
    read_blob,
    release_blobs,
    renew_blobs,
    reserve_blob,
    use_blob,
)
from service.store.engine import reading, writing
from service.store.files import AnnouncedFile, receive_file
from service.store.flights import Flight, create_flight
from service.store.jobs import JobKind, claim, finish

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=10)
KEEP = {BlobKind.ORIGINAL: 9, BlobKind.CROP: 9}


def store(engine: Engine, sha256: str, kind: BlobKind = BlobKind.ORIGINAL) -> None:
    with writing(engine) as session:
        reserve_blob(session, sha256, kind, byte_count=5, now=NOW)
        confirm_blob(session, sha256, kind, now=NOW)


def purge(engine: Engine, now: datetime = LATER) -> tuple[list[str], list[str]]:
    """Return what was forgotten, and which bytes were deleted."""
    deleted: list[str] = []
    gone = purge_blobs(engine, keep_days=KEEP, now=now, delete_bytes=deleted.append)
    return [blob.sha256 for blob in gone], deleted


def test_bytes_are_known_from_their_reservation_and_stored_once_confirmed(engine: Engine) -> None:
    with writing(engine) as session:
        reserve_blob(session, "a", BlobKind.ARCHIVE, byte_count=3 << 32, now=NOW)
        reserved = read_blob(session, "a", BlobKind.ARCHIVE)
        assert reserved is not None
        assert reserved.stored_at is None
        confirm_blob(session, "a", BlobKind.ARCHIVE, now=LATER)
        assert read_blob(session, "a", BlobKind.ARCHIVE) == Blob(
            sha256="a",
            kind=BlobKind.ARCHIVE,
            byte_count=3 << 32,
            created_at=NOW,
            last_needed_at=LATER,
            stored_at=LATER,
        )
        assert read_blob(session, "a", BlobKind.CROP) is None


def test_bytes_go_when_they_were_needed_too_long_ago(engine: Engine) -> None:
    store(engine, "a")
    assert purge(engine, NOW + timedelta(days=9)) == ([], [])
    assert purge(engine) == (["a"], ["a"])
    with reading(engine) as session:
        assert read_blob(session, "a", BlobKind.ORIGINAL) is None
    assert purge(engine) == ([], [])


def test_kinds_without_a_number_of_days_stay_for_ever(engine: Engine) -> None:
    store(engine, "a", BlobKind.EVIDENCE)
    assert purge(engine, NOW + timedelta(days=10_000)) == ([], [])


def test_bytes_stay_while_somebody_uses_them(engine: Engine) -> None:
    store(engine, "a")
    with writing(engine) as session:
        for user in ("issue:1", "issue:2", "issue:2"):
            use_blob(session, "a", BlobKind.ORIGINAL, used_by=user)
        release_blobs(session, used_by="issue:1")
    assert purge(engine) == ([], [])
    with writing(engine) as session:
        release_blobs(session, used_by="issue:2")
    assert purge(engine) == (["a"], ["a"])


def test_bytes_that_are_needed_again_stay(engine: Engine) -> None:
    store(engine, "a")
    with writing(engine) as session:
        reserve_blob(session, "a", BlobKind.ORIGINAL, byte_count=5, now=LATER)
    assert purge(engine) == ([], [])


def test_bytes_kept_for_two_purposes_are_deleted_with_the_last(engine: Engine) -> None:
    store(engine, "a", BlobKind.ORIGINAL)
    store(engine, "a", BlobKind.EVIDENCE)
    assert purge(engine) == (["a"], [])
    with reading(engine) as session:
        assert read_blob(session, "a", BlobKind.EVIDENCE) is not None


def test_a_purge_that_was_killed_is_ended_by_the_next(engine: Engine) -> None:
    store(engine, "a")

    def die(sha256: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        purge_blobs(engine, keep_days=KEEP, now=LATER, delete_bytes=die)
    with writing(engine) as session:
        left = read_blob(session, "a", BlobKind.ORIGINAL)
        assert left is not None
        assert left.stored_at is None  # nobody takes it for stored
        with pytest.raises(UnknownRecordError):
            use_blob(session, "a", BlobKind.ORIGINAL, used_by="issue:1")
    assert purge(engine) == (["a"], ["a"])


def test_bytes_that_are_needed_between_finding_and_purging_stay(engine: Engine) -> None:
    store(engine, "a")
    store(engine, "b")
    deleted = []

    def delete(sha256: str) -> None:
        deleted.append(sha256)

    with reading(engine) as session:
        found = list_purgeable(session, keep_days=KEEP, now=LATER)
    assert [blob.sha256 for blob in found] == ["a", "b"]
    with writing(engine) as session:
        use_blob(session, "b", BlobKind.ORIGINAL, used_by="issue:1")
    purge_blobs(engine, keep_days=KEEP, now=LATER, delete_bytes=delete)
    assert deleted == ["a"]


def test_what_was_not_reserved_cannot_be_confirmed_or_used(engine: Engine) -> None:
    with writing(engine) as session:
        with pytest.raises(UnknownRecordError):
            confirm_blob(session, "a", BlobKind.CROP, now=NOW)
        with pytest.raises(UnknownRecordError):
            use_blob(session, "a", BlobKind.CROP, used_by="x")


def test_bytes_stay_while_their_flight_has_something_left_to_do(engine: Engine) -> None:
    file = AnnouncedFile(name="a.jpg", byte_count=5, sha256="a")
    store(engine, "a")
    store(engine, "b")
    with writing(engine) as session:
        create_flight(session, Flight(id="f", name="friday", created_at=NOW))
        receive_file(session, "f", file, media_type="image/jpeg", now=NOW)
    assert count(engine) == {BlobKind.ORIGINAL: (1, 5), BlobKind.CROP: (0, 0)}
    assert purge(engine) == (["b"], ["b"])
    with writing(engine) as session:
        [job] = claim(
            session, worker="w", kinds=JobKind, lease=timedelta(minutes=1), now=LATER, limit=9
        )
        finish(session, job, now=LATER)
    assert purge(engine) == (["a"], ["a"])


def count(engine: Engine) -> dict[BlobKind, tuple[int, int]]:
    with reading(engine) as session:
        return count_purgeable(session, keep_days=KEEP, now=LATER)


def test_bytes_that_are_renewed_stay_and_those_on_their_way_out_are_not_renewed(
    engine: Engine,
) -> None:
    store(engine, "a")
    with writing(engine) as session:
        reserve_blob(session, "b", BlobKind.ORIGINAL, byte_count=5, now=NOW)
        assert renew_blobs(session, ["a", "b", "c"], now=LATER) == {"a"}
    assert purge(engine) == (["b"], ["b"])


def test_a_purge_that_has_found_bytes_leaves_them_when_they_are_announced_again(
    engine: Engine,
) -> None:
    store(engine, "a")

    def announce_meanwhile(sha256: str) -> None:
        raise AssertionError("still needed")

    with reading(engine) as session:
        [found] = list_purgeable(session, keep_days=KEEP, now=LATER)
    with writing(engine) as session:
        renew_blobs(session, [found.sha256], now=LATER)
    assert not forget_unfinished(engine, [found], delete_bytes=announce_meanwhile)


def test_what_was_reserved_and_never_came_is_forgotten(engine: Engine) -> None:
    store(engine, "a")
    with writing(engine) as session:
        for sha256, at in (("b", NOW), ("c", LATER)):
            reserve_blob(session, sha256, BlobKind.EVIDENCE, byte_count=5, now=at)
    with reading(engine) as session:
        found = list_unfinished(session, before=LATER)
    deleted: list[str] = []
    assert [blob.sha256 for blob in found] == ["b"]
    assert forget_unfinished(engine, found, delete_bytes=deleted.append) == found
    assert deleted == ["b"]


def test_what_arrived_meanwhile_is_not_forgotten(engine: Engine) -> None:
    with writing(engine) as session:
        reserve_blob(session, "b", BlobKind.EVIDENCE, byte_count=5, now=NOW)
    with reading(engine) as session:
        found = list_unfinished(session, before=LATER)
    with writing(engine) as session:
        confirm_blob(session, "b", BlobKind.EVIDENCE, now=LATER)
    assert forget_unfinished(engine, found, delete_bytes=lambda sha256: None) == []
    with reading(engine) as session:
        assert list(list_stored(session)) == [("b", 5)]


def test_only_bytes_without_any_row_are_unknown(engine: Engine) -> None:
    store(engine, "a")
    with writing(engine) as session:
        reserve_blob(session, "b", BlobKind.EVIDENCE, byte_count=5, now=NOW)
    deleted: list[str] = []
    gone = [delete_unknown(engine, name, delete_bytes=deleted.append) for name in "abc"]
    assert gone == [False, False, True]
    assert deleted == ["c"]


def test_bytes_kept_for_two_purposes_are_listed_once(engine: Engine) -> None:
    store(engine, "b")
    store(engine, "a", BlobKind.ORIGINAL)
    store(engine, "a", BlobKind.EVIDENCE)
    with reading(engine) as session:
        assert list(list_stored(session)) == [("a", 5), ("b", 5)]
