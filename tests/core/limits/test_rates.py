"""In any time T at most `burst + rate x T` permits are given, exactly, through changes and clocks that go back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.limits.gauges import Gauge
from pointsman.core.limits.rates import MINUTE_NS, Rate, find_request_burst

rates = st.integers(1, 10_000)
moments = st.integers(0, 10 * MINUTE_NS)


@given(rates, st.lists(st.tuples(moments, st.integers(1, 50)), max_size=60))
def test_no_interval_has_more_than_its_share(per_minute: int, asked: list[tuple[int, int]]) -> None:
    burst = find_request_burst(per_minute)
    rate = Rate(per_minute, burst)
    given_out: list[tuple[int, int]] = []
    for at_ns, permits in sorted(asked):
        if rate.find_wait_ns(permits, at_ns) == 0:
            rate.take(permits, at_ns)
            given_out.append((at_ns, permits))
    for first, (from_ns, _) in enumerate(given_out):
        total = 0
        for to_ns, permits in given_out[first:]:
            total += permits
            assert total <= burst + Fraction(per_minute * (to_ns - from_ns), MINUTE_NS)


@given(rates, st.lists(st.tuples(moments, st.integers(1, 50)), min_size=1, max_size=30), st.integers(1, 50))
def test_who_waits_as_long_as_is_said_is_let_in_and_not_before(
    per_minute: int, taken: list[tuple[int, int]], permits: int
) -> None:
    rate = Rate(per_minute, 50)
    for at_ns, count in sorted(taken):
        rate.take(count, at_ns)
    now_ns = max(at_ns for at_ns, _ in taken)
    wait_ns = rate.find_wait_ns(permits, now_ns)
    assert wait_ns is not None and rate.find_wait_ns(permits, now_ns + wait_ns) == 0
    if wait_ns:
        assert rate.find_wait_ns(permits, now_ns + wait_ns - 1) == 1
    assert (rate.count_left(now_ns) >= permits) == (wait_ns == 0)


def test_more_than_a_burst_never_comes() -> None:
    assert Rate(60, 10).find_wait_ns(11, 0) is None


@pytest.mark.parametrize(("per_minute", "burst"), [(1, 1), (5, 1), (6, 1), (60, 10), (1_000, 166)])
def test_bursts_of_requests_are_ten_seconds_worth(per_minute: int, burst: int) -> None:
    assert find_request_burst(per_minute) == burst


def test_a_clock_that_goes_back_gives_nothing_and_blocks_nobody() -> None:
    rate = Rate(60, 10)
    rate.take(10, 5 * MINUTE_NS)
    assert rate.find_wait_ns(1, 0) == MINUTE_NS // 60
    rate.take(0, 0)
    assert rate.find_wait_ns(1, MINUTE_NS // 60) == 0
    assert rate.find_wait_ns(2, MINUTE_NS // 60) == MINUTE_NS // 60


def test_what_was_given_stays_given_when_the_rate_changes() -> None:
    rate = Rate(60, 10)
    rate.take(10, 0)
    rate.change(600, 100, 0)
    assert rate.count_left(0) == 90
    rate.change(6, 1, 0)
    assert rate.find_wait_ns(1, 0) == 10 * MINUTE_NS // 6


def test_permits_that_come_back_are_never_more_than_were_taken() -> None:
    rate = Rate(60, 60)
    rate.take(60, 0)
    rate.take(-60, MINUTE_NS)
    assert rate.count_left(MINUTE_NS) == 60


def test_a_gauge_gives_back_tokens_that_were_not_used_and_takes_those_beyond() -> None:
    gauge = Gauge(None, 1_000, None)
    taken = gauge.take(800, 0, None)
    lack = gauge.find_lack(300, 0, None)
    assert lack is not None and (lack.of, lack.limit, lack.left, lack.wait_ns) == (
        "tokens",
        1_000,
        200,
        MINUTE_NS // 10,
    )
    gauge.settle(taken, 100, 0)
    assert gauge.find_lack(900, 0, None) is None
    taken = gauge.take(900, 0, None)
    gauge.settle(taken, 1_400, 0)
    lack = gauge.find_lack(1, 0, None)
    assert lack is not None and lack.wait_ns == (501 * MINUTE_NS) // 1_000


def test_a_gauge_counts_a_request_once_however_many_calls_it_takes() -> None:
    gauge = Gauge(6, 100, 1)
    taken = gauge.take(10, 0, None)
    assert gauge.find_lack(60, 0, taken) is None
    assert gauge.take(60, 0, taken) == 60
    assert gauge.take(30, 0, 60) == 60
    assert gauge.find_lack(1, MINUTE_NS, None) == ("concurrency", 1, 0, None)
    gauge.settle(60, 0, MINUTE_NS)
    assert gauge.find_lack(1, MINUTE_NS, None) is None
    assert gauge.is_idle(MINUTE_NS)


def test_limits_that_come_and_go() -> None:
    gauge = Gauge(6, None, None)
    gauge.take(5, 0, None)
    gauge.change(60, 100, 2, 0)
    assert gauge.requests is not None and gauge.requests.count_left(0) == 9
    assert gauge.find_lack(101, 0, None) == ("tokens", 100, 100, None)
    gauge.change(None, None, None, 0)
    assert gauge.find_lack(10**9, 0, None) is None
    assert not gauge.is_idle(0)
