"""Explanations of questions and of real requests: complete, the same each time, and true of what would happen."""

import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from explained import Document, compile_document

from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.ask import InvalidQuestion, Question, build_hypothesis
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision
from pointsman.core.routing.describe import AttemptView, ExplanationView, FlipView, describe
from pointsman.core.routing.describe_cost import CostView
from pointsman.core.routing.explain import Explanation, explain, explain_hypothesis
from pointsman.core.routing.facts import Facts, LiveTarget
from pointsman.core.routing.gather_facts import Circumstances, Found, find_caller_of, gather_facts, should_search
from pointsman.core.routing.hypothesis import read_fact
from pointsman.core.routing.key_policy import NO_POLICY, KeyPolicy
from pointsman.core.routing.money_facts import MoneyFacts
from pointsman.core.routing.said import Said

PAGE = Path(__file__).parents[3] / "docs" / "explain.md"

DOCUMENT: Document = {
    "version": 1,
    "providers": {
        "far": {"base_url": "https://far.example/v1"},
        "near": {"base_url": "http://127.0.0.1:8080/v1", "location": "local"},
    },
    "models": {
        "large": {"provider": "far", "price_per_1m_tokens": {"input": "10", "output": "30"}, "context_window": 32_000},
        "small": {"provider": "far", "price_per_1m_tokens": {"input": "1", "output": "2"}},
        "own": {"provider": "near"},
        "old": {"provider": "far", "price_per_1m_tokens": {"input": "1", "output": "2"}, "enabled": False},
    },
    "agents": {
        "writer": {
            "model": "large",
            "fallback": ["old", "small", "own"],
            "tags": ["prose"],
            "rules": [{"name": "simple", "when": "task.complexity <= 3", "use": "small"}],
        },
        "reader": {"model": "own", "task_type": "reading"},
    },
    "routing": {
        "attempts": 2,
        "rules": [{"name": "kept", "when": "data.contains_pii", "action": "force_local_model"}],
        "strategies": {"mixed": {"weights": {"cost_efficiency": 1, "performance_needs": 1}}},
    },
}


TASKS: Document = {"review": {"model": "large", "fallback": ["own"]}}


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return compile_document(DOCUMENT)


def explain_question(snapshot: Snapshot, question: Question) -> Explanation:
    return explain_hypothesis(build_hypothesis(snapshot, question))


def test_the_decision_is_the_one_that_a_request_would_get(snapshot: Snapshot) -> None:
    explanation = explain(snapshot, Facts("agent:writer"))
    assert explanation.answer == decide(snapshot, Facts("agent:writer"))
    assert describe(explanation) == describe(explain(snapshot, Facts("agent:writer")))


def test_every_candidate_is_told_whether_it_is_tried_left_for_later_or_left_out(snapshot: Snapshot) -> None:
    view = describe(explain_question(snapshot, Question("agent:writer", strategy="mixed")))
    assert [attempt.model for attempt in view.attempts] == ["own", "small"]
    assert [attempt.model for attempt in view.further] == ["large"]
    assert {drop.model: drop.code for drop in view.dropped} == {"large": "attempts_exhausted", "old": "model_disabled"}
    for attempt in (*view.attempts, *view.further):
        parts = dict(attempt.score)
        total = parts.pop("total")
        assert parts.keys() == {"cost_efficiency", "performance_needs"}
        assert total == pytest.approx(sum(parts.values()))
    assert view.confidence is not None and view.decided_by is not None
    assert (view.decided_by.kind, view.decided_by.name, view.strategy) == ("strategy", "mixed", "mixed")


def test_the_cost_is_an_interval_of_exact_decimals_for_the_stated_tokens(snapshot: Snapshot) -> None:
    view = describe(explain_question(snapshot, Question("agent:writer", given={"request.tokens_estimated": 10_000})))
    assert view.estimated_tokens == {"input": 10_000, "output": 500}
    cost = view.estimated_cost_usd
    assert cost is not None
    assert (cost.low, cost.expected, cost.high) == ("0.08003", "0.115", "0.24288")
    assert cost == view.attempts[0].estimated_cost_usd


def test_a_question_tells_the_facts_that_count_and_no_others(snapshot: Snapshot) -> None:
    surroundings = {"time.hour": 3, "time.weekday": "sunday"}
    view = describe(explain_question(snapshot, Question("agent:writer", user="ada", surroundings=surroundings)))
    assert view.facts == {
        "target": "agent:writer",
        "agent": "writer",
        "tags": ["prose"],
        "user": "ada",
        "task.complexity": 5,
        "data.contains_pii": False,
    }
    assert view.estimated == ("task.complexity",)
    reader = build_hypothesis(snapshot, Question("agent:reader")).facts
    assert reader.value_of("task.type") == "reading"


def test_a_find_raises_the_label_unless_nobody_may_search(snapshot: Snapshot) -> None:
    found = Question("agent:writer", given={"data.contains_pii": True}, privacy="medium")
    assert describe(explain_question(snapshot, found)).label == "high"
    unsearched = compile_document(DOCUMENT | {"privacy": {"detect": "off"}})
    view = describe(explain_question(unsearched, found))
    assert (view.label, view.model, view.rules.fired) == ("medium", "own", ())
    assert any("nobody looks for private data" in note for note in view.notes)
    assert not any(flip.fact == "data.contains_pii" for flip in view.flips)
    vouched = describe(explain_question(unsearched, replace(found, is_vouched=True)))
    assert (vouched.label, vouched.rules.fired) == ("high", ("kept",))


@pytest.mark.parametrize("detect", ["off", "rules", "always"])
@pytest.mark.parametrize("beside", [None, "strict"])
def test_a_supposed_find_counts_where_a_real_request_is_searched(detect: str, beside: str | None) -> None:
    agents = {"writer": {"model": "large"}, "strict": {"model": "own", "policy": {"detect": "always"}}}
    document = DOCUMENT | {"privacy": {"detect": detect}, "agents": agents, "routing": {}, "tasks": TASKS}
    snapshot = compile_document(document)
    said = Said(agent=beside)
    caller = find_caller_of(snapshot, "task:review", said)
    searched = should_search(snapshot, caller, NO_POLICY, snapshot.agents.get(beside or ""))
    assert searched == (detect == "always" or beside is not None)
    question = Question("task:review", beside, given={"data.contains_pii": True})
    view = describe(explain_question(snapshot, question))
    assert (view.label == "high", view.notes == ()) == (searched, searched)


def test_an_agent_beside_counts_for_the_label_that_flips_start_from() -> None:
    strict = {"model": "own", "policy": {"privacy": "medium"}}
    snapshot = compile_document(DOCUMENT | {"agents": {"strict": strict}, "routing": {}, "tasks": TASKS})
    hypothesis = build_hypothesis(snapshot, Question("task:review", "strict"))
    assert read_fact(hypothesis, snapshot.routing.facts.facts["task.privacy_level"]) == "medium"
    assert describe(explain(snapshot, hypothesis.facts)).label == "medium"


def test_a_label_is_the_highest_that_anybody_asks_for(snapshot: Snapshot) -> None:
    for privacy, level, label in (("medium", "low", "medium"), ("low", "high", "high"), (None, "medium", "medium")):
        question = Question("agent:writer", task={"privacy_level": level}, privacy=privacy)
        assert build_hypothesis(snapshot, question).facts.label == label
    with pytest.raises(InvalidQuestion, match="one of low, medium, high"):
        build_hypothesis(snapshot, Question("agent:writer", privacy="secret"))


def test_a_draw_for_one_request_alone_is_told_with_its_shares() -> None:
    for sticky, who in (("user", "without user or session"), ("session", "without session"), ("request", "anew")):
        trial = {"agent": "reader", "split": {"control": 90, "b": 10}, "variants": {"b": "small"}, "sticky": sticky}
        snapshot = compile_document(DOCUMENT | {"experiments": {"trial": trial}})
        (note,) = describe(explain_question(snapshot, Question("agent:reader"))).notes
        assert who in note and "90 % control, 10 % b" in note
        kept = describe(explain_question(snapshot, Question("agent:reader", user="ada"))).notes
        assert kept == (() if sticky == "user" else (note,))


def test_costs_are_those_of_what_was_really_used_where_nobody_had_looked(snapshot: Snapshot) -> None:
    explanation = explain(snapshot, Facts("agent:writer"))
    assumed = describe(explanation)
    assert (assumed.size_assumed, assumed.estimated_tokens) == (True, {"input": 1_000, "output": 500})
    used = describe(explanation, Usage(8, 2))
    assert (used.size_assumed, used.estimated_tokens) == (False, {"input": 8, "output": 2})
    costs = [attempt.estimated_cost_usd for attempt in used.attempts]
    assert costs == [CostView(*["0.00014"] * 3), CostView(*["0.000012"] * 3)]
    looked_at = describe(explain(snapshot, Facts("agent:writer", tokens=70)), Usage(8, 2))
    assert (looked_at.size_assumed, looked_at.estimated_tokens) == (False, {"input": 70, "output": 500})


def test_what_was_spent_bounds_what_may_be_taken(snapshot: Snapshot) -> None:
    money = MoneyFacts(daily_cost_nusd=7_500_000_000, budget_nusd=5_000_000_000, local_only="team red, day")
    hypothesis = build_hypothesis(snapshot, Question("agent:writer", money=money, strategy="mixed"))
    view = describe(explain(snapshot, hypothesis.facts))
    assert (view.model, {drop.code for drop in view.dropped}) == ("own", {"budget_spent", "model_disabled"})
    assert (view.facts["daily_cost"], view.facts["budget"]) == (7.5, 5)
    assert hypothesis.facts.budget_left_nusd == -2_500_000_000
    unread = build_hypothesis(snapshot, Question("agent:writer", money=money))
    assert unread == build_hypothesis(snapshot, Question("agent:writer"))


def test_an_agent_named_as_a_fact_asks_where_the_target_leaves_that_open(snapshot: Snapshot) -> None:
    named = build_hypothesis(snapshot, Question("auto", given={"agent": "writer"}))
    assert named.facts.agent == "writer" and named.facts.value_of("tags") == frozenset({"prose"})
    with pytest.raises(InvalidQuestion, match="ask for another instead"):
        build_hypothesis(snapshot, Question("agent:writer", given={"agent": "reader"}))


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Question("agent:wrter"), 'There is no agent "wrter"; did you mean "writer"?'),
        (Question("task:review"), 'There is no task "review"; there are none'),
        (Question("larg"), 'There is no model "larg"; did you mean "large"?'),
        (Question("auto", agent="wrter"), 'There is no agent "wrter"; did you mean "writer"?'),
        (Question("zzz"), 'There is no model "zzz"; there are large, small, own, old'),
    ],
)
def test_an_unknown_name_is_told_with_what_was_meant(snapshot: Snapshot, question: Question, said: str) -> None:
    view = describe(explain_question(snapshot, question))
    assert view.refused is not None
    assert (view.refused.code, view.refused.message, view.flips) == ("model_not_found", said, ())


REQUEST = ChatRequest("agent:writer", False, False, b"{}", {"messages": [{"role": "user", "content": "Say hello."}]})


def test_a_real_request_is_explained_from_what_was_gathered(snapshot: Snapshot) -> None:
    facts = gather_facts(snapshot, REQUEST, Circumstances(KeyPolicy(team="red")))
    view = describe(explain(snapshot, facts))
    assert view.estimated == ("task.complexity",)
    assert (view.model, view.facts["team"]) == ("small", "red")
    (flip,) = (flip for flip in view.flips if flip.fact == "task.complexity")
    stated = gather_facts(snapshot, REQUEST, Circumstances(KeyPolicy(), Said(task={"complexity": flip.after})))
    answer = decide(snapshot, stated)
    assert isinstance(answer, Decision) and answer.attempts[0].model.name == flip.model == "large"


def test_what_was_found_in_a_real_request_is_not_supposed_away(snapshot: Snapshot) -> None:
    found = Circumstances(KeyPolicy(), Said(task={"complexity": 9}), found=Found("as it holds an email address"))
    view = describe(explain(snapshot, gather_facts(snapshot, REQUEST, found)))
    assert (view.label, view.model, view.flips) == ("high", "own", ())


def test_a_label_cannot_be_supposed_below_what_the_key_wants(snapshot: Snapshot) -> None:
    def flips_of(policy: KeyPolicy, said: Said) -> list[FlipView]:
        view = describe(explain(snapshot, gather_facts(snapshot, REQUEST, Circumstances(policy, said))))
        return [flip for flip in view.flips if flip.fact == "task.privacy_level"]

    said = Said(task={"complexity": 9}, privacy="high")
    assert [(flip.before, flip.after, flip.model) for flip in flips_of(KeyPolicy(), said)] == [("high", "low", "large")]
    assert flips_of(KeyPolicy(privacy="medium"), said) == []


def test_live_state_is_part_of_what_is_explained(snapshot: Snapshot) -> None:
    cooling = {snapshot.models["large"].deployment.id: LiveTarget(cooling_ms=5_000)}
    assert describe(explain(snapshot, Facts("agent:writer"), cooling)).model == "small"


def test_what_is_told_survives_being_written_and_read(snapshot: Snapshot) -> None:
    view = describe(explain_question(snapshot, Question("agent:writer", tags=("b", "a"), strategy="mixed")))
    written = msgspec.json.encode(view)
    assert msgspec.json.decode(written, type=ExplanationView) == view


def test_the_page_lists_every_member_and_no_other() -> None:
    page = PAGE.read_text().partition("## The answer as JSON")[2]
    stated = re.findall(r"^\| `([a-z0-9_.\[\]]+)` \|", page, re.MULTILINE)
    members = list(ExplanationView.__struct_fields__)
    assert [name for name in stated if "." not in name] == members
    of_attempts = [f"attempts[].{name}" for name in AttemptView.__struct_encode_fields__]
    assert [name for name in stated if name.startswith("attempts[].")] == of_attempts
    assert [name for name in stated if name.startswith("flips[].")] == [
        f"flips[].{name}" for name in FlipView.__struct_encode_fields__
    ]
