"""What changes of a request between Anthropic's clients and providers; all other bytes stay as they came."""

import json

import pytest

from pointsman.core.chat.request import Encoded, ParameterValue
from pointsman.core.chat.signatures import wrap_signature
from pointsman.core.dialects.anthropic_messages.decode_request import decode_request
from pointsman.core.dialects.anthropic_messages.rewrite_request import rewrite_request
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.anthropic_messages.write_response import write_call_signature
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.quirks import Quirk

OWN_THOUGHT = {"type": "thinking", "thinking": "a", "signature": "EqQB"}


def rewrite(
    raw: bytes,
    *quirks: Quirk,
    model: str = "claude-opus-5",
    parameters: dict[str, ParameterValue] | None = None,
) -> Encoded:
    target = Target(model, quirks=quirks, parameters=tuple((parameters or {}).items()))
    return rewrite_request(decode_request(raw), target)


def body(**members: object) -> bytes:
    fields = {"max_tokens": 9_000, "messages": [{"role": "user", "content": "hi"}], "model": "agent:clerk", **members}
    return json.dumps(fields).encode()


def test_only_the_model_changes() -> None:
    messages = b'[{"content":"say \\"model\\": \\u00e9 1.0","role":"user"}]'
    raw = b'{ "max_tokens" : 10,"messages":%b ,"model":"agent:a" , "x": 1E2}' % messages
    assert rewrite(raw) == Encoded(raw.replace(b'"agent:a"', b'"claude-opus-5"'))


def test_own_words_stay_here() -> None:
    encoded = rewrite(body(metadata={"agent": "clerk", "user_id": "u"}))
    assert json.loads(encoded.body)["metadata"] == {"user_id": "u"} and encoded.changes == ("-metadata.agent",)
    assert "metadata" not in json.loads(rewrite(body(metadata={"privacy": "high"})).body)


@pytest.mark.parametrize(
    ("members", "parameters", "added", "changes"),
    [
        ({}, {"temperature": 1.4, "seed": 5}, {"temperature": 1}, ("temperature=1",)),
        ({"temperature": 0.2}, {"temperature": 0.4}, {"temperature": 0.2}, ()),
        ({"temperature": None}, {"temperature": 0.4}, {"temperature": 0.4}, ("temperature=0.4",)),
        ({}, {"max_tokens": 7, "verbosity": "low"}, {"max_tokens": 9_000}, ()),
        ({}, {"stop": ("A", "B")}, {"stop_sequences": ["A", "B"]}, ('stop_sequences=["A","B"]',)),
        ({}, {"service_tier": "default"}, {"service_tier": "standard_only"}, ('service_tier="standard_only"',)),
        ({}, {"service_tier": "flex"}, {}, ()),
        ({"thinking": {"type": "adaptive"}}, {"temperature": 0.4}, {"thinking": {"type": "adaptive"}}, ()),
        (
            {},
            {"temperature": 0.4, "reasoning_effort": "low"},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            ('thinking={"type":"adaptive"}', 'output_config={"effort":"low"}'),
        ),
        ({"temperature": 0.1}, {"reasoning_effort": "low"}, {"temperature": 0.1}, ()),
        (
            {"tools": [{"name": "a", "input_schema": {}}], "tool_choice": {"type": "any"}},
            {"parallel_tool_calls": False, "reasoning_effort": "low"},
            {
                "tools": [{"name": "a", "input_schema": {}}],
                "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
            },
            ('tool_choice={"type":"any","disable_parallel_tool_use":true}',),
        ),
    ],
)
def test_what_the_agent_adds(
    members: dict[str, object],
    parameters: dict[str, ParameterValue],
    added: dict[str, object],
    changes: tuple[str, ...],
) -> None:
    encoded = rewrite(body(**members), parameters=parameters)
    sent = json.loads(encoded.body)
    assert {name: value for name, value in sent.items() if name not in ("max_tokens", "messages", "model")} == {
        name: value for name, value in added.items() if name != "max_tokens"
    }
    assert (encoded.changes, sent["max_tokens"]) == (changes, 9_000)


def test_an_effort_whose_budget_is_too_large_for_the_callers_limit_is_left_out() -> None:
    assert rewrite(body(max_tokens=100), model="claude-opus-4-5", parameters={"reasoning_effort": "high"}).changes == ()
    encoded = rewrite(body(), model="claude-opus-4-5", parameters={"reasoning_effort": "low"})
    assert json.loads(encoded.body)["thinking"] == {"type": "enabled", "budget_tokens": 2_048}


def test_quirks() -> None:
    quirk = Quirk("no-sampling", drop=("temperature",), add={"speed": "fast"})
    encoded = rewrite(body(temperature=0.3), quirk)
    sent = json.loads(encoded.body)
    assert "temperature" not in sent and (sent["speed"], sent["model"]) == ("fast", "claude-opus-5")
    assert (encoded.changes, encoded.imposed) == (("-temperature", 'speed="fast"'), ("-temperature",))


def talk(*blocks: object) -> list[object]:
    return [{"role": "user", "content": "hi"}, {"role": "assistant", "content": list(blocks)}]


def test_own_calls_and_thoughts_pass_untouched() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "a", "input": {"n": 1.0}}
    raw = body(messages=talk(OWN_THOUGHT, {"type": "redacted_thinking", "data": "x"}, call))
    assert rewrite(raw) == Encoded(raw.replace(b'"agent:clerk"', b'"claude-opus-5"'))


def test_thoughts_of_others_go_and_ids_of_theirs_get_fitting_letters() -> None:
    call = {"type": "tool_use", "id": "functions.look:0", "name": "a", "input": {}}
    foreign = {"type": "thinking", "thinking": "b", "signature": wrap_signature("s", "gemini", NAME)}
    result = {"type": "tool_result", "tool_use_id": "functions.look:0", "content": "x"}
    messages = [
        *talk(OWN_THOUGHT, foreign, write_call_signature("s", "gemini"), call),
        {"role": "user", "content": [result]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "unsigned", "signature": ""}]},
    ]
    encoded = rewrite(body(messages=messages))
    sent = json.loads(encoded.body)["messages"]
    assert encoded.losses == ("thinking",) and len(sent) == 3
    own, call_sent = sent[1]["content"]
    assert own == OWN_THOUGHT and call_sent["id"] == sent[2]["content"][0]["tool_use_id"]
    assert call_sent["id"].startswith("functions_look_0-")


def test_unsigned_thoughts_stay_for_servers_that_sign_none() -> None:
    raw = body(messages=talk({"type": "thinking", "thinking": "mine", "signature": ""}, {"type": "text", "text": "x"}))
    assert rewrite(raw, model="deepseek-reasoner").losses == ()
    assert rewrite(raw).losses == ("thinking",)
