"""A rich request for each chat surface of OpenAI and Anthropic, and a way to send one over a bare socket."""

import json
from contextlib import closing
from typing import Any, NamedTuple

from simulator.running_simulator import Simulation, read_until_close

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
VERSION = {"anthropic-version": "2023-06-01"}


class SurfaceRequest(NamedTuple):
    """Where a request goes, what it carries, and how to ask for a stream of it."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    stream: dict[str, Any]
    content_event: bytes
    """What an event with content holds."""
    end_event: bytes
    """What only the last event of a whole stream holds."""


PLAIN = {
    "openai_chat": SurfaceRequest(
        "/v1/chat/completions",
        {"messages": [{"role": "user", "content": "Plan a trip to Lyon"}]},
        {},
        {"stream": True, "stream_options": {"include_usage": True}},
        b'"delta":{"content":',
        b"[DONE]",
    ),
    "anthropic_messages": SurfaceRequest(
        "/v1/messages",
        {"max_tokens": 500, "messages": [{"role": "user", "content": "Plan a trip to Lyon"}]},
        VERSION,
        {"stream": True},
        b'"type":"text_delta"',
        b"event: message_stop",
    ),
    "openai_responses": SurfaceRequest(
        "/v1/responses",
        {"input": "Plan a trip to Lyon"},
        {},
        {"stream": True},
        b"event: response.output_text.delta",
        b"event: response.completed",
    ),
}

RICH: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "messages": [
            {"role": "system", "content": "a"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "weather", "cache_control": {"type": "ephemeral"}},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            },
            {
                "role": "assistant",
                "tool_calls": [{"type": "function", "id": "c", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "1"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": CITY, "strict": True}}],
        "tool_choice": {
            "type": "allowed_tools",
            "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
        },
        "n": 2,
        "stop": ["a"],
        "logprobs": True,
        "top_logprobs": 2,
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": CITY}},
    },
    "anthropic_messages": {
        "max_tokens": 5000,
        "system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "weather"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "a"}},
                ],
            },
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "1"}]}
                ],
            },
        ],
        "tools": [{"name": "f", "input_schema": CITY}, {"type": "web_search_20250305", "name": "web_search"}],
        "tool_choice": {"type": "auto"},
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": CITY}},
        "stop_sequences": ["a"],
    },
    "openai_responses": {
        "instructions": "a",
        "input": [
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "weather"},
                    {"type": "input_image", "image_url": "https://example.com/a.png"},
                ],
            },
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "1"},
        ],
        "tools": [{"type": "function", "name": "f", "parameters": CITY}, {"type": "mcp", "server_label": "a"}],
        "tool_choice": {"type": "function", "name": "f"},
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "text": {"format": {"type": "json_schema", "name": "a", "schema": CITY}},
    },
}  # fmt: skip


def send(simulation: Simulation, name: str, **fields: object) -> tuple[int, bytes, bytes]:
    """Send the plain request of a surface.

    Returns:
        Status (0 for none), head, and body with its framing.
    """
    asked = PLAIN[name]
    body = json.dumps({"model": simulation.model, **asked.body, **fields}).encode()
    headers = {"host": "x", "content-type": "application/json", "connection": "close", **asked.headers}
    head = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    with closing(simulation.connect()) as connection:
        connection.sendall(f"POST {asked.path} HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        received = read_until_close(connection)
    answered, _, rest = received.partition(b"\r\n\r\n")
    return (int(answered.split(b" ")[1]) if answered.startswith(b"HTTP/") else 0), answered, rest
