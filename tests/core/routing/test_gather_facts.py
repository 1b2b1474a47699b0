"""What is known of a request: looked for only where somebody reads it, and never less than a limit needs."""

import json

from written_worlds import compile_document

from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Refusal
from pointsman.core.routing.gather_facts import Circumstances, gather_facts, gather_plainly
from pointsman.core.routing.key_policy import NO_POLICY

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
