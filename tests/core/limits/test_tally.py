"""A tally holds what was spent in the window that it is, whichever way the time jumps."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.limits.tally import MOST_WINDOWS, Calendar, Tally, open_tally

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


def test_a_window_in_which_something_is_held_is_never_forgotten() -> None:
    tally = _tally()
    held = tally.find(NOON)
    held.hold(5)
    for day in range(1, 5 * MOST_WINDOWS):
        tally.add(NOON + day * DAY_MS, 1)
    assert tally.find(NOON) is held
    held.end_hold(5)
    assert tally.use(NOON) == 0


HOUR_MS, STEP_MS = 3_600_000, 120_000
steps = st.integers(0, 30)
changes = st.lists(st.tuples(steps, st.integers(1, 1_000), st.sampled_from(["spend", "hold", "unknown"])), max_size=40)


@given(changes, st.lists(steps, min_size=1, max_size=5))
def test_a_rolling_window_has_what_came_in_its_steps(entries: list[tuple[int, int, str]], asked: list[int]) -> None:
    """Asked for between the changes, too, since what was added up before is kept."""
    tally = open_tally(Calendar("rolling_hour", "UTC"))
    done: list[tuple[int, int, str]] = []
    for step, amount, what in entries:
        at_ms = NOON + step * STEP_MS
        window = tally.find(at_ms)
        if what == "spend":
            tally.add(at_ms, amount)
        else:
            window.hold(amount)
            if what == "unknown":
                window.end_hold(amount, amount)
        done.append((step, amount, what))
        for now in asked:
            now_ms = NOON + now * STEP_MS + 1
            assert tally.use(now_ms) == sum(n for s, n, _ in done if abs(s - now) <= 30)
            assert tally.read(now_ms) == sum(n for s, n, w in done if now - 30 <= s <= now and w == "spend")


def test_what_was_spent_an_hour_ago_counts_no_more() -> None:
    tally = open_tally(Calendar("rolling_hour", "UTC"))
    tally.add(NOON + STEP_MS - 1, 7)
    assert tally.read(NOON + HOUR_MS) == 7
    assert tally.find_relief(NOON + HOUR_MS) == NOON + HOUR_MS + STEP_MS
    assert tally.read(NOON + HOUR_MS + STEP_MS) == 0


def test_a_rolling_month_goes_on_for_years() -> None:
    tally = open_tally(Calendar("rolling_month", "UTC"))
    for day in range(1_000):
        tally.add(NOON + day * DAY_MS, 1)
        assert tally.read(NOON + day * DAY_MS) == min(day, 30) + 1
    assert sum(1 for _ in tally) <= 62


def test_a_change_in_the_oldest_step_that_counts_is_seen() -> None:
    tally = open_tally(Calendar("rolling_hour", "UTC"))
    oldest = tally.find(NOON)
    assert tally.use(NOON + HOUR_MS) == 0
    oldest.hold(5)
    assert (tally.use(NOON + HOUR_MS), tally.use(NOON + HOUR_MS + STEP_MS)) == (5, 0)
