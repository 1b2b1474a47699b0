"""A stream that has used up what it may cost is ended by us: its provider keeps to no limit that it was told."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from openai_door import DOOR
from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Budget, Model, Snapshot
from pointsman.core.limits.scopes import CostQuestion
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.call import Call, Relay
from pointsman.relay.serve import serve
from relay.scripted import SNAPSHOT, Answer, NotingClient, ScriptedUpstream
from relay.test_serve import DONE, LAST, USAGE, ask

PIECE_BYTES = 40
MOST_PIECES = 10_000
"""An endless answer that nobody ends has that many pieces and then fails the test."""

CAPPED = ask("one", stream=True, max_tokens=100)
BOUND_NUSD = (len(CAPPED) + 272) * 1_000 + 100 * 2_000
"""A byte of the prompt is a token at most, with 272 around it; the answer is to have 100."""


def _piece(text: str) -> bytes:
    return b"data: " + json.dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]}).encode() + b"\n\n"


PIECE_TEXT = "x" * (PIECE_BYTES - 2)
PIECE = _piece(PIECE_TEXT)
"""Forty bytes of content with its quotes, which a verbatim reader counts, too."""


@dataclass
class Endless(Answer):
    """Goes on and on, whatever it was told; or, with `most`, ends properly after so many pieces."""

    most: int = MOST_PIECES
    given: int = 0
    burst: int = 1
    ending: list[bytes] = field(default_factory=list)

    async def read(self) -> bytes:
        if self.given < self.most:
            self.given += self.burst
            return PIECE * self.burst
        assert self.ending, "nobody has ended the stream"
        return self.ending.pop(0)


class _NothingSpent:
    """The books of a gateway that has just begun."""

    async def is_written(self, request_id: str) -> bool:
        return True

    async def sum_costs(
        self, questions: Sequence[CostQuestion], last_request_id: str | None
    ) -> list[Mapping[str, int]]:
        return [{} for _ in questions]


@dataclass
class Guarded:
    """One streamed call under limits."""

    answer: Endless
    client: NotingClient
    outcome: Outcome
    spending: Spending

    @property
    def text(self) -> str:
        return "".join([each["delta"].get("content", "") for each in self.choices])

    @property
    def reasons(self) -> list[str]:
        return [each["finish_reason"] for each in self.choices if each.get("finish_reason")]

    @property
    def choices(self) -> list[dict[str, dict[str, str]]]:
        lines = [line[6:] for line in self.client.body.split(b"\n\n") if line not in (b"", DONE.strip())]
        return [choice for line in lines for choice in json.loads(line)["choices"]]


def stream(
    limit_nusd: int | None,
    answer: Endless,
    body: bytes = CAPPED,
    max_cost: bytes = b"",
    models: Mapping[str, Model] = SNAPSHOT.models,
) -> Guarded:
    """Stream an answer under a daily budget, or under none."""
    budgets = () if limit_nusd is None else (Budget("daily", "total", "", "day", limit_nusd),)
    snapshot: Snapshot = replace(SNAPSHOT, budgets=budgets, models=models)
    outcomes: list[Outcome] = []
    client, spending = NotingClient(), Spending(_NothingSpent(), clock_ns=lambda: 0)

    def record(outcome: Outcome) -> None:
        outcomes.append(outcome)
        spending.record(outcome)

    async def run() -> None:
        await spending.follow(snapshot, 1_700_000_000_000)
        words = ((b"x-pointsman-max-cost", max_cost),) if max_cost else ()
        call = Call("req_1", *DOOR, body, "key_1", words, 1_700_000_000_000, 99.5, "shown-1")
        relay = Relay(ScriptedUpstream([answer]), record, lambda: 100.0, limits=spending)
        await serve(relay, snapshot, call, client)

    asyncio.run(run())
    (outcome,) = outcomes
    return Guarded(answer, client, outcome, spending)


def check_cut(guarded: Guarded, most_nusd: int) -> None:
    """Its client sees a whole answer at its limit; its provider is let go, and nothing was spent beyond the limit."""
    outcome = guarded.outcome
    assert guarded.reasons == ["length"] and guarded.client.body.endswith(DONE) and guarded.client.ended
    assert guarded.text == PIECE_TEXT * guarded.answer.given
    assert guarded.answer.ended == "closed" and guarded.answer.given < MOST_PIECES
    assert (outcome.status, outcome.failure, outcome.cost_status) == (200, "cut_at_limit", "estimated")
    assert outcome.cost_nusd is not None and 0 < outcome.cost_nusd <= most_nusd
    assert guarded.client.status == 200


def test_a_stream_that_goes_on_beyond_what_is_held_is_cut() -> None:
    guarded = stream(BOUND_NUSD, Endless())
    check_cut(guarded, BOUND_NUSD)
    assert guarded.answer.given * PIECE_BYTES >= 100, "it had at least a byte for each of its tokens"


@pytest.mark.parametrize("times", [2, 3, 10])
def test_a_stream_takes_what_the_budget_has_left_before_it_is_cut(times: int) -> None:
    once, more = stream(BOUND_NUSD, Endless()), stream(times * BOUND_NUSD, Endless())
    check_cut(more, times * BOUND_NUSD)
    assert more.answer.given > times * once.answer.given, "only the answer grows, its prompt is paid for once"


def test_a_stream_for_which_something_is_left_goes_on_to_its_end() -> None:
    answer = Endless(most=100, ending=[LAST, USAGE + DONE])
    guarded = stream(100 * BOUND_NUSD, answer)
    assert guarded.reasons == ["stop"] and guarded.text == PIECE_TEXT * 100
    assert (guarded.outcome.failure, guarded.outcome.cost_status) == ("", "actual")
    assert answer.ended == "released"


def test_what_was_held_is_free_again() -> None:
    for answer in (Endless(), Endless(most=3, ending=[LAST, USAGE + DONE])):
        guarded = stream(4 * BOUND_NUSD, answer)
        tallies = guarded.spending._index.tallies.by_id.values()
        assert sum(window.held for tally in tallies for window in tally) == 0
        assert sum(window.spent for tally in tallies for window in tally) >= (guarded.outcome.cost_nusd or 0) > 0


def test_a_caller_who_says_what_it_may_cost_gets_no_more_than_that() -> None:
    cap = b"0.000700"
    for limit_nusd in (None, 100 * BOUND_NUSD):
        guarded = stream(limit_nusd, Endless(), max_cost=cap)
        check_cut(guarded, 700_000)


def test_without_limits_nothing_is_cut() -> None:
    answer = Endless(most=5_000, ending=[LAST, USAGE + DONE])
    guarded = stream(None, answer)
    assert guarded.reasons == ["stop"] and len(guarded.text) == 5_000 * len(PIECE_TEXT)
    assert guarded.outcome.failure == ""


def test_an_answer_whose_tokens_cost_nothing_is_never_cut() -> None:
    free = replace(SNAPSHOT.models["one"], prices=PriceTable(1_000_000_000, 0, 0, "test"))
    answer = Endless(most=2_000, ending=[LAST, USAGE + DONE])
    guarded = stream(BOUND_NUSD, answer, models={"one": free})
    assert guarded.reasons == ["stop"] and guarded.outcome.cost_nusd == 10_000


def test_of_an_answer_that_comes_in_bursts_at_most_one_is_too_much() -> None:
    """What has come has been made, and is charged; but nothing more is read once nothing is left for it."""
    guarded = stream(10 * BOUND_NUSD, Endless(burst=100))
    assert guarded.outcome.failure == "cut_at_limit" and guarded.reasons == ["length"]
    burst_nusd = 100 * PIECE_BYTES // 4 * 2_000
    assert (guarded.outcome.cost_nusd or 0) <= 10 * BOUND_NUSD + burst_nusd
