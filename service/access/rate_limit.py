"""How often a caller may ask: a bucket of tokens that fills up again at a steady rate."""

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass

from service.access.errors import LimitReachedError

# Callers beyond the bound share one bucket under this name; no caller's id is empty.
_EVERYBODY_ELSE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a caller may do.

    Attributes:
        per_second: How fast tokens come back.
        burst: How many there are at most: so many calls may come at once.
    """

    per_second: float
    burst: float

    def __post_init__(self) -> None:
        """Raise ValueError where nobody could ever call."""
        if not (self.per_second > 0 and self.burst >= 1):
            raise ValueError("a rate needs more than 0 a second and a burst of at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Tokens that were left at a time, in seconds of any clock that never goes back."""

    tokens: float
    at_s: float


def refill(bucket: Bucket, rate: Rate, *, now_s: float) -> Bucket:
    """Return the bucket with what came back since; a clock that went back brings nothing."""
    passed_s = max(0.0, now_s - bucket.at_s)
    tokens = min(rate.burst, bucket.tokens + passed_s * rate.per_second)
    return Bucket(tokens=tokens, at_s=max(bucket.at_s, now_s))


def take(bucket: Bucket, rate: Rate, *, now_s: float, cost: float = 1.0) -> tuple[Bucket, float]:
    """Return the bucket after a call, and how many seconds to wait: 0 where the call may go on.

    A refused call costs nothing, so that waiting as long as told is enough. `cost` is how many
    tokens a call needs; a full bucket is enough for any.
    """
    full = refill(bucket, rate, now_s=now_s)
    needed = min(cost, rate.burst)
    # A hair of tolerance: who waits exactly as long as told must not fail by rounding.
    if full.tokens + 1e-9 >= needed:
        return Bucket(tokens=max(0.0, full.tokens - needed), at_s=full.at_s), 0.0
    return full, (needed - full.tokens) / rate.per_second


class RateLimiter:
    """Buckets of many callers, in bounded memory; threads may share it.

    A bucket is forgotten only when it is full again, so that a flood of new callers sets nobody
    free. While all remembered ones are in use, further callers share one bucket.
    """

    def __init__(self, rate: Rate, *, max_callers: int = 10_000) -> None:
        """Start with nobody known."""
        self._rate = rate
        self._max_callers = max_callers
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()  # the longest unused first
        self._lock = threading.Lock()

    def wait_s(self, caller_id: str, *, now_s: float, cost: float = 1.0) -> float:
        """Count a call; return 0 where it may go on, else the seconds to wait."""
        with self._lock:
            name = self._name(caller_id, now_s=now_s)
            before = self._buckets.get(name) or Bucket(tokens=self._rate.burst, at_s=now_s)
            self._buckets[name], wait_s = take(before, self._rate, now_s=now_s, cost=cost)
            self._buckets.move_to_end(name)
            return wait_s

    def require(self, caller_id: str, *, now_s: float, cost: float = 1.0) -> None:
        """Count a call.

        Raises:
            LimitReachedError: It may not go on yet.
        """
        wait_s = self.wait_s(caller_id, now_s=now_s, cost=cost)
        if wait_s > 0:
            raise LimitReachedError("too many requests", retry_after_s=wait_s)

    def __len__(self) -> int:
        """Return how many buckets are remembered."""
        return len(self._buckets)

    def _name(self, caller_id: str, *, now_s: float) -> str:
        """Return the name of the bucket to use, having made room where that is fair."""
        if caller_id in self._buckets or len(self._buckets) < self._max_callers:
            return caller_id
        oldest, bucket = next(iter(self._buckets.items()))
        if refill(bucket, self._rate, now_s=now_s).tokens < self._rate.burst:
            return _EVERYBODY_ELSE
        del self._buckets[oldest]
        return caller_id


def address_id(address: str) -> str:
    """Return under which name a caller without credential is counted.

    One house gets a /64 of IPv6 and may use any address in it: it counts as one.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "address:unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return f"address:{parsed}"
    if parsed.ipv4_mapped is not None:
        return f"address:{parsed.ipv4_mapped}"
    return f"address:{ipaddress.ip_network((parsed, 64), strict=False)}"
