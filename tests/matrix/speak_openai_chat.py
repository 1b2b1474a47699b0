"""The official OpenAI SDK, chat completions."""

import json
from typing import Any

import httpx2
import openai

from matrix.asking import Assistant, Call, Results, Said, Seen, Talk, Turn, User

NAME = "openai_chat"
FINISH = {"stop": "stop", "stop_sequence": "stop", "length": "length", "tools": "tool_calls", "refusal": "stop"}
STATUS_ERRORS: dict[int, type[Exception]] = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    404: openai.NotFoundError,
    429: openai.RateLimitError,
    502: openai.InternalServerError,
}
BROKEN_STREAM: tuple[type[Exception], ...] = (openai.APIError,)

_WORDS = ("content", "refusal", "reasoning_content")


def open_client(url: str, key: str, seen: Seen) -> openai.OpenAI:
    """The SDK at a gateway."""
    http = httpx2.Client(event_hooks={"response": [seen.note]}, timeout=20)
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, http_client=http)


def ask(client: openai.OpenAI, model: str, talk: Talk, *, stream: bool) -> Said:
    """What is answered, whole or collected from the stream."""
    asked = _write(model, talk)
    if not stream:
        answer = client.chat.completions.create(**asked)
        choice = answer.choices[0]
        return _read(choice.message.to_dict(), choice.finish_reason, answer.usage)
    message: dict[str, Any] = {
        "content": "",
        "refusal": "",
        "tool_calls": [],
        "reasoning_content": "",
        "reasoning_details": [],
    }
    finish, usage = "", None
    for chunk in client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for one in chunk.choices:
            finish = one.finish_reason or finish
            _collect(message, one.delta.to_dict())
    return _read({name: value for name, value in message.items() if value}, finish, usage)


def _collect(message: dict[str, Any], delta: dict[str, Any]) -> None:
    for name in _WORDS:
        message[name] += delta.get(name) or ""
    for call in delta.get("tool_calls") or ():
        if call["index"] == len(message["tool_calls"]):
            message["tool_calls"].append({"function": {"arguments": ""}})
        known = message["tool_calls"][call["index"]]
        arguments = known["function"]["arguments"] + (call["function"].get("arguments") or "")
        known |= {name: value for name, value in call.items() if name not in ("index", "function")}
        known["function"] |= call["function"] | {"arguments": arguments}
    for detail in delta.get("reasoning_details") or ():
        known = next((one for one in message["reasoning_details"] if one["index"] == detail["index"]), None)
        if known is None:
            message["reasoning_details"].append(dict(detail))
        else:
            known |= detail | {"text": known.get("text", "") + detail.get("text", "")}


def _read(message: dict[str, Any], finish: str | None, usage: Any) -> Said:
    calls = message.get("tool_calls") or []
    details = message.get("reasoning_details") or []
    return Said(
        text=(message.get("content") or "") + (message.get("refusal") or ""),
        calls=tuple(
            Call(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls
        ),
        finish=finish or "",
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        thoughts=message.get("reasoning_content") or "",
        native={"role": "assistant"} | {name: value for name, value in message.items() if value is not None},
        is_signed=any("signature" in one or "data" in one for one in details)
        or any("extra_content" in call for call in calls),
        is_refused=bool(message.get("refusal")),
    )


def _write(model: str, talk: Talk) -> dict[str, Any]:
    asked: dict[str, Any] = {"model": model, "messages": [{"role": "system", "content": talk.system}]}
    if not talk.system:
        asked["messages"] = []
    asked["messages"] += [message for turn in talk.turns for message in _write_turn(turn)]
    if talk.tools:
        asked["tools"] = [
            {"type": "function", "function": {"name": tool.name, "parameters": tool.parameters}} for tool in talk.tools
        ]
    if talk.must_call:
        named = {"type": "function", "function": {"name": talk.must_call}}
        asked["tool_choice"] = "required" if talk.must_call == "any" else named
    if talk.schema is not None:
        shape = {"name": "trip", "schema": talk.schema, "strict": True}
        asked["response_format"] = {"type": "json_schema", "json_schema": shape}
    if talk.stop:
        asked["stop"] = [talk.stop]
    if talk.max_tokens is not None:
        asked["max_completion_tokens"] = talk.max_tokens
    if talk.thinks:
        asked["reasoning_effort"] = "low"
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
