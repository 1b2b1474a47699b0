"""What Claude Code sends, by its documentation: through the gateway to Anthropic's own format and to another's."""

import json
from typing import Any

import httpx
import pytest

from matrix.world import World

BETAS = "claude-code-20250219,context-management-2025-06-27,interleaved-thinking-2025-05-14"
SYSTEM = [
    {"type": "text", "text": "You are Claude Code.", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
    {"type": "text", "text": "Here is the working directory.", "cache_control": {"type": "ephemeral"}},
]
TOOLS = [
    {
        "name": name,
        "description": f"{name} a file.",
        "input_schema": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {"file_path": {"type": "string", "description": "where it is"}, "limit": {"type": "number"}},
            "required": ["file_path"],
            "additionalProperties": False,
        },
    }
    for name in ("Read", "Write")
]


def write_request(model: str) -> dict[str, Any]:
    """A turn after a tool was called, with all that goes along."""
    called = {"type": "tool_use", "id": "toolu_01A", "name": "Read", "input": {"file_path": "a.py"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_01A", "content": "print(1)", "is_error": False}
    asked = {"type": "text", "text": "Now tell me about trains.", "cache_control": {"type": "ephemeral"}}
    return {
        "model": model,
        "max_tokens": 32_000,
        "stream": True,
        "system": SYSTEM,
        "tools": TOOLS,
        "thinking": {"type": "enabled", "budget_tokens": 4_000},
        "metadata": {"user_id": "user_0784b260bff170af_account_261d5434_session_b4e5aaaa-9a3e-47c4-84ad-3a70f38c676e"},
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "<system-reminder>Be brief.</system-reminder>"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "I look at it."}, called]},
            {"role": "user", "content": [result]},
            {"role": "assistant", "content": [{"type": "text", "text": "It prints a number."}]},
            {"role": "user", "content": [asked]},
        ],
    }


def post(world: World, path: str, body: dict[str, Any]) -> httpx.Response:
    """As Claude Code posts it."""
    headers = {
        "authorization": f"Bearer {world.gateway.api_key}",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": BETAS,
        "anthropic-dangerous-direct-browser-access": "true",
        "x-app": "cli",
        "x-stainless-lang": "js",
        "user-agent": "claude-cli/2.1.69 (external, cli)",
    }
    return httpx.post(f"{world.gateway.url}{path}?beta=true", json=body, headers=headers, timeout=20)


def read_events(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream, in order."""
    assert answer.status_code == 200, answer.text
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]


def test_to_a_provider_of_the_same_format_nothing_is_changed(world: World) -> None:
    managed = {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}
    body = write_request("anthropic_messages") | {"context_management": managed}
    before = world.count_calls()
    events = read_events(post(world, "/v1/messages", body))
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", "message_stop")
    [call] = world.list_calls(before)
    assert json.loads(call["body"]) == body | {"model": "simulated-large"}
    headers = dict(call["headers"])
    assert headers["anthropic-beta"] == BETAS and headers["anthropic-version"] == "2023-06-01"
    assert not {"x-app", "anthropic-dangerous-direct-browser-access"} & set(headers)


@pytest.mark.parametrize("provider", ["openai_chat", "openai_responses", "gemini", "cohere", "bedrock_converse"])
def test_to_a_provider_of_another_format_the_conversation_is_the_same(world: World, provider: str) -> None:
    before = world.count_calls()
    answer = post(world, "/v1/messages", write_request(provider))
    events = read_events(answer)
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", "message_stop")
    told = [event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta"]
    assert "train" in "".join(told)
    [call] = world.list_calls(before)
    assert all(words in call["body"] for words in ("You are Claude Code.", "Be brief.", "a.py", "print(1)", "Write"))
    assert "anthropic-beta" not in dict(call["headers"])


@pytest.mark.parametrize("provider", ["anthropic_messages", "openai_chat"])
def test_tokens_are_counted(world: World, provider: str) -> None:
    asked = write_request(provider)
    body = {name: asked[name] for name in ("model", "system", "tools", "messages", "thinking")}
    answer = post(world, "/v1/messages/count_tokens", body)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"input_tokens"} and answer.json()["input_tokens"] > 100
    is_estimated = provider != "anthropic_messages"
    assert ("x-pointsman-estimated" in answer.headers) == is_estimated
