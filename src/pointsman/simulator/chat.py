"""An answer in OpenAI's chat format, as the script of a plain reply or of a stream."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pointsman.simulator.answer import Answer, Choice, ToolCall
from pointsman.simulator.chunks import chunk_size, group_tokens
from pointsman.simulator.likelihood import rate_token
from pointsman.simulator.request import ChatRequest
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
class Fragment:
    """What one chunk adds to one choice."""

    kind: PieceKind
    index: int
    delta: dict[str, Any]
    tokens: int = 0
    logprobs: dict[str, Any] | None = None
    finish_reason: str | None = None

    def show(self) -> dict[str, Any]:
        """The element of `choices`."""
        return {
            "index": self.index,
            "delta": self.delta,
            "logprobs": self.logprobs,
            "finish_reason": self.finish_reason,
        }


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every document of one answer carries: its id, when it was made, by which model."""

    id: str
    created_epoch_s: int
    model: str
    fingerprint: str

    def wrap(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        """A completion or a chunk of it, without usage."""
        return {
            "id": self.id,
            "object": kind,
            "created": self.created_epoch_s,
            "model": self.model,
            "choices": choices,
            "service_tier": "default",
            "system_fingerprint": self.fingerprint,
        }


def write_completion(request: ChatRequest, answer: Answer, envelope: Envelope) -> Script:
    """The script of a plain reply."""
    choices = [_show_choice(request, choice, index) for index, choice in enumerate(answer.choices)]
    document = {**envelope.wrap("chat.completion", choices), "usage": show_usage(answer)}
    return write_document(200, msgspec.json.encode(document), tokens=answer.completion_tokens)


def write_stream(request: ChatRequest, answer: Answer, envelope: Envelope, tokens_per_second: float) -> Script:
    """The script of a stream: role, content, finish for each choice, then usage when asked for, then `[DONE]`."""
    yield Head(200, (EVENT_STREAM_TYPE, ("cache-control", "no-cache")))
    size = chunk_size(tokens_per_second)
    streams = [_stream_choice(request, choice, index, size) for index, choice in enumerate(answer.choices)]
    usage_beside_content: dict[str, Any] = {"usage": None} if request.wants_usage_chunk else {}
    for fragment in _take_turns(streams):
        chunk = envelope.wrap("chat.completion.chunk", [fragment.show()]) | usage_beside_content
        yield Piece(fragment.kind, write_event(msgspec.json.encode(chunk)), fragment.tokens)
    if request.wants_usage_chunk:
        chunk = envelope.wrap("chat.completion.chunk", []) | {"usage": show_usage(answer)}
        yield Piece("usage", write_event(msgspec.json.encode(chunk)))
    yield Piece("done", write_event(b"[DONE]"))


def show_usage(answer: Answer) -> dict[str, Any]:
    """The usage object: what a bill would be made of."""
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "prompt_tokens_details": {
            "cached_tokens": answer.cache.read_tokens,
            "cache_write_tokens": answer.cache.written_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": answer.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _show_choice(request: ChatRequest, choice: Choice, index: int) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if choice.calls or choice.is_refused else choice.text,
        "refusal": choice.text if choice.is_refused else None,
        "annotations": [],
    }
    if choice.calls:
        message["tool_calls"] = [_show_call(call) for call in choice.calls]
    return {
        "index": index,
        "message": message,
        "logprobs": _show_logprobs(request, choice.content, choice.is_refused),
        "finish_reason": choice.finish_reason,
    }


def _show_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": "".join(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _stream_choice(request: ChatRequest, choice: Choice, index: int, tokens_per_chunk: int) -> Iterator[Fragment]:
    """The fragments of one choice; the time of its reasoning passes after the role chunk."""
    content = None if choice.calls or choice.is_refused else ""
    role = {"role": "assistant", "content": content, "refusal": "" if choice.is_refused else None}
    yield Fragment("role", index, role, choice.reasoning_tokens)
    for group in group_tokens(choice.content, tokens_per_chunk):
        delta = {"refusal" if choice.is_refused else "content": "".join(group)}
        yield Fragment("content", index, delta, len(group), _show_logprobs(request, group, choice.is_refused))
    for place, call in enumerate(choice.calls):
        first = {"index": place, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield Fragment("content", index, {"tool_calls": [first]}, call.name_tokens)
        for group in group_tokens(call.arguments, tokens_per_chunk):
            more = {"index": place, "function": {"arguments": "".join(group)}}
            yield Fragment("content", index, {"tool_calls": [more]}, len(group))
    yield Fragment("finish", index, {}, finish_reason=choice.finish_reason)


def _take_turns(streams: Sequence[Iterator[Fragment]]) -> Iterator[Fragment]:
    """One fragment of each choice after the other, until all have ended."""
    waiting = deque(streams)
    while waiting:
        stream = waiting.popleft()
        for fragment in stream:
            yield fragment
            waiting.append(stream)
            break


def _show_logprobs(request: ChatRequest, tokens: Sequence[str], is_refused: bool) -> dict[str, Any] | None:
    if not request.logprobs:
        return None
    rated = [rate_token(token, request.top_logprobs or 0) for token in tokens]
    return {"content": None, "refusal": rated} if is_refused else {"content": rated, "refusal": None}
