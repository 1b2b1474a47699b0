"""The official Cohere SDK, chat of its second version."""

import json
from typing import Any

import cohere
import httpx
from cohere.core.api_error import ApiError
from cohere.errors import BadRequestError, NotFoundError, TooManyRequestsError, UnauthorizedError

from matrix.asking import Assistant, BrokenStreamError, Call, Results, Said, Seen, Talk, Turn, User

NAME = "cohere"
FINISH = {
    "stop": "COMPLETE",
    "stop_sequence": "STOP_SEQUENCE",
    "length": "MAX_TOKENS",
    "tools": "TOOL_CALL",
    "refusal": "COMPLETE",
}
STATUS_ERRORS: dict[int, type[Exception]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    404: NotFoundError,
    429: TooManyRequestsError,
    502: ApiError,
}
BROKEN_STREAM: tuple[type[Exception], ...] = (BrokenStreamError,)
"""The SDK raises nothing: an answer that failed ends with an event that says so."""


def open_client(url: str, key: str, seen: Seen) -> cohere.ClientV2:
    """The SDK at a gateway."""
    http = httpx.Client(event_hooks={"response": [seen.note]}, timeout=20)
    return cohere.ClientV2(api_key=key, base_url=url, httpx_client=http)


def ask(client: cohere.ClientV2, model: str, talk: Talk, *, stream: bool) -> Said:
    """What is answered, whole or collected from the stream."""
    asked = _write(model, talk)
    options: Any = {"max_retries": 0}
    if not stream:
        answer = client.chat(**asked, request_options=options)
        return _read(answer.message.dict(exclude_none=True), answer.finish_reason, answer.usage)
    message: dict[str, Any] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
    end: Any = None
    for event in client.chat_stream(**asked, request_options=options):
        assert end is None, "nothing follows the last event"
        if event.type == "message-end":
            end = event.delta
        else:
            _collect(message, event)
    if end is None or end.finish_reason == "ERROR":
        raise BrokenStreamError("the stream has no end" if end is None else end.error)
    return _read({name: value for name, value in message.items() if value}, end.finish_reason, end.usage)


def _collect(message: dict[str, Any], event: Any) -> None:
    match event.type:
        case "content-start":
            message["content"].append(event.delta.message.content.dict(exclude_none=True))
        case "content-delta":
            for name, value in event.delta.message.content.dict(exclude_none=True).items():
                known = message["content"][event.index]
                known[name] = known.get(name, "") + value if name in ("text", "thinking") else value
        case "tool-plan-delta":
            message["tool_plan"] += event.delta.message.tool_plan
        case "tool-call-start":
            message["tool_calls"].append(event.delta.message.tool_calls.dict(exclude_none=True))
        case "tool-call-delta":
            function = message["tool_calls"][event.index]["function"]
            function["arguments"] += event.delta.message.tool_calls.function.arguments


def _read(message: dict[str, Any], finish: str, usage: Any) -> Said:
    content = message.get("content") or []
    calls = message.get("tool_calls") or []
    return Said(
        text="".join(part.get("text", "") for part in content if part["type"] == "text"),
        calls=tuple(
            Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls
        ),
        finish=finish,
        input_tokens=int(usage.tokens.input_tokens),
        output_tokens=int(usage.tokens.output_tokens),
        thoughts="".join(part.get("thinking", "") for part in content if part["type"] == "thinking"),
        native=message,
        is_signed=any("signature" in part or "data" in part for part in content),
    )


def _write(model: str, talk: Talk) -> dict[str, Any]:
    messages: list[Any] = [{"role": "system", "content": talk.system}] if talk.system else []
    asked: dict[str, Any] = {"model": model}
    asked["messages"] = messages + [message for turn in talk.turns for message in _write_turn(turn)]
    if talk.tools:
        asked["tools"] = [
            {"type": "function", "function": {"name": tool.name, "parameters": tool.parameters}} for tool in talk.tools
        ]
    if talk.must_call:
        asked["tool_choice"] = "REQUIRED"
        if talk.must_call != "any":
            asked["tools"] = [tool for tool in asked["tools"] if tool["function"]["name"] == talk.must_call]
    if talk.schema is not None:
        asked["response_format"] = {"type": "json_object", "json_schema": talk.schema}
    if talk.stop:
        asked["stop_sequences"] = [talk.stop]
    if talk.max_tokens is not None:
        asked["max_tokens"] = talk.max_tokens
    if talk.thinks:
        asked["thinking"] = {"type": "enabled", "token_budget": 1024}
    return asked


def _write_turn(turn: Turn) -> list[Any]:
    match turn:
        case Said():
            return [turn.native]
        case Assistant():
            return [{"role": "assistant", "content": turn.text}]
        case Results():
            return [{"role": "tool", "tool_call_id": call.id, "content": result} for call, result in turn.results]
        case User(text, ""):
            return [{"role": "user", "content": text}]
        case User(text, image):
            picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}}
            return [{"role": "user", "content": [{"type": "text", "text": text}, picture]}]
