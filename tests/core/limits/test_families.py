"""So many names at most; those that nobody needs make room, and what could not be counted lets nobody in unseen."""

from pointsman.core.limits.each_tally import EachTally
from pointsman.core.limits.families import SWEEP_EVERY, Family
from pointsman.core.limits.tally import Calendar, Tally

DAY_MS = 86_400_000
NOON = 20_000 * DAY_MS + DAY_MS // 2


def _each(most: int) -> EachTally:
    return EachTally(Calendar("day", "UTC"), most)


def _find(each: EachTally, name: str, at_ms: int = NOON) -> Tally:
    found = each.find(name, at_ms)
    assert found is not None
    return found


def test_each_name_has_its_own() -> None:
    each = _each(10)
    each.add("ada", NOON, 5)
    each.add("bob", NOON, 7)
    each.add("", NOON, 9)
    assert {name: tally.read(NOON) for name, tally in each} == {"ada": 5, "bob": 7}
    assert each.peek("eve") is None


def test_names_whose_windows_have_ended_make_room() -> None:
    each = _each(2)
    each.add("ada", NOON, 5)
    each.add("bob", NOON, 7)
    assert each.is_full and each.find("eve", NOON) is None
    assert _find(each, "ada", NOON + DAY_MS).read(NOON) == 5
    assert _find(each, "eve", NOON + DAY_MS).read(NOON + DAY_MS) == 0
    assert each.sweeps == 1


def test_names_that_hold_something_are_kept() -> None:
    each = _each(1)
    _find(each, "ada").find(NOON).hold(1)
    assert each.find("eve", NOON + DAY_MS) is None
    _find(each, "ada").find(NOON).end_hold(1)
    assert each.find("eve", NOON + DAY_MS) is None, "it has just been looked for"
    assert each.find("eve", NOON + DAY_MS + SWEEP_EVERY) is not None


def test_an_older_request_lets_nobody_go_who_is_needed_now() -> None:
    each = _each(1)
    each.add("ada", NOON, 5)
    assert each.find("eve", NOON - DAY_MS) is None


def test_a_name_whose_spending_could_not_be_counted_begins_in_the_next_window() -> None:
    each = _each(1)
    _find(each, "ada").find(NOON).hold(1)
    each.add("eve", NOON, 5)
    _find(each, "ada").find(NOON).end_hold(1)
    assert each.find("eve", NOON + 10 * SWEEP_EVERY) is None
    assert each.find("eve", NOON + DAY_MS) is not None


def test_a_look_for_room_is_taken_once_a_second_at_most() -> None:
    asked: list[int] = []

    def is_idle(one: object, now_ms: int) -> bool:
        asked.append(now_ms)
        return False

    family = Family(lambda _: object(), is_idle, 3)
    for name in "abc":
        assert family.find(name, 0) is not None
    for now_ms in range(2 * SWEEP_EVERY):
        assert family.find(f"{now_ms}", now_ms) is None
    assert asked == [0] * 3 + [SWEEP_EVERY] * 3
