"""The chat surfaces of OpenAI and Anthropic refuse what is wrong at any depth, and never trip over it."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.simulator.behaviour import Behaviours, Pace
from pointsman.simulator.calls import CallLog
from pointsman.simulator.connection import Request
from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.prompt_cache import PromptCache
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.request import read_chat_request
from pointsman.simulator.responses_store import ResponseStore
from pointsman.simulator.settings import SimulatorSettings
from pointsman.simulator.steps import Script
from pointsman.simulator.surface import Workshop
from pointsman.simulator.surfaces import SURFACES
from simulator.running_simulator import Simulation
from simulator.surface_requests import PLAIN, RICH, VERSION, send

JUNK: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", "x", [], {}, [[]], [None], {"type": "x"}, {"type": []}, {"type": {}},
    "function",
]  # fmt: skip
BY_NAME = {surface.name: surface for surface in SURFACES}


def answer(name: str, body: bytes) -> Script:
    """The whole script of an answer, without a socket."""
    headers = (("content-type", "application/json"), *VERSION.items())
    request = Request("POST", PLAIN[name].path, headers, body)
    surface = BY_NAME[name]
    workshop = Workshop(surface, SimulatorSettings(), Behaviours(Pace(0, 0)), PromptCache(), ResponseStore())
    script, _ = surface.answer(request, CallLog().open(request), workshop)
    return list(script)


def list_places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    for key in keys:
        yield from list_places(value[key], (*path, key))


def replace_at(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.deepcopy(value)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = new
    return changed


def find_at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("name", RICH)
def test_a_rich_request_is_taken_and_no_junk_in_it_trips_the_reader(name: str) -> None:
    body = {"model": "simulated-large", "stream": True, **RICH[name]}
    assert answer(name, json.dumps(body).encode())
    refused = 0
    for path in list_places(body):
        for junk in JUNK:
            changed = json.dumps(replace_at(body, path, junk)).encode()
            try:
                answer(name, changed)
            except Refusal as refusal:
                refused += 1
                assert 400 <= refusal.status < 500
                assert json.loads(BY_NAME[name].refuse(refusal))["error"]["message"]
    assert refused > 500


@pytest.mark.parametrize("name", RICH)
def test_an_unknown_field_is_refused_at_every_depth(name: str) -> None:
    body = {"model": "simulated-large", **RICH[name]}
    of_the_caller = ("schema", "input_schema", "parameters", "input", "mcp", "allowed_tools")
    checked = 0
    for path in list_places(body):
        at = find_at(body, path)
        is_callers = any(key in of_the_caller for key in path if key != "input" or path[0] != "input")
        if not isinstance(at, dict) or is_callers or at.get("type") == "mcp":
            continue
        changed = replace_at(body, path, {**at, "x_unknown": 1}) if path else {**body, "x_unknown": 1}
        with pytest.raises(Refusal) as refused:
            answer(name, json.dumps(changed).encode())
        assert refused.value.code == "unknown_parameter", path
        checked += 1
    assert checked >= 9


@given(st.binary(max_size=60), st.sampled_from(sorted(RICH)))
def test_random_bytes_are_refused(body: bytes, name: str) -> None:
    with pytest.raises(Refusal):
        answer(name, body)


def test_habits_of_other_providers_are_taken() -> None:
    thought = {"type": "reasoning.text", "text": "a", "signature": "b", "format": None, "index": 0}
    call = {"type": "function", "id": "c", "function": {"name": "f", "arguments": "{}"}, "extra_content": {"a": 1}}
    said = {"role": "assistant", "reasoning_content": "a", "reasoning_details": [thought], "tool_calls": [call]}
    messages = [
        {"role": "user", "content": "a", "cache_control": {"type": "ephemeral"}},
        said,
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "1"}]},
    ]
    assert read_chat_request(json.dumps({"model": "m", "messages": messages}).encode()).messages


USER = {"role": "user", "content": "a"}
USE = {"type": "tool_use", "id": "c", "name": "f", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "c"}
SAID = {"type": "text", "text": "a"}
MARK = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"x": 1}, "x: Extra inputs are not permitted"),
        ({"max_tokens": None}, "max_tokens"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "messages.0.role: first message"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0.content: messages must have non-empty"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": " "}]}]}, "messages.0.content.0.text"),
        ({"messages": [USER, {"role": "assistant", "content": [USE]}, USER]}, "without `tool_result` blocks"),
        ({"messages": [{"role": "user", "content": [RESULT]}]}, "unexpected `tool_use_id`"),
        (
            {"messages": [USER, {"role": "assistant", "content": [USE]}, {"role": "user", "content": [SAID, RESULT]}]},
            "without `tool_result` blocks",
        ),
        ({"messages": [{"role": "user", "content": [USE]}]}, "messages.0.content.0.type"),
        ({"messages": [USER, {"role": "assistant", "content": "a "}]}, "trailing whitespace"),
        ({"temperature": 1.5}, "temperature"),
        ({"thinking": {"type": "enabled", "budget_tokens": 500}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "max_tokens: `max_tokens` must be greater"),
        ({"thinking": {"type": "adaptive"}, "temperature": 0}, "temperature"),
        ({"thinking": {"type": "adaptive"}, "top_k": 5}, "top_k"),
        (
            {"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024},
             "messages": [USER, {"role": "assistant", "content": [USE]}, {"role": "user", "content": [RESULT]}]},
            "Expected `thinking`",
        ),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [{"name": "a b", "input_schema": {"type": "object"}}]}, "tools.0.name"),
        ({"tools": [{"name": "f", "input_schema": {}}]}, "tools.0.input_schema.type"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools.0"),
        ({"tools": [{"type": "web_search_1999", "name": "web_search"}]}, "tools.0.type"),
        ({"system": [{"type": "text", "text": "a", **MARK}] * 5}, "maximum of 4 blocks"),
        ({"stop_sequences": [" "]}, "stop_sequences.0"),
        ({"context_management": {}}, "context_management: Extra inputs"),
    ],
)  # fmt: skip
def test_what_anthropic_refuses(simulation: Simulation, fields: Any, message: str) -> None:
    status, _, body = send(simulation, "anthropic_messages", **fields)
    assert status == 400
    error = json.loads(body)["error"]
    assert error["type"] == "invalid_request_error"
    assert message in error["message"]


def test_unanswered_calls_in_chat_are_refused(simulation: Simulation) -> None:
    call = {"type": "function", "id": "c", "function": {"name": "f", "arguments": "{}"}}
    for after in ([], [USER]):
        messages = [USER, {"role": "assistant", "tool_calls": [call]}, *after]
        status, _, body = send(simulation, "openai_chat", messages=messages)
        assert status == 400
        assert "must be followed by tool messages" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("openai_chat", {"authorization": "Bearer sesame"}, {"x-api-key": "sesame"}),
        ("openai_chat", {"api-key": "sesame"}, {"authorization": "Bearer other"}),
        ("openai_responses", {"authorization": "Bearer sesame"}, {"authorization": "sesame"}),
        ("anthropic_messages", {"x-api-key": "sesame"}, {"authorization": "Bearer sesame"}),
    ],
)
def test_each_dialect_demands_the_key_in_its_way(
    monkeypatch: pytest.MonkeyPatch, name: str, right: dict[str, str], wrong: dict[str, str]
) -> None:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0, api_key="sesame")) as url:
        simulation = Simulation(url, "simulated-keyed")
        for shown, status in ((right, 200), (wrong, 401), ({}, 401)):
            asked = PLAIN[name]
            monkeypatch.setitem(PLAIN, name, asked._replace(headers={**asked.headers, **shown}))
            assert send(simulation, name)[0] == status
            monkeypatch.setitem(PLAIN, name, asked)


def test_anthropic_demands_its_version(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    for headers, message in (({}, "header is required"), ({"anthropic-version": "1"}, "not a valid version")):
        monkeypatch.setitem(PLAIN, "anthropic_messages", PLAIN["anthropic_messages"]._replace(headers=headers))
        status, _, body = send(simulation, "anthropic_messages")
        assert status == 400
        assert message in json.loads(body)["error"]["message"]
