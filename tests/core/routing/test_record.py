"""A record gives back exactly what it was made from, and its digest tells apart whatever differs."""

from random import Random

import msgspec
import pytest
from explained import draw_question, draw_snapshot
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.ask import build_hypothesis
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Check, Decision, Drop, Refusal
from pointsman.core.routing.facts import Facts, ForcedModel, LiveTarget
from pointsman.core.routing.key_policy import KeyPolicy
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.record import (
    Settled,
    UnreadableRecord,
    build_record,
    decode_record,
    digest_answer,
    encode_record,
    name_caller,
)

OUTCOME = Outcome(
    request_id="req_1",
    at_ms=1,
    agent="writer",
    model="small",
    provider="far",
    upstream_model="small",
    key_id="key_1",
    revision="0123456789ab",
    status=200,
    failure="",
    stream=False,
    attempts=2,
    usage=Usage(1, 2),
    cost_nusd=1,
    cost_status="actual",
    latency_ms=1.0,
    first_content_ms=None,
    degraded="fallback",
)

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | TEXTS
    | st.frozensets(TEXTS, max_size=4)
)
FORCED = st.builds(ForcedModel, TEXTS, TEXTS, TEXTS, TEXTS)
POLICIES = st.builds(KeyPolicy, team=TEXTS, tags=st.just(("a", "b")), privacy=st.sampled_from([None, "high"]))
FACTS = st.builds(
    Facts,
    target=TEXTS,
    agent=st.none() | TEXTS,
    given=st.none() | st.dictionaries(TEXTS, VALUES, max_size=6),
    label=st.sampled_from(["low", "medium", "high"]),
    label_because=TEXTS,
    estimated=st.lists(TEXTS, max_size=3).map(tuple),
    tokens=st.integers(0, 2**62),
    most_output_tokens=st.none() | st.integers(0, 2**62),
    needs=st.lists(TEXTS, max_size=3).map(tuple),
    policy=st.none() | POLICIES,
    forced=st.none() | FORCED,
    chosen=st.none() | FORCED,
    max_cost_nusd=st.none() | st.integers(0, 2**62),
    fallback_models=st.lists(TEXTS, max_size=3).map(tuple),
    min_quality=st.none() | st.integers(0, 1_000_000),
    session=TEXTS,
    dice=st.floats(0, 1, exclude_max=True),
)
LIVE = st.dictionaries(
    TEXTS,
    st.builds(LiveTarget, st.integers(0, 300_000), st.floats(0, 10), st.floats(0, 1), st.none() | st.floats(0, 9)),
    max_size=4,
)


def settle(facts: Facts, answer: Decision | Refusal, live: dict[str, LiveTarget] | None = None) -> Settled:
    return Settled(OUTCOME, "req_1", Snapshot("0123456789ab", "production", {}, {}), facts, live or {}, answer)


@given(FACTS, LIVE)
def test_facts_and_live_view_come_back_as_they_were(facts: Facts, live: dict[str, LiveTarget]) -> None:
    record = build_record(settle(facts, Refusal("model_not_found", "There is none."), live))
    back = decode_record(encode_record(record))
    assert back == record
    assert (back.facts, back.live) == (facts, live)
    for name, value in (facts.given or {}).items():
        assert type((back.facts.given or {})[name]) is type(value)


def test_a_record_says_what_was_decided_and_how_the_call_went() -> None:
    dice = Random(5)
    snapshot = draw_snapshot(dice)
    answer = next(
        found
        for found in (decide_randomly(dice, snapshot) for _ in range(100))
        if isinstance(found, Decision) and found.dropped
    )
    settled = msgspec.structs.replace(settle(Facts("auto"), answer), verification="passed; model=large")
    record = decode_record(encode_record(build_record(settled)))
    assert record.decided.attempts == tuple(each.model.name for each in answer.attempts)
    assert record.decided.dropped == tuple((drop.model, drop.code) for drop in answer.dropped)
    assert (record.decided.decided_by, record.decided.name) == (answer.decided_by, answer.name)
    happened = record.happened
    assert (happened.model, happened.attempts, happened.status, happened.degraded) == ("small", 2, 200, "fallback")
    assert (happened.verification, record.key_id) == ("passed; model=large", "key_1")


def decide_randomly(dice: Random, snapshot: Snapshot) -> Decision | Refusal:
    hypothesis = build_hypothesis(snapshot, draw_question(dice))
    return decide(snapshot, hypothesis.facts, hypothesis.live)


def test_a_digest_is_the_same_where_all_is_the_same_and_nowhere_else() -> None:
    """Judged by the whole encoding of the decision, with all that its models and its caller are."""
    dice = Random(7)
    by_digest: dict[bytes, bytes] = {}
    by_whole: dict[bytes, bytes] = {}
    for _ in range(40):
        snapshot = draw_snapshot(dice)
        # Between configurations a model of the same name may be another one.
        by_digest.clear()
        by_whole.clear()
        for _ in range(50):
            answer = decide_randomly(dice, snapshot)
            digest, whole = digest_answer(answer), msgspec.msgpack.encode(answer)
            assert by_digest.setdefault(digest, whole) == whole
            assert by_whole.setdefault(whole, digest) == digest
    assert len(by_digest) > 5


def test_every_part_of_a_decision_counts_in_its_digest() -> None:
    dice = Random(9)
    snapshot = draw_snapshot(dice)
    decision = next(
        found for found in (decide_randomly(dice, snapshot) for _ in range(100)) if isinstance(found, Decision)
    )
    model, other = list(snapshot.models.values())[:2]
    others: dict[str, object] = {
        "agent": snapshot.agents["reader"],
        "attempts": (*decision.attempts, *decision.attempts),
        "dropped": (*decision.dropped, Drop("large", "model_disabled", "it is switched off")),
        "decided_by": "experiment",
        "label": "medium",
        "stays_local": "because",
        "confidence": 0.123,
        "hedges": not decision.hedges,
        "caches": not decision.caches,
        "check": Check("a rule", model),
    }
    texts = ("text", "name", "strategy", "variant", "kept_local_by")
    lists = ("fired", "failed", "notes")
    others |= dict.fromkeys(texts, "something else") | dict.fromkeys(lists, ("something else",))
    assert set(others) == set(Decision.__struct_fields__)
    digests = {digest_answer(msgspec.structs.replace(decision, **{name: value})) for name, value in others.items()}
    digests |= {digest_answer(decision)}
    checks = (Check("b", model), Check("b", other), Check("b", None), Check("b", None, "no"), Check("b", model, "", 5))
    digests |= {digest_answer(msgspec.structs.replace(decision, check=check)) for check in checks}
    assert len(digests) == len(others) + 1 + len(checks)


def test_who_asked_is_known_of_refused_requests_too() -> None:
    snapshot = draw_snapshot(Random(3))
    refused = Refusal("privacy_unavailable", "Nothing local is left.")
    for target, name in (("agent:writer", "writer"), ("task:review", "task:review"), ("large", ""), ("agent:x", "")):
        settled = Settled(OUTCOME, "req_1", snapshot, Facts(target), {}, refused)
        assert name_caller(settled) == name


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x90", msgspec.msgpack.encode(["key", 1, {}, {}, [], []])])
def test_what_nobody_wrote_is_told_from_a_record(content: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        decode_record(content)
