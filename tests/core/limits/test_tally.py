"""A tally holds what was spent in the window that it is, whichever way the time jumps."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.limits.tally import MOST_WINDOWS, Calendar, Tally

DAY_MS = 86_400_000
NOON = 20_000 * DAY_MS + DAY_MS // 2


def _tally() -> Tally:
    return Tally(Calendar("day", "UTC"))


def test_a_new_window_begins_with_nothing_though_nobody_tells_it() -> None:
    tally = _tally()
    tally.add(NOON, 5)
    assert tally.read(NOON + DAY_MS // 2 - 1) == 5
    assert tally.read(NOON + DAY_MS // 2) == 0
    assert tally.read(NOON + DAY_MS) == 0


def test_a_call_counts_in_the_window_that_it_came_in() -> None:
    tally = _tally()
    tally.add(NOON + DAY_MS, 1)
    tally.add(NOON, 10)
    tally.add(NOON + DAY_MS, 2)
    assert (tally.read(NOON), tally.read(NOON + DAY_MS)) == (10, 3)


def test_a_clock_that_ran_ahead_forgets_nothing() -> None:
    tally = _tally()
    tally.add(NOON, 7)
    tally.add(NOON + 1_000 * DAY_MS, 1)
    assert tally.read(NOON) == 7
    for day in range(1, 2 * MOST_WINDOWS):
        tally.add(NOON + day * DAY_MS, day)
        assert tally.read(NOON + day * DAY_MS) == day


def test_calls_that_took_for_ever_do_not_push_out_what_is_now() -> None:
    tally = Tally(Calendar("hour", "UTC"))
    assert tally.read(NOON) == 0
    tally.add(NOON, 7)
    for hours in range(1, 25):
        tally.add(NOON - hours * 3_600_000, 1)
    assert tally.read(NOON) == 7


def test_what_nobody_asks_for_in_days_is_there_when_somebody_does() -> None:
    tally = _tally()
    assert tally.read(NOON) == 0
    for day in range(20):
        tally.add(NOON + day * DAY_MS, 3)
    assert tally.read(NOON + 19 * DAY_MS) == 3


@given(st.lists(st.tuples(st.integers(0, MOST_WINDOWS - 1), st.integers(0, 10**15)), max_size=50))
def test_each_window_has_the_sum_of_its_costs(costs: list[tuple[int, int]]) -> None:
    tally, sums = _tally(), Counter[int]()
    for day, cost in costs:
        tally.add(NOON + day * DAY_MS, cost)
        sums[day] += cost
    for day in range(MOST_WINDOWS):
        assert tally.read(NOON + day * DAY_MS) == sums[day]
