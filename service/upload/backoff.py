"""How long to wait before the next try."""

from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

FIRST_S = 0.5
LONGEST_S = 10.0
# Beyond this a person had better come back; behind it stands a quota of the day.
PATIENCE_S = 15 * 60.0


def backoff_s(failures: int, *, random: Callable[[], float]) -> float:
    """Return the pause after so many failures in a row: full jitter under a doubling bound.

    All clients of a server that comes back would else come back at the same moment (Brooker,
    "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).

    Args:
        failures: In a row, from 1.
        random: Gives numbers from 0 to 1.
    """
    bound = min(LONGEST_S, FIRST_S * 2.0 ** min(failures - 1, 16))
    return bound * random()


def pause_s(failures: int, *, asked_s: float | None, random: Callable[[], float]) -> float:
    """Return the pause before the next try: at least what the server asks for."""
    jitter = backoff_s(failures, random=random)
    return jitter if asked_s is None else asked_s + min(jitter, 1.0)


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After field asks for; None where it asks for nothing.

    Args:
        value: Seconds, or a date of HTTP (RFC 9110, section 10.2.3).
        now: Aware.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return max(0.0, (moment - now).total_seconds())
