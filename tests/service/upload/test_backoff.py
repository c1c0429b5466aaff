"""Pauses grow, scatter, and never fall short of what the server asks for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.upload.backoff import LONGEST_S, backoff_s, parse_retry_after, pause_s

NOW = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "bound_s"), [(1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (6, 10.0), (10_000, 10.0)]
)
def test_the_bound_doubles_up_to_ten_seconds(failures: int, bound_s: float) -> None:
    assert backoff_s(failures, random=lambda: 1.0) == bound_s
    assert backoff_s(failures, random=lambda: 0.0) == 0.0


@given(failures=st.integers(1, 100), asked_s=st.floats(0, 1e6), share=st.floats(0, 1))
def test_the_server_is_left_alone_as_long_as_it_asks(
    failures: int, asked_s: float, share: float
) -> None:
    pause = pause_s(failures, asked_s=asked_s, random=lambda: share)
    assert asked_s <= pause <= asked_s + 1.0
    assert pause_s(failures, asked_s=None, random=lambda: share) <= LONGEST_S


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 400, 100_000_000.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == seconds


@given(st.text())
def test_no_retry_after_is_an_error(value: str) -> None:
    found = parse_retry_after(value, now=NOW)
    assert found is None or found >= 0
