"""Answers that are given again: to whom, of which model, and above all when not."""

import asyncio
import json

import pytest

from core.config.compiling import compile_good
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.routing.key_policy import KeyPolicy
from relay.reusing import CACHING, DOCUMENT, House, header, holds
from relay.scripted import Answer, NotingClient
from relay.test_verification import judge, say

WORD = b"a-word-that-nobody-else-says"
PERFORMANCE = ((b"x-pointsman-strategy", b"performance_optimized"),)


def test_the_same_request_gets_the_same_answer_and_costs_nothing() -> None:
    house = House()
    first = house.ask(say("one"))
    house.now_s += 12.9
    second = house.ask(say("two"))
    assert (header(first), header(second)) == ("miss", "hit")
    assert second.status == 200 and second.body == first.body and second.ended
    assert second.headers[b"age"] == b"12" and b"age" not in first.headers
    assert [header(second, name) for name in ("model", "attempts", "cost-usd", "decision")] == [
        "big",
        "0",
        "0",
        "agent",
    ]
    assert house.upstream.called == ["big"]
    outcome = house.outcomes[-1]
    assert (outcome.status, outcome.attempts, outcome.model, outcome.cached) == (200, 0, "big", True)
    assert (outcome.usage, outcome.cost_nusd, outcome.cost_status, outcome.failure) == (None, 0, "none", "")
    assert not house.outcomes[0].cached


def test_an_answer_is_not_given_when_its_time_is_over() -> None:
    house = House()
    house.ask(say("one"))
    house.now_s += 60
    assert header(house.ask(say("two"))) == "miss"


def test_two_keys_never_share_an_answer() -> None:
    house = House()
    house.ask(say("one"), key="key_1")
    other = house.ask(say("two"), key="key_2")
    assert header(other) == "miss" and b"two" in other.body
    assert b"one" in house.ask(key="key_1").body and b"two" in house.ask(key="key_2").body


@pytest.mark.parametrize(
    "other",
    [
        {"content": "ho"},
        {"model": "agent:b"},
        {"model": "big"},
        {"temperature": 0.1},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
    ],
    ids=str,
)
def test_another_request_gets_another_answer(other: dict[str, object]) -> None:
    house = House()
    house.ask(say("one"))
    assert header(house.ask(say("two"), **other)) == "miss"


def test_who_it_is_for_and_what_it_is_told_beside_make_no_other_request() -> None:
    house = House()
    house.ask(say("one"), user="ada", metadata={"team": "x"})
    assert header(house.ask(user="bob", metadata={"user": "bob"})) == "hit"


@pytest.mark.parametrize(
    "private",
    [
        {"model": "agent:private"},
        {"words": ((b"x-pointsman-privacy", b"high"),)},
        {"metadata": {"privacy": "high"}},
        {"policy": KeyPolicy(privacy="high")},
        {"content": "Write to ada.lovelace@example.com"},
    ],
    ids=str,
)
def test_of_private_requests_nothing_is_kept_or_given(private: dict[str, object]) -> None:
    house = House()
    client = house.ask(say(WORD.decode()), **private)
    assert (client.status, header(client), header(client, "model")) == (200, None, "own")
    assert (len(house.relay.answers), house.relay.answers.kept_bytes) == (0, 0)
    assert not holds(house.relay, WORD)
    assert b"again" in house.ask(say("again"), **private).body
    house.ask(say(WORD.decode()))
    assert holds(house.relay, WORD), "what is kept would have been found"


def test_a_private_request_does_not_get_what_an_open_one_was_given() -> None:
    house = House()
    house.ask(say("one"), model="own")
    client = house.ask(say("two"), model="own", words=((b"x-pointsman-privacy", b"high"),))
    assert header(client) is None and b"two" in client.body


def test_what_is_refused_gets_nothing_that_was_kept() -> None:
    house = House()
    house.ask(say("one"), model="big")
    assert house.ask(model="big", words=((b"x-pointsman-tags", b"forbidden"),)).status == 403
    assert house.ask(model="big", policy=KeyPolicy(models=("own",))).status == 404


@pytest.mark.parametrize(
    "declined",
    [
        {"words": ((b"x-pointsman-no-cache", b"true"),)},
        {"words": ((b"x-pointsman-no-cache", b"1"),)},
        {"cache_control": b"no-cache"},
        {"cache_control": b"max-age=0, No-Store"},
        {"stream": True},
        {"model": "agent:never"},
    ],
    ids=str,
)
def test_who_wants_an_answer_of_its_own_gets_one_and_none_is_kept(declined: dict[str, object]) -> None:
    house = House()
    house.ask(say("one"))
    event = b'data: {"choices":[{"index":0,"delta":{"content":"two"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    client = house.ask(Answer([event]) if "stream" in declined else say("two"), **declined)
    assert client.status == 200 and header(client) is None and b"two" in client.body
    assert len(house.relay.answers) == 1
    assert b"one" in house.ask(words=((b"x-pointsman-no-cache", b"false"),), cache_control=b"max-age=5").body


def end(reason: object) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": reason}
    return Answer([json.dumps({"choices": [choice]}).encode()])


@pytest.mark.parametrize("reason", ["stop", "length", "tool_calls", "function_call"])
def test_answers_that_ended_well_are_kept(reason: str) -> None:
    house = House()
    house.ask(end(reason))
    assert header(house.ask()) == "hit"


@pytest.mark.parametrize("answer", [end("content_filter"), end(None), end(["stop"])])
def test_others_are_not(answer: Answer) -> None:
    house = House()
    house.ask(answer)
    assert len(house.relay.answers) == 0
    assert header(house.ask(say("two"))) == "miss"


def test_neither_failures_nor_answers_of_a_model_that_stood_in_are_kept() -> None:
    failure = UpstreamFailure(FailureKind.INVALID_REQUEST, "as scripted", sent=True)
    house = House()
    assert house.ask(failure).status != 200
    stood_in = house.ask(UpstreamFailure(FailureKind.SERVER_ERROR, "as scripted", sent=True), say("two"))
    assert (stood_in.status, header(stood_in, "model"), header(stood_in)) == (200, "own", None)
    assert len(house.relay.answers) == 0


def test_a_checked_answer_is_kept_only_when_it_has_passed() -> None:
    house = House()
    failed = house.ask(say("bad"), judge(False), say("good"), model="agent:checked")
    assert header(failed, "verification") == "failed; model=big" and header(failed) is None
    skipped = house.ask(
        say("unseen"), UpstreamFailure(FailureKind.SERVER_ERROR, "as scripted", sent=True), model="agent:checked"
    )
    assert (header(skipped, "verification") or "").startswith("skipped") and header(skipped) is None
    passed = house.ask(say("right"), judge(True), model="agent:checked")
    again = house.ask(model="agent:checked")
    assert (header(passed), header(again)) == ("miss", "hit") and again.body == passed.body
    assert header(again, "verification") == "passed; model=big"
    assert house.outcomes[-1].cost_nusd == 0


def test_a_strategy_turns_it_on_and_a_policy_off() -> None:
    house = House(compile_good(DOCUMENT))
    assert header(house.ask(say("one"))) is None and len(house.relay.answers) == 0
    asking = {"words": PERFORMANCE, "policy": KeyPolicy(strategies=("*",))}
    assert header(house.ask(say("one"), **asking)) == "miss"
    assert header(house.ask(**asking)) == "hit"
    assert header(house.ask(say("one"), **asking, model="agent:never")) is None


def test_an_answer_outlives_a_change_of_the_configuration_but_not_its_model() -> None:
    house = House()
    house.ask(say("one"))
    house.snapshot = compile_good(DOCUMENT + "cache: {mode: exact, ttl: 5m}\n")
    assert house.snapshot.revision != CACHING.revision
    house.now_s += 100
    assert header(house.ask()) == "hit"
    moved = DOCUMENT.replace("far.example", "elsewhere.example")
    for changed in (moved, DOCUMENT.replace("a: {model: big", "a: {model: own").replace("[own]", "[big]", 1)):
        house.snapshot = compile_good(changed + "cache: {mode: exact}\n")
        client = house.ask(say("two"))
        assert header(client) == "miss" and b"two" in client.body


def test_requests_under_way_at_the_same_time_each_ask_a_model() -> None:
    house = House()
    house.upstream.script[:] = [say("one"), say("two")]
    gate = asyncio.Event()
    send = house.upstream.send

    async def send_later(*args: object, **more: object) -> Answer:
        answer = await send(*args, **more)  # type: ignore[arg-type]
        if len(house.upstream.called) == 2:
            gate.set()
        await gate.wait()
        return answer

    house.upstream.send = send_later  # type: ignore[method-assign]

    async def ask_both() -> list[NotingClient]:
        return await asyncio.gather(house.take(), house.take())

    clients = asyncio.run(ask_both())
    assert [header(client) for client in clients] == ["miss", "miss"]
    assert len(house.relay.answers) == 1 and header(house.ask()) == "hit"


def test_logs_say_nothing_of_answers(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.ask(say("a very secret answer"), content="a very secret question")
    house.ask(content="a very secret question")
    assert "very secret" not in caplog.text
    assert "very secret" not in repr(house.outcomes)
