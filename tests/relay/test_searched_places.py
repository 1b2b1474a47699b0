"""Wherever private data stands in a body of the OpenAI form, it is found and raises the label of the request."""

import asyncio
import json
from typing import Any

import pytest
from scripted import ScriptedUpstream

from explaining import compile_yaml
from openai_door import DOOR
from pointsman.core.routing.facts import Facts
from pointsman.relay.call import Call, Relay
from pointsman.relay.learn import learn_facts
from pointsman.relay.search import AT_ONCE_BYTES

SNAPSHOT = compile_yaml("""\
version: 1
providers: {near: {base_url: "http://127.0.0.1:9/v1"}}
models: {own: {provider: near}}
privacy: {detect: always, deadline: 60s}
""")
MAIL = "ada@example.org"
ESCAPED = '{"to":"ada\\u0040example.org"}'
CARD = {"type": "text", "text": "4111 1111"}, {"type": "text", "text": " 1111 1111"}


def call_tool(name: str, arguments: str) -> dict[str, Any]:
    called = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": None, "tool_calls": [called]}


def offer_tool(**function: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": "send", **function}}]}


def shape(schema: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, **more}}}


MESSAGES: dict[str, dict[str, Any]] = {
    **{
        role: {"role": role, "content": f"Write to {MAIL}."}
        for role in ("system", "developer", "user", "assistant", "function")
    },
    "tool result": {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"mail": MAIL})},
    "parts of a tool result": {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": MAIL}]},
    "part": {"role": "user", "content": [{"type": "text", "text": "To"}, {"type": "text", "text": MAIL}]},
    "refusal": {"role": "assistant", "content": [{"type": "refusal", "refusal": f"I do not write to {MAIL}"}]},
    "refusal beside": {"role": "assistant", "content": None, "refusal": f"I do not write to {MAIL}"},
    "two parts of the user": {"role": "user", "content": [*CARD]},
    "two parts of the system": {"role": "system", "content": [*CARD]},
    "two parts of a tool": {"role": "tool", "tool_call_id": "call_1", "content": [*CARD]},
    "name of a speaker": {"role": "user", "name": MAIL, "content": "Hello"},
    "id of a tool call": {"role": "tool", "tool_call_id": MAIL, "content": "done"},
    "arguments": call_tool("send", json.dumps({"to": MAIL})),
    "arguments with escapes": call_tool("send", ESCAPED),
    "arguments with a number": call_tool("pay", '{"card": 4111111111111111, "note": "\\u00e9"}'),
    "arguments that are no JSON": call_tool("send", f'{{"to": "{MAIL}'),
    "name of a called tool": call_tool(MAIL, "{}"),
    "function call": {"role": "assistant", "content": None, "function_call": {"name": "send", "arguments": ESCAPED}},
    "unknown field of a message": {"role": "user", "content": "Hello", "reasoning": {"steps": [MAIL]}},
    "unknown field of a part": {"role": "user", "content": [{"type": "text", "text": "Hello", "note": MAIL}]},
    "citation": {"role": "assistant", "content": "See there.", "annotations": [{"title": MAIL}]},
}
FIELDS: dict[str, dict[str, Any]] = {
    "description of a tool": offer_tool(description=f"Sends to {MAIL}"),
    "property of a tool": offer_tool(parameters={"type": "object", "properties": {MAIL: {"type": "string"}}}),
    "choice of a tool": offer_tool(parameters={"type": "object", "properties": {"to": {"enum": [MAIL]}}}),
    "default of a tool": offer_tool(parameters={"properties": {"to": {"default": MAIL}}}),
    "functions": {"functions": [{"name": "send", "description": MAIL}]},
    "chosen tool": {"tool_choice": {"type": "function", "function": {"name": MAIL}}},
    "description of a schema": shape({"type": "object", "description": f"As {MAIL} wants it"}),
    "description of an answer": shape({"type": "object"}, description=MAIL),
    "property of a schema": shape({"type": "object", "properties": {"a": {"description": MAIL}}}),
    "prediction": {"prediction": {"type": "content", "content": f"Dear {MAIL}"}},
    "parts of a prediction": {"prediction": {"type": "content", "content": [*CARD]}},
    "value of metadata": {"metadata": {"customer": MAIL}},
    "key of metadata": {"metadata": {MAIL: "1"}},
    "user": {"user": MAIL},
    "safety identifier": {"safety_identifier": MAIL},
    "cache key": {"prompt_cache_key": MAIL},
    "stop": {"stop": MAIL},
    "stop sequences": {"stop": ["END", MAIL]},
    "place of a web search": {"web_search_options": {"user_location": {"approximate": {"city": MAIL}}}},
    "unknown text": {"notes": f"Ask {MAIL}"},
    "unknown list": {"notes": [[1, {"deep": MAIL}]]},
    "unknown number": {"account": 4111111111111111},
    "unknown name": {MAIL: True},
}


def learn(messages: list[dict[str, Any]], **fields: Any) -> Facts:
    """The facts of a request, as the relay learns them."""
    body = json.dumps({"model": "own", "messages": messages, **fields}, ensure_ascii=False).encode()
    call = Call("req_1", *DOOR, body, "key_1", (), 1_700_000_000_000, 1.0, "shown-1")
    relay = Relay(ScriptedUpstream([]), lambda outcome: None, lambda: 1.0)
    try:
        return asyncio.run(learn_facts(relay, SNAPSHOT, call, DOOR[1](body)))
    finally:
        relay.search.close()


HELLO = {"role": "user", "content": "Hello"}
LONG = {"role": "user", "content": "Hello. " * AT_ONCE_BYTES}


@pytest.mark.parametrize("beside", [HELLO, LONG], ids=["short", "long"])
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_a_find_in_a_message_raises_the_label(message: dict[str, Any], beside: dict[str, Any]) -> None:
    facts = learn([beside, message])
    assert facts.label == "high" and facts.label_because.endswith(" found in it")


@pytest.mark.parametrize("beside", [HELLO, LONG], ids=["short", "long"])
@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
def test_a_find_beside_the_messages_raises_the_label(fields: dict[str, Any], beside: dict[str, Any]) -> None:
    facts = learn([beside], **fields)
    assert facts.label == "high" and facts.label_because.endswith(" found in it")


@pytest.mark.parametrize("beside", [HELLO, LONG], ids=["short", "long"])
def test_the_same_forms_without_private_data_raise_nothing(beside: dict[str, Any]) -> None:
    def clean(value: Any) -> Any:
        text = json.dumps(value).replace("ada\\\\u0040example.org", "somebody").replace(MAIL, "somebody")
        return json.loads(text.replace("4111", "1234"))

    for message in MESSAGES.values():
        assert learn([beside, clean(message)]).label == "low"
    for fields in FIELDS.values():
        assert learn([beside], **clean(fields)).label == "low"
