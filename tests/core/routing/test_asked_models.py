"""What a request may ask of its models itself: which are tried next, and how good each must be at least."""

import pytest
from written_worlds import compile_document, decide_well, name_order, refuse_rightly

from pointsman.core.routing.facts import Facts, LiveTarget
from pointsman.core.routing.key_policy import KeyPolicy

WORLD = """\
version: 1
providers:
  sky: {base_url: "https://sky.example/v1"}
  house: {base_url: "http://localhost:8080/v1"}
models:
  best: {provider: sky, quality: 0.95, price_per_1m_tokens: {input: 10, output: 30}}
  good: {provider: sky, quality: 0.85, price_per_1m_tokens: {input: 1, output: 3}}
  poor: {provider: house, quality: 0.4}
  unknown: {provider: house}
agents:
  a: {model: best, fallback: [poor], local_alternative: unknown}
  home: {model: poor, policy: {privacy: high}}
routing:
  aliases: {fine: good}
"""
SNAPSHOT = compile_document(WORLD)


def test_a_model_asked_for_by_name_is_followed_by_those_that_the_request_names() -> None:
    decision = decide_well(SNAPSHOT, Facts("best", fallback_models=("fine", "poor", "best")))
    assert name_order(decision) == ["best", "good", "poor"]
    assert (decision.decided_by, decision.attempts[1].degraded) == ("forced", "fallback")
    assert decision.attempts[1].why == "fallback 1 of the request"


def test_between_the_model_of_an_agent_and_its_own_fallbacks() -> None:
    decision = decide_well(SNAPSHOT, Facts("agent:a", fallback_models=("good",)))
    assert name_order(decision) == ["best", "good", "poor"]
    assert decision.decided_by == "agent"


def test_without_anybody_the_choice_is_among_the_named() -> None:
    decision = decide_well(SNAPSHOT, Facts("auto", fallback_models=("poor", "good")))
    assert set(name_order(decision)) == {"poor", "good"}


@pytest.mark.parametrize("asked", ["ghost", "agent:a", "good"])
def test_each_must_be_one_that_the_key_may_ask_for(asked: str) -> None:
    policy = KeyPolicy(models=("best", "agent:a", "ghost"))
    refusal = refuse_rightly(SNAPSHOT, Facts("best", policy=policy, fallback_models=(asked,)))
    assert refusal.code == "model_not_found"
    assert asked in refusal.message


def test_what_must_stay_local_does_so_whatever_is_named() -> None:
    decision = decide_well(SNAPSHOT, Facts("best", label="high", fallback_models=("good", "poor")))
    assert name_order(decision) == ["poor"]
    assert decision.text.startswith("fallback 2 of the request: best is a cloud model")
    refusal = refuse_rightly(SNAPSHOT, Facts("best", label="high", fallback_models=("good",)))
    assert refusal.code == "privacy_unavailable"
    beside = Facts("best", agent="home", fallback_models=("good", "unknown"))
    assert name_order(decide_well(SNAPSHOT, beside)) == ["unknown"]


def test_one_that_rests_after_failures_is_tried_last() -> None:
    live = {SNAPSHOT.models["best"].deployment.id: LiveTarget(cooling_ms=1_000)}
    decision = decide_well(SNAPSHOT, Facts("best", fallback_models=("good",)), live)
    assert name_order(decision) == ["good", "best"]
    assert decision.text == "fallback 1 of the request: best rests after failures"


def test_what_is_not_good_enough_is_left_out() -> None:
    decision = decide_well(SNAPSHOT, Facts("agent:a", min_quality=850_000, fallback_models=("good",)))
    assert name_order(decision) == ["best", "good", "unknown"]
    assert [(drop.model, drop.code) for drop in decision.dropped] == [("poor", "min_quality")]
    assert decision.notes == ()
    refusal = refuse_rightly(SNAPSHOT, Facts("good", min_quality=850_001))
    assert (refusal.code, refusal.dropped[0].reason) == (
        "min_quality_unmet",
        "its quality is 0.85, and the request takes none below 0.850001",
    )


def test_of_a_model_of_unknown_quality_the_decision_says_so() -> None:
    decision = decide_well(SNAPSHOT, Facts("unknown", min_quality=900_000))
    assert decision.notes == ("nobody says how good unknown is, and quality 0.9 is asked for",)


def test_a_tier_stands_for_a_quality() -> None:
    tiered = compile_document(WORLD + "  tiers:\n    - [unknown]\n")
    assert name_order(decide_well(tiered, Facts("unknown", min_quality=950_000))) == ["unknown"]
    assert refuse_rightly(tiered, Facts("unknown", min_quality=950_001)).code == "min_quality_unmet"
