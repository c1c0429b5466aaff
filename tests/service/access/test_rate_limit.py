import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.access.errors import LimitReachedError
from service.access.rate_limit import Bucket, Rate, RateLimiter, address_id, refill, take

TWO_A_SECOND = Rate(per_second=2.0, burst=5.0)


def test_a_burst_goes_through_and_the_next_waits_for_one_token() -> None:
    limiter = RateLimiter(TWO_A_SECOND)

    assert [limiter.wait_s("a", now_s=100.0) for _ in range(5)] == [0.0] * 5
    # One token in half a second.
    assert limiter.wait_s("a", now_s=100.0) == pytest.approx(0.5)


def test_waiting_as_long_as_told_is_enough() -> None:
    limiter = RateLimiter(TWO_A_SECOND)
    for _ in range(5):
        limiter.wait_s("a", now_s=0.3)
    wait_s = limiter.wait_s("a", now_s=0.3)

    assert limiter.wait_s("a", now_s=0.3 + wait_s) == 0.0


def test_callers_do_not_pay_for_each_other() -> None:
    limiter = RateLimiter(Rate(per_second=1.0, burst=1.0))
    limiter.wait_s("a", now_s=0.0)

    assert limiter.wait_s("b", now_s=0.0) == 0.0
    with pytest.raises(LimitReachedError) as caught:
        limiter.require("a", now_s=0.0)
    assert caught.value.retry_after_s == pytest.approx(1.0)


@given(
    steps=st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 5)), max_size=50),
)
def test_never_more_than_the_burst_and_what_came_back(steps: list[tuple[float, float]]) -> None:
    bucket, now_s, spent = Bucket(tokens=5.0, at_s=0.0), 0.0, 0.0
    for passed_s, cost in steps:
        now_s += passed_s
        bucket, wait_s = take(bucket, TWO_A_SECOND, now_s=now_s, cost=cost)
        spent += cost if wait_s == 0 else 0.0

    assert spent <= 5.0 + 2.0 * now_s + 1e-6


def test_a_clock_that_goes_back_brings_no_tokens() -> None:
    empty = Bucket(tokens=0.0, at_s=100.0)

    assert refill(empty, TWO_A_SECOND, now_s=50.0) == empty
    # And going on from there, the time before 100 does not count twice.
    back = refill(empty, TWO_A_SECOND, now_s=50.0)
    assert refill(back, TWO_A_SECOND, now_s=101.0).tokens == pytest.approx(2.0)


def test_a_call_dearer_than_a_burst_needs_a_full_bucket() -> None:
    bucket, wait_s = take(Bucket(tokens=5.0, at_s=0.0), TWO_A_SECOND, now_s=0.0, cost=50.0)

    assert (bucket.tokens, wait_s) == (0.0, 0.0)


def test_a_flood_of_callers_uses_bounded_memory() -> None:
    limiter = RateLimiter(TWO_A_SECOND, max_callers=10)
    for i in range(1000):
        limiter.wait_s(f"caller {i}", now_s=0.0)

    assert len(limiter) <= 11


def test_a_flood_of_callers_frees_nobody_who_must_wait() -> None:
    limiter = RateLimiter(Rate(per_second=0.001, burst=1.0), max_callers=10)
    limiter.wait_s("greedy", now_s=0.0)
    for i in range(100):
        limiter.wait_s(f"caller {i}", now_s=0.0)

    assert limiter.wait_s("greedy", now_s=1.0) > 0


def test_callers_beyond_the_bound_share_one_bucket() -> None:
    limiter = RateLimiter(Rate(per_second=0.001, burst=2.0), max_callers=1)
    limiter.wait_s("known", now_s=0.0)

    waits = [limiter.wait_s(name, now_s=0.0) for name in ("b", "c", "d")]

    assert waits[:2] == [0.0, 0.0]
    assert waits[2] > 0


def test_callers_that_are_quiet_for_long_make_room() -> None:
    limiter = RateLimiter(TWO_A_SECOND, max_callers=1)
    limiter.wait_s("old", now_s=0.0)
    limiter.wait_s("new", now_s=60.0)

    assert len(limiter) == 1


def test_threads_together_get_no_more_than_the_burst() -> None:
    limiter = RateLimiter(Rate(per_second=0.001, burst=50.0))
    let_through: list[int] = []

    def ask() -> None:
        let_through.append(sum(limiter.wait_s("a", now_s=0.0) == 0 for _ in range(40)))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(let_through) == 50


@pytest.mark.parametrize(("per_second", "burst"), [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.5)])
def test_a_rate_that_lets_nobody_in_is_refused(per_second: float, burst: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Rate(per_second=per_second, burst=burst)


def test_addresses_of_one_house_count_as_one() -> None:
    assert address_id("2001:db8:1:2::1") == address_id("2001:db8:1:2:ffff::9")
    assert address_id("2001:db8:1:2::1") != address_id("2001:db8:1:3::1")
    assert address_id("::ffff:192.0.2.1") == address_id("192.0.2.1") == "address:192.0.2.1"
    assert address_id("fe80::1%eth0") == address_id("fe80::2")
    assert address_id("nonsense") == "address:unknown"
