from datetime import UTC, datetime, timedelta, timezone

import pytest

from service.access.errors import LimitReachedError
from service.access.quota import QuotaBook, add_usage, seconds_to_midnight

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def test_bytes_of_a_day_add_up_to_the_limit_and_no_further() -> None:
    usage = add_usage(None, byte_count=60, limit=100, now=NOON)
    usage = add_usage(usage, byte_count=40, limit=100, now=NOON)

    assert usage.byte_count == 100
    with pytest.raises(LimitReachedError, match="0 left, 1 asked") as caught:
        add_usage(usage, byte_count=1, limit=100, now=NOON)
    assert caught.value.retry_after_s == 12 * 3600


def test_the_next_day_begins_at_midnight_utc_wherever_the_clock_hangs() -> None:
    usage = add_usage(None, byte_count=100, limit=100, now=NOON)
    beijing = timezone(timedelta(hours=8))
    # 07:59 in Beijing on the 2nd is still the 1st in UTC.
    with pytest.raises(LimitReachedError):
        add_usage(usage, byte_count=1, limit=100, now=datetime(2026, 12, 2, 7, 59, tzinfo=beijing))
    next_day = add_usage(
        usage, byte_count=1, limit=100, now=datetime(2026, 12, 2, 8, 0, tzinfo=beijing)
    )

    assert next_day.byte_count == 1


def test_a_clock_that_goes_back_over_midnight_gives_no_second_quota() -> None:
    midnight = datetime(2026, 12, 2, tzinfo=UTC)
    book = QuotaBook(limit=100)
    book.reserve("a", 100, now=midnight)

    with pytest.raises(LimitReachedError):
        book.reserve("a", 1, now=midnight - timedelta(milliseconds=1))
    assert book.used("a", now=midnight - timedelta(milliseconds=1)) == 100


def test_the_time_to_wait_ends_at_midnight() -> None:
    assert seconds_to_midnight(datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)) == 2.0


def test_two_uploads_at_once_cannot_both_have_the_rest() -> None:
    book = QuotaBook(limit=100)
    book.reserve("a", 60, now=NOON)

    with pytest.raises(LimitReachedError):
        book.reserve("a", 60, now=NOON)
    assert book.used("a", now=NOON) == 60
    book.reserve("b", 60, now=NOON)


def test_what_did_not_come_is_given_back() -> None:
    book = QuotaBook(limit=100)
    book.reserve("a", 100, now=NOON)
    book.give_back("a", 70, reserved_at=NOON)

    assert book.used("a", now=NOON) == 30
    book.give_back("a", 1000, reserved_at=NOON)
    assert book.used("a", now=NOON) == 0


def test_bytes_of_yesterday_are_not_given_back_today() -> None:
    book = QuotaBook(limit=100)
    tomorrow = NOON + timedelta(days=1)
    book.reserve("a", 50, now=NOON)
    book.reserve("a", 20, now=tomorrow)
    book.give_back("a", 50, reserved_at=NOON)

    assert book.used("a", now=tomorrow) == 20


def test_after_a_restart_the_day_goes_on_where_the_store_says() -> None:
    book = QuotaBook(limit=100)
    book.restore({"a": 90}, now=NOON)

    with pytest.raises(LimitReachedError):
        book.reserve("a", 11, now=NOON)
    assert book.used("a", now=NOON + timedelta(days=1)) == 0


def test_callers_beyond_the_bound_share_one_quota() -> None:
    book = QuotaBook(limit=100, max_callers=1)
    book.reserve("known", 10, now=NOON)
    book.reserve("b", 60, now=NOON)

    with pytest.raises(LimitReachedError):
        book.reserve("c", 60, now=NOON)


def test_less_than_nothing_is_an_error() -> None:
    book = QuotaBook(limit=100)

    with pytest.raises(ValueError, match="-1"):
        book.reserve("a", -1, now=NOON)
    with pytest.raises(ValueError, match="-1"):
        book.give_back("a", -1, reserved_at=NOON)
