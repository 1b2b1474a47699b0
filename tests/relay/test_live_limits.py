"""What is used of rate limits: as counted here, and as providers say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.failures import FailureKind
from pointsman.core.chat.usage import Usage
from pointsman.core.routing.facts import NOTHING_SEEN
from pointsman.relay.limit_headers import SaidUse, read_limit_headers
from pointsman.relay.rate_use import Minute
from relay.live_examples import Watch, model, snapshot

TEN, FREE = model("ten", requests_per_minute=10), model("free")
TOKENS = model("tokens", tokens_per_minute=1_000)

times = st.floats(0, 500)


@given(st.lists(st.tuples(times, st.integers(0, 1_000)), max_size=60), times)
def test_a_minute_holds_all_of_60_seconds_and_nothing_older_than_65(
    added: list[tuple[float, int]], later_s: float
) -> None:
    minute = Minute()
    for at_s, amount in sorted(added):
        minute.add(at_s, amount)
    now_s = max((at_s for at_s, _ in added), default=0.0) + later_s / 5
    surely = sum(amount for at_s, amount in added if at_s > now_s - 60)
    perhaps = sum(amount for at_s, amount in added if at_s > now_s - 65)
    assert surely <= minute.read(now_s) <= perhaps
    assert minute.read(now_s) == minute.read(now_s)


@given(st.lists(st.tuples(st.booleans(), times, st.integers(0, 5)), max_size=60))
def test_a_minute_never_holds_less_than_nothing(steps: list[tuple[bool, float, int]]) -> None:
    minute = Minute()
    for is_added, at_s, amount in steps:
        (minute.add if is_added else minute.take_back)(at_s, amount)
        assert minute.read(at_s) >= 0


def test_requests_of_the_last_minute_are_counted_from_their_start() -> None:
    watch = Watch((TEN, FREE))
    for _ in range(8):
        watch.call(TEN)
    assert watch.look(TEN).used == 0.8
    assert watch.live.view((TEN, FREE), watch.now_s, weighs=False) is NOTHING_SEEN
    watch.live.begin(TEN.deployment, watch.now_s)
    assert watch.look(TEN, weighs=False).used == 0.9
    watch.now_s += 65
    assert watch.live.view((TEN, FREE), watch.now_s, weighs=False) is NOTHING_SEEN


def test_a_request_that_never_left_is_not_counted() -> None:
    watch = Watch((TEN,))
    for _ in range(20):
        watch.call(TEN, FailureKind.CONFLICT, sent=False)
    assert watch.look(TEN).used == 0


def test_tokens_are_counted_once_they_are_known() -> None:
    watch = Watch((TOKENS,))
    watch.call(TOKENS, usage=Usage(600, 350))
    assert watch.look(TOKENS, weighs=False).used == 0.95


def test_what_a_provider_lets_us_send_is_counted_over_all_its_models() -> None:
    one, two, other = model("one"), model("two"), model("three", "q")
    watch = Watch((one, two, other), {"p": (10, None)})
    for _ in range(5):
        watch.call(one)
        watch.call(two)
    used = [watch.look(each, weighs=False).used for each in (one, two, other)]
    assert used == [1, 1, 0]


def test_a_narrower_limit_counts_at_once() -> None:
    watch = Watch((FREE, TEN))
    narrow = model("ten", requests_per_minute=2)
    watch.call(TEN)
    watch.call(TEN)
    watch.live.follow(snapshot(FREE, narrow))
    assert watch.look(narrow, weighs=False).used == 1


@pytest.mark.parametrize(
    ("headers", "used", "valid_s"),
    [
        ({"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": "5"}, 0.95, 60),
        (
            {
                "x-ratelimit-limit-requests": "100",
                "x-ratelimit-remaining-requests": "50",
                "x-ratelimit-reset-requests": "6m0s",
                "x-ratelimit-limit-tokens": "1000",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "1s120ms",
            },
            1,
            1.12,
        ),
        (
            {
                "date": "Sat, 21 Nov 2026 10:00:00 GMT",
                "anthropic-ratelimit-input-tokens-limit": "4",
                "anthropic-ratelimit-input-tokens-remaining": "1",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-21T10:00:07Z",
            },
            0.75,
            7,
        ),
        ({"x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": "99"}, 0, 60),
    ],
)
def test_what_providers_say(headers: dict[str, str], used: float, valid_s: float) -> None:
    said = read_limit_headers([(name.encode(), value.encode()) for name, value in headers.items()])
    assert said is not None
    assert (said.used, said.valid_s) == (pytest.approx(used), pytest.approx(valid_s))


@pytest.mark.parametrize(
    ("limit", "remaining"),
    [
        ("0", "0"),
        ("-1", "1"),
        ("nan", "1"),
        ("inf", "1"),
        ("10", "-1"),
        ("1e3", "1"),
        ("9" * 99, "1"),
        ("10", ""),
        ("", "1"),
    ],
)
def test_what_cannot_be_read_is_not_believed(limit: str, remaining: str) -> None:
    fields = [
        (b"x-ratelimit-limit-requests", limit.encode()),
        (b"x-ratelimit-remaining-requests", remaining.encode()),
    ]
    assert read_limit_headers(fields) is None


dates = st.text("0123456789 ,:+-.GMTSatNov", max_size=50).map(str.encode) | st.binary(max_size=60)


@given(st.binary(max_size=60) | dates | st.just(b"2026-11-21T10:00:07Z"), dates)
def test_any_reset_is_clamped_to_a_minute(reset: bytes, date: bytes) -> None:
    fields = [
        (b"date", date),
        (b"x-ratelimit-limit-tokens", b"10"),
        (b"x-ratelimit-remaining-tokens", b"1"),
        (b"x-ratelimit-reset-tokens", reset),
    ]
    said = read_limit_headers(fields)
    assert isinstance(said, SaidUse)
    assert 0 <= said.valid_s <= 60


def test_what_was_said_is_forgotten_after_the_reset() -> None:
    watch = Watch((FREE,))
    fields = {"limit": b"100", "remaining": b"1", "reset": b"30s"}
    watch.call(FREE, headers=[(f"x-ratelimit-{name}-requests".encode(), value) for name, value in fields.items()])
    assert watch.look(FREE, weighs=False).used == 0.99
    watch.now_s += 30
    assert watch.live.view((FREE,), watch.now_s, weighs=False) is NOTHING_SEEN
