"""Learned estimates: hardly ever too low, never far too high, bounded, and the same after a restart."""

from random import Random

import msgspec
import pytest
from simulated_prompts import TOKENIZERS, draw_prompt

from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Deployment, Model
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.estimate_cost import MOST_OUTPUT_TOKENS, estimate_cost, expect_tokens
from pointsman.core.routing.estimate_tokens import PromptEstimate, estimate_prompt, estimate_tokens
from pointsman.core.routing.learned_tokens import ENOUGH, LearnedTokens, StoredHistory
from pointsman.core.routing.outcome import AttemptCharge, CostStatus, Outcome, Part

RUN = 10_000
PROSE = PromptEstimate(1_000, "prose")


def report(
    tokens: int,
    output: int = 100,
    *,
    model: str = "small",
    agent: str = "writer",
    status: CostStatus = "actual",
    part: Part = "answer",
    cached: bool = False,
) -> Outcome:
    """A request that ended, as far as its tokens go."""
    usage = Usage(tokens, output)
    charge = AttemptCharge(1, model, "openai", model, "cloud", part, usage, 1, status)
    return Outcome(
        request_id="req_1",
        at_ms=0,
        agent=agent,
        model=model,
        provider="openai",
        upstream_model=model,
        key_id="key_1",
        revision="0123456789ab",
        status=200,
        failure="",
        stream=False,
        attempts=1,
        usage=usage,
        cost_nusd=1,
        cost_status=status,
        latency_ms=1.0,
        first_content_ms=None,
        charges=(charge,),
        cached=cached,
    )


def teach(learned: LearnedTokens, tokens: int, times: int = ENOUGH, agent: str = "writer") -> None:
    for _ in range(times):
        learned.learn(report(tokens, agent=agent), PROSE)


@pytest.mark.parametrize("seed", [6, 7])
def test_over_ten_thousand_requests_hardly_any_is_longer_than_expected_and_the_mean_stays_near(seed: int) -> None:
    """Four tokenizers, one of which drifts and one of which jumps by a third, and six kinds of prompts."""
    random, learned = Random(seed), LearnedTokens()
    below = expected_sum = actual_sum = 0
    ratios: list[float] = []
    for turn in range(RUN):
        shown, model = draw_prompt(random), random.choice(list(TOKENIZERS))
        estimate, actual = estimate_prompt(shown.request), TOKENIZERS[model](shown, turn / RUN)
        expected = learned.expect_input(model, shown.agent, estimate)
        below += expected < actual
        if turn > RUN // 5:
            expected_sum, actual_sum = expected_sum + expected, actual_sum + actual
            ratios.append(expected / actual)
        learned.learn(report(actual, model=model, agent=shown.agent), estimate)
    assert below <= RUN // 1_000
    assert expected_sum <= 1.5 * actual_sum
    assert sum(ratios) <= 1.5 * len(ratios)


def test_before_anything_is_learned_twice_the_estimate_is_expected() -> None:
    learned = LearnedTokens()
    assert learned.expect_input("small", "writer", PROSE) == 2_000
    assert learned.expect_input("small", "writer", PromptEstimate(1_000, "mixed")) == 3_000
    assert learned.usual_input("small", "writer", PROSE) == 1_000
    assert learned.expect_output("small", "writer") is None
    assert learned.find_sizes("small", "writer", PROSE) is None


def test_with_a_history_the_factor_comes_near_to_what_is_reported() -> None:
    learned = LearnedTokens()
    teach(learned, 900, 3_000)
    assert 900 < learned.expect_input("small", "writer", PROSE) <= 990
    assert 900 <= learned.usual_input("small", "writer", PROSE) <= 940


def test_one_estimate_that_was_too_low_raises_all_of_that_model_for_a_while_and_no_other() -> None:
    learned = LearnedTokens()
    teach(learned, 1_000, 600)
    code = PromptEstimate(1_000, "code")
    before, elsewhere = learned.expect_input("small", "writer", code), learned.expect_input("large", "writer", PROSE)
    learned.learn(report(1_400), PROSE)
    assert learned.expect_input("small", "writer", PROSE) >= 1_400
    assert learned.expect_input("small", "writer", code) > before
    assert learned.expect_input("large", "writer", PROSE) == elsewhere
    teach(learned, 1_000, 200)
    assert learned.expect_input("small", "writer", code) == before


def test_a_report_far_beyond_all_others_is_believed_when_it_comes_again() -> None:
    learned = LearnedTokens()
    teach(learned, 1_000, 600)
    before = learned.expect_input("small", "writer", PROSE)
    learned.learn(report(50_000), PROSE)
    teach(learned, 1_000, 200)
    assert learned.expect_input("small", "writer", PROSE) == before
    learned.learn(report(50_000), PROSE)
    assert learned.expect_input("small", "writer", PROSE) >= 50_000


def test_an_agent_without_a_history_goes_by_that_of_all_agents() -> None:
    learned = LearnedTokens()
    teach(learned, 900, 600)
    assert learned.expect_input("small", "reader", PROSE) == learned.expect_input("small", "writer", PROSE)
    teach(learned, 500, 600, agent="reader")
    assert learned.expect_input("small", "reader", PROSE) < learned.expect_input("small", "writer", PROSE)


@pytest.mark.parametrize(
    "outcome",
    [
        report(9_000, status="estimated"),
        report(9_000, status="unknown"),
        report(9_000, part="check"),
        report(9_000, cached=True),
        msgspec.structs.replace(report(9_000), operation="rerank"),
        report(0, 0),
    ],
)
def test_nothing_is_learned_from_what_no_provider_reported_of_that_prompt(outcome: Outcome) -> None:
    learned = LearnedTokens()
    learned.learn(outcome, PROSE)
    assert len(learned) == 0


def test_answers_are_told_by_their_median_and_what_nineteen_of_twenty_stay_within() -> None:
    learned = LearnedTokens()
    for turn in range(1, 401):
        learned.learn(report(1_000, turn), PROSE)
    found = learned.expect_output("small", "writer")
    assert found is not None
    assert 200 <= found.usual <= 240
    assert 380 <= found.high <= 460


def test_what_is_kept_is_bounded_and_the_newest() -> None:
    learned = LearnedTokens(most=64)
    for turn in range(200):
        learned.learn(report(1_000, agent=f"agent-{turn}"), PROSE)
    assert len(learned) == 64
    assert {each.agent for each in learned.list_changed()} >= {"", "agent-199", "agent-198"}


def test_old_habits_are_forgotten() -> None:
    learned = LearnedTokens()
    teach(learned, 1_900, 600)
    teach(learned, 500, 20_000)
    assert learned.expect_input("small", "writer", PROSE) < 600


def test_what_was_learned_is_the_same_after_it_was_stored() -> None:
    learned, random = LearnedTokens(), Random(1)
    for _ in range(500):
        learned.learn(report(random.randint(600, 1_200), random.randint(1, 900)), PROSE)
    stored = learned.list_changed()
    assert not learned.list_changed()
    restored = LearnedTokens()
    restored.restore(msgspec.json.decode(msgspec.json.encode(stored), type=list[StoredHistory]))
    for agent in ("writer", "nobody"):
        assert restored.expect_input("small", agent, PROSE) == learned.expect_input("small", agent, PROSE)
        assert restored.usual_input("small", agent, PROSE) == learned.usual_input("small", agent, PROSE)
        assert restored.expect_output("small", agent) == learned.expect_output("small", agent)
    restored.learn(report(700), PROSE)
    assert len(restored.list_changed()) == 4


def test_what_could_not_be_stored_is_listed_again() -> None:
    learned = LearnedTokens()
    teach(learned, 900)
    changed = learned.list_changed()
    learned.mark_changed(changed)
    assert learned.list_changed() == changed


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The signal box at the junction is the last of its kind on the line, and every morning it wakes.", "prose"),
        ("    if order.state != 'open' or day is None:\n        return settle(order.amount)\n", "code"),
        ('{"id": 18273, "price": 0.2931, "rows": [[1, 2], [3, 4]]}', "data"),
        ("车站旁边的小书店每天早上八点开门。", "script"),
        ("Les agents de la gare ouvrent les portes avant cinq heures, et la boulangerie est déjà allumée.", "prose"),
    ],
)
def test_prompts_are_told_apart_by_what_they_mostly_are(text: str, kind: str) -> None:
    shown = draw_prompt(Random(1)).request
    request = msgspec.structs.replace(shown, fields={"messages": [{"role": "user", "content": text}]})
    estimate = estimate_prompt(request)
    assert estimate == PromptEstimate(estimate_tokens(request), kind)  # type: ignore[arg-type]
    assert estimate_prompt(msgspec.structs.replace(request, state_id="resp_1")).kind == "mixed"


def test_costs_go_by_what_was_learned() -> None:
    learned = LearnedTokens()
    teach(learned, 900, 600)
    sizes = learned.find_sizes("small", "writer", PROSE)
    assert sizes is not None
    most = learned.expect_input("small", "writer", PROSE)
    tokens = expect_tokens(most, None, None, sizes)
    assert (tokens.input, tokens.high_input, tokens.most_output) == (sizes.input, most, MOST_OUTPUT_TOKENS)
    assert (tokens.output, tokens.high_output) == (sizes.usual_output, sizes.high_output)
    assert expect_tokens(most, 50, None, sizes).high_output == 50
    deployment = Deployment("openai/s", "openai", "small", "s", "openai_chat", "https://api.example/v1", "cloud")
    model = Model("small", deployment, PriceTable(1_000_000, 2_000_000, 0, "test"))
    cost = estimate_cost(model, tokens)
    assert cost is not None
    assert cost.low < cost.expected < cost.high
    assert cost.high == most + 2 * (sizes.high_output or 0)
