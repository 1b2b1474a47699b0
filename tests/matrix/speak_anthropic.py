"""The official Anthropic SDK, messages."""

from typing import Any

import anthropic
import httpx2

from matrix.asking import Assistant, Call, Results, Said, Seen, Talk, Turn, User

NAME = "anthropic_messages"
FINISH = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tools": "tool_use",
    "refusal": "refusal",
}
STATUS_ERRORS: dict[int, type[Exception]] = {
    400: anthropic.BadRequestError,
    401: anthropic.AuthenticationError,
    404: anthropic.NotFoundError,
    429: anthropic.RateLimitError,
    502: anthropic.InternalServerError,
}
BROKEN_STREAM: tuple[type[Exception], ...] = (anthropic.APIError,)

MOST_TOKENS = 8_000
"""A limit must be stated here; this one no answer reaches."""


def open_client(url: str, key: str, seen: Seen) -> anthropic.Anthropic:
    """The SDK at a gateway."""
    http = httpx2.Client(event_hooks={"response": [seen.note]}, timeout=20)
    return anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, http_client=http)


def ask(client: anthropic.Anthropic, model: str, talk: Talk, *, stream: bool) -> Said:
    """What is answered, whole or collected from the stream by the SDK."""
    asked = _write(model, talk)
    if not stream:
        return _read(client.messages.create(**asked))
    with client.messages.stream(**asked) as events:
        stopped = [event.type for event in events][-1:] == ["message_stop"]
        answer = events.get_final_message()
    assert stopped, "the stream ended without its last event"
    return _read(answer)


def _read(answer: Any) -> Said:
    blocks = answer.content
    usage = answer.usage
    return Said(
        text="".join(block.text for block in blocks if block.type == "text"),
        calls=tuple(Call(block.id, block.name, block.input) for block in blocks if block.type == "tool_use"),
        finish=answer.stop_reason or "",
        input_tokens=usage.input_tokens
        + (usage.cache_read_input_tokens or 0)
        + (usage.cache_creation_input_tokens or 0),
        output_tokens=usage.output_tokens,
        thoughts="".join(block.thinking for block in blocks if block.type == "thinking"),
        native={"role": "assistant", "content": [block.to_dict() for block in blocks]},
        is_signed=any(getattr(block, "signature", "") or block.type == "redacted_thinking" for block in blocks),
        is_refused=answer.stop_reason == "refusal",
    )


def _write(model: str, talk: Talk) -> dict[str, Any]:
    asked: dict[str, Any] = {"model": model, "max_tokens": talk.max_tokens or MOST_TOKENS}
    asked["messages"] = [_write_turn(turn) for turn in talk.turns]
    if talk.system:
        asked["system"] = talk.system
    if talk.tools:
        asked["tools"] = [{"name": tool.name, "input_schema": tool.parameters} for tool in talk.tools]
    if talk.must_call:
        named = {"type": "tool", "name": talk.must_call}
        asked["tool_choice"] = {"type": "any"} if talk.must_call == "any" else named
    if talk.schema is not None:
        asked["output_config"] = {"format": {"type": "json_schema", "schema": talk.schema}}
    if talk.stop:
        asked["stop_sequences"] = [talk.stop]
    if talk.thinks:
        asked["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    return asked


def _write_turn(turn: Turn) -> Any:
    match turn:
        case Said():
            return turn.native
        case Assistant():
            return {"role": "assistant", "content": turn.text}
        case Results():
            results = [
                {"type": "tool_result", "tool_use_id": call.id, "content": result} for call, result in turn.results
            ]
            return {"role": "user", "content": results}
        case User(text, ""):
            return {"role": "user", "content": text}
        case User(text, image):
            source = {"type": "base64", "media_type": "image/png", "data": image}
            return {"role": "user", "content": [{"type": "text", "text": text}, {"type": "image", "source": source}]}
