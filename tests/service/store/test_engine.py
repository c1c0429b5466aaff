import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import StatementError

from service.errors import CannotStartError, UnknownRecordError
from service.store.engine import open_engine, reading, writing
from service.store.flights import Flight, create_flight, read_flight
from service.store.ids import uuid7

NOW = datetime(2026, 12, 1, 8, 0, 0, 123456, tzinfo=UTC)


def make_flight(created_at: datetime = NOW) -> Flight:
    return Flight(id="a", name="card", created_at=created_at)


def test_times_come_back_in_utc_to_the_microsecond(engine: Engine) -> None:
    with writing(engine) as session:
        create_flight(session, make_flight(NOW.astimezone(timezone(timedelta(hours=8)))))
    with reading(engine) as session:
        found = read_flight(session, "a").created_at
    assert found == NOW
    assert found is not None
    assert found.utcoffset() == timedelta(0)


def test_times_without_a_zone_are_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="no time zone"), writing(engine) as session:
        create_flight(session, make_flight(NOW.replace(tzinfo=None)))


def test_an_error_leaves_nothing_of_the_transaction(engine: Engine) -> None:
    def create_in_vain() -> None:
        with writing(engine) as session:
            create_flight(session, make_flight())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        create_in_vain()
    with reading(engine) as session, pytest.raises(UnknownRecordError):
        read_flight(session, "a")


def test_readers_go_on_while_somebody_writes(engine: Engine) -> None:
    with writing(engine) as writer:
        create_flight(writer, make_flight())
        with reading(engine) as reader, pytest.raises(UnknownRecordError):
            read_flight(reader, "a")


@pytest.mark.parametrize(
    "url", ["mysql://user:secret@host/x", "postgresql://u:secret@h:port/x", ""]
)
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(CannotStartError) as error:
        open_engine(url)
    assert "secret" not in str(error.value)


def test_ids_are_version_7_and_sort_by_time() -> None:
    # RFC 9562, appendix A.6: its example, whose random bits are 0xCC3 and 0x18C4DC0C0C07398F
    # without the variant.
    time = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
    assert uuid7(time, random_bits=0xCC3 << 62 | 0x18C4DC0C0C07398F) == (
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
    )
    assert uuid7(NOW) < uuid7(NOW + timedelta(milliseconds=1))
    assert uuid7(NOW) != uuid7(NOW)


def test_inspect_starts_without_what_only_the_service_needs() -> None:
    unneeded = {"alembic", "psycopg", "sqlalchemy.dialects.postgresql"}
    code = f"import sys, service.store.local_store; print({unneeded} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")
