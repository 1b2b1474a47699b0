"""Which failures leave a deployment alone, for how long, and how it comes back."""

import pytest

from pointsman.core.chat.failures import FailureKind
from pointsman.relay.cooling import REACTIONS
from relay.live_examples import Watch, model, moved, snapshot

ONE, TWO, ELSEWHERE = model("one"), model("two"), model("three", "q")

NEVER_COUNTED = {
    FailureKind.INVALID_REQUEST,
    FailureKind.CONTEXT_LENGTH,
    FailureKind.REQUEST_TOO_LARGE,
    FailureKind.UNPROCESSABLE,
    FailureKind.CONFLICT,
    FailureKind.DEADLINE,
    FailureKind.UNTRANSLATABLE,
}


def _watch() -> Watch:
    return Watch((ONE, TWO, ELSEWHERE))


def test_the_table_says_something_of_every_failure() -> None:
    assert REACTIONS.keys() | NEVER_COUNTED == set(FailureKind)
    assert not REACTIONS.keys() & NEVER_COUNTED


@pytest.mark.parametrize("failure", sorted(NEVER_COUNTED, key=lambda kind: kind.value))
def test_clients_cannot_shut_a_deployment_off(failure: FailureKind) -> None:
    watch = _watch()
    for _ in range(1_000):
        watch.call(ONE, failure)
    assert watch.rest_s(ONE) == 0
    assert watch.look(ONE).health == 1


def test_a_provider_that_asks_to_wait_is_left_alone_that_long() -> None:
    watch = _watch()
    watch.call(ONE, FailureKind.RATE_LIMITED, retry_after_s=17.5)
    assert watch.rest_s(ONE) == 17.5
    assert watch.rest_s(TWO) == 0
    watch.now_s += 17.5
    assert watch.rest_s(ONE) == 0


@pytest.mark.parametrize("asked_s", [300.0, 1e9, float("inf")])
def test_a_wait_is_never_longer_than_five_minutes(asked_s: float) -> None:
    watch = _watch()
    watch.call(ONE, FailureKind.RATE_LIMITED, retry_after_s=asked_s)
    assert watch.rest_s(ONE) == 300


@pytest.mark.parametrize("asked_s", [None, 0.0, -5.0, float("nan")])
def test_without_a_usable_wait_rests_double_up_to_a_minute(asked_s: float | None) -> None:
    watch = _watch()
    rests = []
    for _ in range(9):
        watch.call(ONE, FailureKind.RATE_LIMITED, retry_after_s=asked_s)
        rests.append(watch.rest_s(ONE))
        watch.now_s += rests[-1]
    assert rests == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    watch.call(ONE)
    watch.call(ONE, FailureKind.RATE_LIMITED)
    assert watch.rest_s(ONE) == 1


def test_calls_that_fail_all_at_once_count_as_one() -> None:
    watch = _watch()
    for _ in range(50):
        watch.live.begin(ONE.deployment, watch.now_s)
    for _ in range(50):
        watch.live.end(ONE.deployment, watch.now_s + 1, started_s=watch.now_s, failure=FailureKind.RATE_LIMITED)
    watch.now_s += 1
    assert watch.rest_s(ONE) == 1


@pytest.mark.parametrize(
    "failure", [FailureKind.UNREACHABLE, FailureKind.SERVER_ERROR, FailureKind.STALLED, FailureKind.CONNECT_TIMEOUT]
)
def test_three_failures_in_a_row_and_then_each_one_bring_a_rest_of_half_a_minute_at_most(failure: FailureKind) -> None:
    watch = _watch()
    watch.call(ONE, failure)
    watch.call(ONE, failure)
    assert watch.rest_s(ONE) == 0
    rests = []
    for _ in range(5):
        watch.call(ONE, failure)
        rests.append(watch.rest_s(ONE))
        watch.now_s += rests[-1]
    assert rests == [5, 10, 20, 30, 30]


def test_failures_far_apart_or_with_a_good_call_between_are_no_row() -> None:
    watch = _watch()
    for _ in range(9):
        watch.call(ONE, FailureKind.SERVER_ERROR)
        watch.now_s += 16
    for _ in range(9):
        watch.call(ONE, FailureKind.SERVER_ERROR)
        watch.call(ONE, FailureKind.SERVER_ERROR)
        watch.call(ONE)
    assert watch.rest_s(ONE) == 0


def _rest_and_wait(watch: Watch) -> None:
    for _ in range(3):
        watch.call(ONE, FailureKind.SERVER_ERROR)
    watch.now_s += 5
    assert watch.rest_s(ONE) == 0


def test_after_a_rest_one_call_tries_while_the_others_stay_away() -> None:
    watch = _watch()
    _rest_and_wait(watch)
    started_s = watch.now_s
    watch.live.begin(ONE.deployment, started_s)
    assert watch.rest_s(ONE) == 30
    watch.now_s += 1
    watch.live.end(ONE.deployment, watch.now_s, started_s=started_s, failure=None)
    assert watch.rest_s(ONE) == 0
    watch.call(ONE, FailureKind.SERVER_ERROR)
    assert watch.rest_s(ONE) == 0


def test_the_first_content_of_that_call_is_enough() -> None:
    watch = _watch()
    _rest_and_wait(watch)
    started_s = watch.now_s
    watch.live.begin(ONE.deployment, started_s)
    watch.now_s += 1
    watch.live.note_content(ONE.deployment, watch.now_s, started_s=started_s)
    assert watch.rest_s(ONE) == 0


@pytest.mark.parametrize("failure", [None, FailureKind.INTERRUPTED])
def test_a_try_that_we_ended_ourselves_leaves_the_place_to_the_next(failure: FailureKind | None) -> None:
    watch = _watch()
    _rest_and_wait(watch)
    watch.call(ONE, failure, took_s=1, aborted=True)
    assert watch.rest_s(ONE) == 0
    watch.live.begin(ONE.deployment, watch.now_s)
    assert watch.rest_s(ONE) == 30


def test_a_try_that_never_ends_keeps_the_others_away_for_half_a_minute_only() -> None:
    watch = _watch()
    _rest_and_wait(watch)
    watch.live.begin(ONE.deployment, watch.now_s)
    watch.now_s += 30
    assert watch.rest_s(ONE) == 0


def test_an_old_call_that_ends_well_says_nothing_of_a_rest_since() -> None:
    watch = _watch()
    started_s = watch.now_s
    watch.live.begin(ONE.deployment, started_s)
    watch.now_s += 1
    for _ in range(3):
        watch.call(ONE, FailureKind.SERVER_ERROR)
    watch.live.end(ONE.deployment, watch.now_s, started_s=started_s, failure=None)
    assert watch.rest_s(ONE) == 5


@pytest.mark.parametrize(
    ("failure", "rest_s"),
    [
        (FailureKind.AUTHENTICATION, 60),
        (FailureKind.CREDENTIAL_MISSING, 60),
        (FailureKind.QUOTA_EXHAUSTED, 300),
    ],
)
def test_a_key_that_does_not_work_rests_the_whole_provider(failure: FailureKind, rest_s: float) -> None:
    watch = _watch()
    watch.call(ONE, failure)
    assert [watch.rest_s(one) for one in (ONE, TWO, ELSEWHERE)] == [rest_s, rest_s, 0]


@pytest.mark.parametrize("failure", [FailureKind.FORBIDDEN, FailureKind.MODEL_MISSING])
def test_a_model_that_we_may_not_have_rests_alone(failure: FailureKind) -> None:
    watch = _watch()
    watch.call(ONE, failure)
    assert [watch.rest_s(one) for one in (ONE, TWO)] == [60, 0]


def test_another_key_or_address_ends_a_rest_and_another_limit_does_not() -> None:
    watch = _watch()
    watch.call(ONE, FailureKind.AUTHENTICATION)
    watch.live.follow(snapshot(ONE, TWO))
    assert watch.rest_s(ONE) == 60
    changed = [moved(one, credential="env:OTHER") for one in (ONE, TWO)]
    watch.live.follow(snapshot(*changed))
    assert [watch.rest_s(one) for one in changed] == [0, 0]


def test_a_late_end_under_the_former_key_says_nothing_of_the_new_one() -> None:
    watch = _watch()
    watch.live.begin(ONE.deployment, watch.now_s)
    changed = moved(ONE, credential="env:OTHER")
    watch.live.follow(snapshot(changed))
    assert watch.look(changed).in_flight == 1
    failure = FailureKind.AUTHENTICATION
    watch.live.end(ONE.deployment, watch.now_s, started_s=watch.now_s, failure=failure)
    assert (watch.rest_s(changed), watch.look(changed).in_flight) == (0, 0)
