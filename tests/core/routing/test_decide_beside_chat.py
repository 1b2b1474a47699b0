"""Decisions about what is no chat: who can be asked, and that vectors of one caller stay comparable."""

import pytest
from written_worlds import compile_document, decide_well, name_order, refuse_rightly

from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.facts import Facts, ForcedModel, LiveTarget

DOCUMENT = """\
version: 1
providers:
  sky: {{base_url: "https://sky.example/v1"}}
  sea: {{base_url: "https://sea.example/v1"}}
  house: {{base_url: "http://localhost:8080/v1"}}
models:
  chatty: {{provider: sky, capabilities: [coding], context_window: 1000}}
  small: {{provider: sky, model_id: embed-1, context_window: 1000}}
  small-at-sea: {{provider: sea, model_id: embed-1}}
  other: {{provider: sea, model_id: embed-2}}
  private: {{provider: house, model_id: embed-3}}
  ranker: {{provider: sky, model_id: rerank-1, price_per_1m_tokens: {{input: 1, output: 1}}}}
agents:
  reader: {{model: small, fallback: [other, small-at-sea]}}
  mixed: {{model: chatty, fallback: [small, other]}}
  careful: {{model: small, fallback: [small-at-sea], local_alternative: private}}
  ranking: {{model: ranker}}
routing: {routing}
"""


def compile_with(routing: str = "{}") -> Snapshot:
    return compile_document(DOCUMENT.format(routing=routing))


def ask(target: str, operation: str = "embeddings", **facts: object) -> Facts:
    return Facts(target, needs=(operation,), **facts)  # type: ignore[arg-type]


def test_nothing_stands_in_but_the_same_model_elsewhere() -> None:
    decision = decide_well(compile_with(), ask("agent:reader"))
    assert name_order(decision) == ["small", "small-at-sea"]
    (dropped,) = decision.dropped
    assert (dropped.model, dropped.code) == ("other", "other_vectors")
    assert "small" in dropped.reason


def test_how_deployments_are_doing_does_not_change_the_model() -> None:
    live = {"sky/embed-1": LiveTarget(cooling_ms=9_000)}
    assert name_order(decide_well(compile_with(), ask("agent:reader"), live)) == ["small-at-sea", "small"]
    strategy = "{strategy: cost_optimized}"
    assert set(name_order(decide_well(compile_with(strategy), ask("agent:reader"), live))) == {"small", "small-at-sea"}


def test_the_first_that_embeds_is_the_one_that_is_meant() -> None:
    decision = decide_well(compile_with(), ask("agent:mixed"))
    assert name_order(decision) == ["small"]
    assert {drop.model: drop.code for drop in decision.dropped} == {"chatty": "unsupported", "other": "other_vectors"}


def test_what_must_stay_local_goes_to_the_local_alternative_and_else_nowhere() -> None:
    assert name_order(decide_well(compile_with(), ask("agent:careful", label="high"))) == ["private"]
    refusal = refuse_rightly(compile_with(), ask("agent:reader", label="high"))
    assert refusal.code == "privacy_unavailable"


def test_a_rule_or_a_person_may_mean_another_model() -> None:
    rules = "{rules: [{when: 'request.tokens_estimated >= 0', action: use, use: other}]}"
    assert name_order(decide_well(compile_with(rules), ask("agent:reader"))) == ["other"]
    forced = ForcedModel("other", "ovr_1", "ada")
    assert name_order(decide_well(compile_with(), ask("agent:reader", forced=forced))) == ["other"]


def test_a_budget_that_closes_the_model_does_not_open_another() -> None:
    snapshot = compile_with()
    refusal = refuse_rightly(snapshot, ask("agent:reader", local_only="days"))
    assert refusal.code == "budget_exceeded"


def test_other_operations_fall_back_as_chats_do() -> None:
    decision = decide_well(compile_with(), ask("agent:mixed", "count_tokens"))
    assert name_order(decision) == ["chatty", "small", "other"]


@pytest.mark.parametrize(("target", "operation"), [("chatty", "embeddings"), ("small", "chat"), ("ranker", "chat")])
def test_who_cannot_be_asked_is_left_out(target: str, operation: str) -> None:
    facts = Facts(target, needs=() if operation == "chat" else (operation,))
    refusal = refuse_rightly(compile_with(), facts)
    assert refusal.code == "unsupported_by_model" and operation in refusal.message
    assert [drop.code for drop in refusal.dropped] == ["unsupported"]


def test_an_agent_that_chats_passes_over_models_that_cannot() -> None:
    assert name_order(decide_well(compile_with(), Facts("agent:mixed"))) == ["chatty"]
    assert refuse_rightly(compile_with(), Facts("agent:reader")).code == "unsupported_by_model"


def test_a_context_is_a_matter_of_chats() -> None:
    """Of many texts each has the context to itself."""
    assert name_order(decide_well(compile_with(), ask("small", tokens=50_000))) == ["small"]
    assert refuse_rightly(compile_with(), Facts("chatty", tokens=50_000)).code == "context_length_exceeded"


def test_what_it_may_cost_has_no_answer_in_it() -> None:
    snapshot = compile_with()
    assert name_order(decide_well(snapshot, ask("agent:ranking", "rerank", tokens=1_000, max_cost_nusd=1_200_000)))
    assert refuse_rightly(snapshot, ask("agent:ranking", "rerank", tokens=1_000, max_cost_nusd=100)).code
    assert name_order(decide_well(snapshot, ask("small", "count_tokens", max_cost_nusd=0)))


def test_auto_takes_who_can() -> None:
    decision = decide_well(compile_with(), ask("auto"))
    assert decision.attempts[0].model.deployment.upstream_model == "embed-1"
    assert name_order(decide_well(compile_with(), ask("auto", "rerank"))) == ["ranker"]
