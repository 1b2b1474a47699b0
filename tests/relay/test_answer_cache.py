"""What the cache of answers holds never passes its bounds, and its clock is a value."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.request import Encoded
from pointsman.core.config.snapshot import CacheBounds
from pointsman.relay.answer_cache import ENTRY_BYTES, AnswerCache, KeptAnswer

BOUNDS = CacheBounds(ttl_s=60, max_bytes=10 * ENTRY_BYTES, max_entries=3)


def kept(body: bytes = b"{}", at_s: float = 0.0) -> KeptAnswer:
    return KeptAnswer(body, b"application/json", Encoded(b"", ("temperature=0.3",)), "", at_s)


def test_an_answer_is_found_until_it_is_too_old() -> None:
    cache = AnswerCache()
    assert cache.find(b"a", BOUNDS, 0.0) is None
    assert cache.keep(b"a", kept(at_s=10.0), BOUNDS)
    assert cache.find(b"a", BOUNDS, 69.9) == kept(at_s=10.0)
    assert cache.find(b"a", BOUNDS, 70.0) is None
    assert (len(cache), cache.kept_bytes) == (0, 0), "what is too old is let go of"


def test_being_asked_for_makes_no_answer_younger() -> None:
    cache = AnswerCache()
    cache.keep(b"a", kept(at_s=0.0), BOUNDS)
    assert all(cache.find(b"a", BOUNDS, float(at_s)) for at_s in range(60))
    assert cache.find(b"a", BOUNDS, 60.0) is None


def test_the_one_that_was_not_asked_for_longest_goes_first() -> None:
    cache = AnswerCache()
    for key in (b"a", b"b", b"c"):
        cache.keep(key, kept(), BOUNDS)
    cache.find(b"a", BOUNDS, 1.0)
    cache.keep(b"d", kept(at_s=1.0), BOUNDS)
    assert [key for key in (b"a", b"b", b"c", b"d") if cache.find(key, BOUNDS, 2.0)] == [b"a", b"c", b"d"]


def test_an_answer_larger_than_all_may_be_is_not_kept_and_drives_nobody_out() -> None:
    cache = AnswerCache()
    cache.keep(b"a", kept(), BOUNDS)
    assert not cache.keep(b"b", kept(bytes(BOUNDS.max_bytes)), BOUNDS)
    assert cache.find(b"a", BOUNDS, 0.0)
    assert not cache.keep(b"a", kept(bytes(BOUNDS.max_bytes)), BOUNDS)
    assert cache.find(b"a", BOUNDS, 0.0) is None, "the older answer is not the one that was given last"


def test_narrower_bounds_count_at_once() -> None:
    cache = AnswerCache()
    for key in (b"a", b"b", b"c"):
        cache.keep(key, kept(), BOUNDS)
    assert cache.find(b"c", replace(BOUNDS, max_entries=1), 0.0)
    assert len(cache) == 1
    assert cache.find(b"c", replace(BOUNDS, ttl_s=5), 5.0) is None


def test_what_is_too_old_goes_though_nobody_asks_for_it() -> None:
    cache = AnswerCache()
    cache.keep(b"a", kept(), BOUNDS)
    cache.keep(b"b", kept(at_s=30.0), BOUNDS)
    cache.find(b"c", BOUNDS, 65.0)
    assert len(cache) == 1
    cache.keep(b"c", kept(at_s=100.0), BOUNDS)
    assert len(cache) == 1


STEPS = st.tuples(
    st.sampled_from([b"a", b"b", b"c", b"d"]), st.one_of(st.none(), st.integers(0, 5_000)), st.floats(0, 40)
)


@given(st.lists(STEPS, max_size=40), st.integers(1, 4), st.integers(1, 8_000), st.integers(1, 60))
def test_whatever_happens_no_bound_is_passed_and_what_is_found_is_what_was_kept_last(
    steps: list[tuple[bytes, int | None, float]], entries: int, size: int, ttl_s: int
) -> None:
    bounds = CacheBounds(ttl_s, size, entries)
    cache, now_s = AnswerCache(), 0.0
    last: dict[bytes, KeptAnswer] = {}
    for key, body_bytes, passed_s in steps:
        now_s += passed_s
        if body_bytes is None:
            found = cache.find(key, bounds, now_s)
            assert found is None or (found is last[key] and now_s - found.kept_at_s < ttl_s)
        else:
            last[key] = kept(bytes(body_bytes), now_s)
            assert cache.keep(key, last[key], bounds) is (last[key].measure() <= size)
        held = [answer for answer in last.values() if any(answer is one for one in cache._answers.values())]
        assert len(held) == len(cache) <= entries
        assert sum(answer.measure() for answer in held) == cache.kept_bytes <= size
