"""What a replica knows of its parts: never less than the store must count for it."""

from pointsman.core.limits.parts import HeldPlaces, Parts, WindowId

DAY: WindowId = (("team", "alpha", "day", "UTC"), 0)


def test_what_is_spent_counts_for_a_store_that_does_not_know_it_yet() -> None:
    parts = Parts()
    parts.add(DAY, 9, 100)
    parts.owe(DAY, 9, 4, 30)
    parts.owe(DAY, 9, 7, 20)
    assert parts.count(DAY) == 50
    assert [parts.count_unknown(DAY, version) for version in (0, 6, 7)] == [100, 100, 50]
    assert list(parts.list_all()) == [(DAY, 9, 100)]
    parts.settle(DAY, 6)
    assert parts.count_unknown(DAY) == 100
    parts.settle(DAY, 7)
    assert parts.count_unknown(DAY) == 50
    # What goes beyond the part was never in it.
    parts.owe(DAY, 9, 8, 80)
    assert (parts.count(DAY), parts.count_unknown(DAY)) == (0, 50)


def test_doubts_stay_until_the_store_was_told() -> None:
    parts = Parts()
    parts.doubt([(DAY, 9)])
    assert parts.doubted == {DAY: 9}
    parts.trust([DAY])
    assert parts.doubted == {}
    places = HeldPlaces()
    places.add("x", 3)
    places.add("x", -1)
    places.doubt(["x", "y"])
    assert sorted(places.list_doubted()) == [("x", 2), ("y", 0)]
    places.clear()
    assert places.list_all() == places.list_doubted() == []
