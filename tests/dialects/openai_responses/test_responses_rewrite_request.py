"""Between equal formats the bytes stay as they came; only what must differ is changed, and every change is told."""

import json

import pytest

from pointsman.core.dialects.dialect import Parameters, Target
from pointsman.core.dialects.openai_responses.decode_request import decode_request
from pointsman.core.dialects.openai_responses.rewrite_request import rewrite_request
from pointsman.core.dialects.quirks import Quirk

ODD = b'{ "input" : "Hi \\u00e9 \\ud83d\\ude42" ,"temperature":1.0,\n "model" : "agent:a", "future":{"model":"x"} }'


def rewrite(body: bytes, parameters: Parameters = (), *quirks: Quirk) -> tuple[bytes, tuple[str, ...]]:
    encoded = rewrite_request(decode_request(body), Target("up", quirks=quirks, parameters=parameters))
    return encoded.body, encoded.changes


def test_only_the_model_changes() -> None:
    assert rewrite(ODD) == (ODD.replace(b"agent:a", b"up"), ())


CASES: list[tuple[dict[str, object], Parameters, dict[str, object], tuple[str, ...]]] = [
    ({}, (("max_tokens", 9),), {"max_output_tokens": 9}, ("max_output_tokens=9",)),
    ({"max_output_tokens": 5}, (("max_tokens", 9),), {}, ()),
    ({"temperature": None}, (("temperature", 0.3),), {"temperature": 0.3}, ("temperature=0.3",)),
    ({}, (("reasoning_effort", "low"),), {"reasoning": {"effort": "low"}}, ('reasoning.effort="low"',)),
    (
        {"reasoning": {"summary": "auto"}},
        (("reasoning_effort", "low"),),
        {"reasoning": {"summary": "auto", "effort": "low"}},
        ('reasoning.effort="low"',),
    ),
    ({"reasoning": {"effort": "high"}}, (("reasoning_effort", "low"),), {}, ()),
    ({}, (("verbosity", "low"),), {"text": {"verbosity": "low"}}, ('text.verbosity="low"',)),
    ({}, (("stop", "x"), ("seed", 1), ("presence_penalty", 0.5)), {}, ()),
    (
        {"include": ["reasoning.encrypted_content"]},
        (("logprobs", True), ("top_logprobs", 2)),
        {"include": ["reasoning.encrypted_content", "message.output_text.logprobs"], "top_logprobs": 2},
        ("include=true", "top_logprobs=2"),
    ),
    ({"include": ["message.output_text.logprobs"]}, (("logprobs", True),), {}, ()),
]


@pytest.mark.parametrize(("said", "parameters", "added", "changes"), CASES)
def test_an_agents_parameters_fill_what_is_unsaid(
    said: dict[str, object], parameters: Parameters, added: dict[str, object], changes: tuple[str, ...]
) -> None:
    fields = {"model": "agent:a", "input": "Hi", **said}
    body, told = rewrite(json.dumps(fields).encode(), parameters)
    assert json.loads(body) == {**fields, "model": "up", **added}
    assert told == changes


def test_our_own_words_stay_here() -> None:
    body, changes = rewrite(b'{"model":"m","metadata":{"team":"a","task":"b"},"input":"x"}')
    assert json.loads(body) == {"model": "up", "metadata": {"team": "a"}, "input": "x"}
    assert changes == ("-metadata.task",)
    body, _ = rewrite(b'{"model":"m","input":"x","metadata":{"agent":"a"}}')
    assert body == b'{"model":"up","input":"x"}'


def test_quirks_are_minded() -> None:
    quirk = Quirk("no-temperature", drop=("temperature",), least={"max_output_tokens": 16}, add={"store": False})
    body = b'{"model":"m","input":"x","temperature":1,"max_output_tokens":4}'
    encoded = rewrite_request(decode_request(body), Target("up", quirks=(quirk,)))
    assert json.loads(encoded.body) == {"model": "up", "input": "x", "max_output_tokens": 16, "store": False}
    assert encoded.imposed == ("-temperature", "max_output_tokens=16")
    assert encoded.changes == ("-temperature", "max_output_tokens=16", "store=false")
