"""An answer in Anthropic's format: a message, or the named events of a stream."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from pointsman.simulator.answer import Answer, Choice, ToolCall
from pointsman.simulator.chunks import chunk_size, group_tokens
from pointsman.simulator.steps import (
    EVENT_STREAM_TYPE,
    Head,
    Piece,
    PieceKind,
    Script,
    write_document,
    write_event,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What one answer carries beside what it says.

    Attributes:
        id: of the message.
        model: that answers.
        hides_thoughts: whether thoughts come without their words.
        sign: makes the signature of a thought.
        seal: hides a thought.
    """

    id: str
    model: str
    hides_thoughts: bool
    sign: Callable[[str], str]
    seal: Callable[[str], str]


def write_message(answer: Answer, frame: Frame) -> Script:
    """The script of a plain reply."""
    choice = answer.choices[0]
    content = [block for block, _ in _list_blocks(choice, frame)]
    document = _show_message(answer, frame) | {"content": content} | _show_end(choice)
    document["usage"] = show_usage(answer, answer.completion_tokens)
    return write_document(200, msgspec.json.encode(document), tokens=answer.completion_tokens)


def write_stream(answer: Answer, frame: Frame, tokens_per_second: float) -> Script:
    """The script of a stream, from `message_start` to `message_stop`."""
    yield Head(200, (EVENT_STREAM_TYPE, ("cache-control", "no-cache")))
    choice, size = answer.choices[0], chunk_size(tokens_per_second)
    yield _write("role", "message_start", message=_show_message(answer, frame))
    for index, (block, deltas) in enumerate(_list_blocks(choice, frame, size)):
        opened, tokens = _open(block, choice)
        yield _write("content" if tokens else "role", "content_block_start", tokens, index=index, content_block=opened)
        if index == 0:
            yield _write("role", "ping")
        for delta, tokens in deltas:
            yield _write("content" if tokens else "role", "content_block_delta", tokens, index=index, delta=delta)
        yield _write("role", "content_block_stop", index=index)
    usage = show_usage(answer, answer.completion_tokens)
    del usage["cache_creation"], usage["service_tier"]
    yield _write("finish", "message_delta", delta=_show_end(choice), usage=usage)
    yield _write("done", "message_stop")


def show_usage(answer: Answer, output_tokens: int) -> dict[str, Any]:
    """The usage object; what came from the cache or went there stands beside `input_tokens`."""
    cache = answer.cache
    return {
        "input_tokens": answer.prompt_tokens - cache.read_tokens - cache.written_tokens,
        "cache_creation_input_tokens": cache.written_tokens,
        "cache_read_input_tokens": cache.read_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": cache.written_tokens - cache.written_1h_tokens,
            "ephemeral_1h_input_tokens": cache.written_1h_tokens,
        },
        "output_tokens": output_tokens,
        "output_tokens_details": {"thinking_tokens": min(answer.reasoning_tokens, output_tokens)},
        "service_tier": "standard",
    }


_Delta = tuple[dict[str, Any], int]
"""A delta and the tokens that it stands for."""


def _list_blocks(choice: Choice, frame: Frame, size: int = 1) -> Iterator[tuple[dict[str, Any], Iterator[_Delta]]]:
    """Each block of the answer whole, and the deltas that it is streamed in."""
    if choice.thoughts and choice.is_redacted:
        yield {"type": "redacted_thinking", "data": frame.seal(choice.thought)}, iter(())
    elif choice.thoughts:
        shown = "" if frame.hides_thoughts else choice.thought
        block: dict[str, Any] = {"type": "thinking", "thinking": shown, "signature": frame.sign(shown)}
        yield block, _cut_thought(choice, block, size)
    if choice.content:
        block = {"type": "text", "text": choice.text, "citations": None}
        yield block, _cut("text_delta", "text", choice.content, size)
    for call in choice.calls:
        block = {"type": "tool_use", "id": _name_call(call), "name": call.name, "input": _read_arguments(call)}
        yield block, _cut("input_json_delta", "partial_json", call.arguments, size)


def _cut(kind: str, field: str, tokens: tuple[str, ...], size: int) -> Iterator[_Delta]:
    return (({"type": kind, field: "".join(group)}, len(group)) for group in group_tokens(tokens, size))


def _cut_thought(choice: Choice, block: dict[str, Any], size: int) -> Iterator[_Delta]:
    if block["thinking"]:
        yield from _cut("thinking_delta", "thinking", choice.thoughts, size)
    yield {"type": "signature_delta", "signature": block["signature"]}, 0


def _open(block: dict[str, Any], choice: Choice) -> tuple[dict[str, Any], int]:
    """A block as it begins, still empty, and the tokens that are spent by then."""
    match block["type"]:
        case "thinking":
            hidden = 0 if block["thinking"] else choice.reasoning_tokens
            return {**block, "thinking": "", "signature": ""}, hidden
        case "redacted_thinking":
            return block, choice.reasoning_tokens
        case "tool_use":
            name_tokens = next(call.name_tokens for call in choice.calls if _name_call(call) == block["id"])
            return {**block, "input": {}}, name_tokens
        case _:
            return {**block, "text": ""}, 0


def _name_call(call: ToolCall) -> str:
    return call.id.replace("call_", "toolu_", 1)


def _read_arguments(call: ToolCall) -> dict[str, Any]:
    """The input as an object; one that the token limit cut short is empty."""
    try:
        return msgspec.json.decode("".join(call.arguments), type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _show_message(answer: Answer, frame: Frame) -> dict[str, Any]:
    return {
        "id": frame.id,
        "type": "message",
        "role": "assistant",
        "model": frame.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": show_usage(answer, 1),
    }


def _show_end(choice: Choice) -> dict[str, Any]:
    """Why the answer ends."""
    reason = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[choice.finish_reason]
    if choice.stop_sequence is not None:
        reason = "stop_sequence"
    end: dict[str, Any] = {"stop_reason": reason, "stop_sequence": choice.stop_sequence}
    if choice.is_refused and choice.finish_reason == "stop":
        end |= {"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": None, "explanation": None}}
    return end


def _write(kind: PieceKind, name: str, tokens: int = 0, **fields: object) -> Piece:
    return Piece(kind, write_event(msgspec.json.encode({"type": name, **fields}), name), tokens)
