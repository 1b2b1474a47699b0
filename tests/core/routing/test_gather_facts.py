"""What is known of a request: looked for only where somebody reads it, and never less than a limit needs."""

import json

from msgspec.structs import replace
from written_worlds import compile_document

from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.routing.ask import Question, build_hypothesis
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Refusal
from pointsman.core.routing.gather_facts import Circumstances, gather_facts, gather_plainly
from pointsman.core.routing.key_policy import NO_POLICY
from pointsman.core.routing.money_facts import MoneyFacts

SNAPSHOT = compile_document(
    """\
version: 1
providers: {local: {base_url: "http://127.0.0.1:9/v1"}}
models: {small: {provider: local, context_window: 4096}}
agents: {writer: {model: small}}
"""
)


def test_a_short_request_is_not_looked_at_where_nobody_reads_anything() -> None:
    request = decode_request(b'{"model": "agent:writer", "messages": [{"role": "user", "content": "hi"}]}')
    facts = gather_plainly(SNAPSHOT, request, NO_POLICY)
    assert facts is not None and facts.given is None
    assert not isinstance(decide(SNAPSHOT, facts), Refusal)


def test_an_answer_that_may_not_fit_into_the_context_is_looked_at_though_its_prompt_is_short() -> None:
    body = {"model": "agent:writer", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5_000}
    request = decode_request(json.dumps(body).encode())
    assert gather_plainly(SNAPSHOT, request, NO_POLICY) is None
    answer = decide(SNAPSHOT, gather_facts(SNAPSHOT, request, Circumstances(NO_POLICY)))
    assert isinstance(answer, Refusal) and answer.code == "context_length_exceeded"


def test_what_was_spent_counts_where_only_budgets_beside_the_document_ask() -> None:
    request = decode_request(b'{"model": "agent:writer", "messages": [{"role": "user", "content": "hi"}]}')
    around = Circumstances(NO_POLICY, money=lambda: MoneyFacts(denied_by="of a key"))
    assert gather_facts(SNAPSHOT, request, around).denied_by is None
    facts = gather_facts(SNAPSHOT, request, replace(around, has_other_budgets=True))
    assert isinstance(decide(SNAPSHOT, facts), Refusal)
    question = Question("agent:writer", money=MoneyFacts(denied_by="of a key"), has_other_budgets=True)
    assert isinstance(build_hypothesis(SNAPSHOT, question).decide(), Refusal)
