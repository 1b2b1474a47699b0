"""An answer in Cohere's chat format (v2), as the script of a plain reply or of a stream of named events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import msgspec

from pointsman.simulator.answer import Answer, Choice, ToolCall
from pointsman.simulator.chunks import chunk_size, group_tokens
from pointsman.simulator.cohere_reading import show_document
from pointsman.simulator.cohere_request import ChatRequest, Document
from pointsman.simulator.likelihood import rank_token
from pointsman.simulator.steps import (
    EVENT_STREAM_TYPE,
    Head,
    Piece,
    PieceKind,
    Script,
    write_document,
    write_event,
)
from pointsman.simulator.tokens import split_tokens

JsonObject = dict[str, Any]

VOCABULARY = 255_000
CITED_TOKENS = 6
"""How much of the beginning of an answer is said to come from the first document."""

_FINISH_REASONS = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as Cohere gives it: a choice, and what Cohere adds.

    Attributes:
        id: of the answer.
        request: what was asked.
        answer: what is said, and what the prompt cost.
        plan: what the model says before it calls tools, as tokens.
    """

    id: str
    request: ChatRequest
    answer: Answer
    plan: tuple[str, ...] = ()

    @property
    def choice(self) -> Choice:
        """The one choice that Cohere gives."""
        return self.answer.choices[0]

    @property
    def output_tokens(self) -> int:
        """All that was generated."""
        return self.answer.completion_tokens + len(self.plan)

    @property
    def finish_reason(self) -> str:
        """Why it ends; that a stop sequence ended it is told."""
        return "STOP_SEQUENCE" if self.choice.stop_sequence else _FINISH_REASONS[self.choice.finish_reason]

    def show_usage(self) -> JsonObject:
        """The usage object: what is billed, and what was counted."""
        tokens = {"input_tokens": self.answer.prompt_tokens, "output_tokens": self.output_tokens}
        return {"billed_units": tokens, "tokens": tokens, "cached_tokens": self.answer.cache.read_tokens}


def make_reply(id: str, request: ChatRequest, answer: Answer) -> Reply:
    """The reply with its plan, which is left out where the token limit has no room for it."""
    names = " and ".join(call.name for call in answer.choices[0].calls)
    plan = tuple(split_tokens(f"I will call {names} and then answer.")) if names else ()
    limit = request.max_tokens
    has_room = limit is None or answer.completion_tokens + len(plan) <= limit
    return Reply(id, request, answer, plan if has_room else ())


def write_reply(reply: Reply) -> Script:
    """The script of a plain reply."""
    choice = reply.choice
    message: JsonObject = {"role": "assistant"}
    thoughts = [{"type": "thinking", "thinking": choice.thought}] if choice.thoughts else []
    content = [*thoughts, *([{"type": "text", "text": choice.text}] if choice.content else [])]
    if content:
        message["content"] = content
    if choice.calls:
        message |= {"tool_plan": "".join(reply.plan), "tool_calls": [_show_call(call) for call in choice.calls]}
    if citation := _cite(reply):
        message["citations"] = [citation]
    ended = {"finish_reason": reply.finish_reason, "usage": reply.show_usage()}
    document: JsonObject = {"id": reply.id, "message": message, **ended}
    if reply.request.logprobs:
        document["logprobs"] = [_show_logprob([token]) for token in choice.content]
    return write_document(200, msgspec.json.encode(document), tokens=reply.output_tokens)


def write_stream(reply: Reply, tokens_per_second: float) -> Script:
    """The script of a stream: start, thoughts, text, plan, calls, citations, end."""
    yield Head(200, (EVENT_STREAM_TYPE, ("cache-control", "no-cache")))
    size, choice = chunk_size(tokens_per_second), reply.choice
    opened = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield _write("role", "message-start", opened, id=reply.id)
    if choice.thoughts:
        yield from _stream_content("thinking", 0, choice.thoughts, size, logprobs=False)
    if choice.content:
        place = 1 if choice.thoughts else 0
        yield from _stream_content("text", place, choice.content, size, logprobs=bool(reply.request.logprobs))
    for group in group_tokens(reply.plan, size):
        yield _write("content", "tool-plan-delta", {"tool_plan": "".join(group)}, len(group))
    for place, call in enumerate(choice.calls):
        yield from _stream_call(place, call, size)
    if citation := _cite(reply):
        yield _write("role", "citation-start", {"citations": citation}, index=0)
        yield _write("role", "citation-end", None, index=0)
    ended = {"finish_reason": reply.finish_reason, "usage": reply.show_usage()}
    yield Piece("done", write_event(msgspec.json.encode({"type": "message-end", "delta": ended}), "message-end"))


def _stream_content(kind: str, place: int, tokens: Sequence[str], size: int, *, logprobs: bool) -> Iterator[Piece]:
    yield _write("role", "content-start", {"content": {"type": kind, kind: ""}}, index=place)
    for group in group_tokens(tokens, size):
        beside = {"logprobs": _show_logprob(group)} if logprobs else {}
        yield _write("content", "content-delta", {"content": {kind: "".join(group)}}, len(group), index=place, **beside)
    yield _write("role", "content-end", None, index=place)


def _stream_call(place: int, call: ToolCall, size: int) -> Iterator[Piece]:
    first = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
    yield _write("content", "tool-call-start", {"tool_calls": first}, call.name_tokens, index=place)
    for group in group_tokens(call.arguments, size):
        more = {"function": {"arguments": "".join(group)}}
        yield _write("content", "tool-call-delta", {"tool_calls": more}, len(group), index=place)
    yield _write("role", "tool-call-end", None, index=place)


def _write(kind: PieceKind, name: str, message: JsonObject | None, tokens: int = 0, **beside: object) -> Piece:
    delta = {} if message is None else {"delta": {"message": message}}
    return Piece(kind, write_event(msgspec.json.encode({"type": name, **beside, **delta}), name), tokens)


def _show_call(call: ToolCall) -> JsonObject:
    function = {"name": call.name, "arguments": "".join(call.arguments)}
    return {"id": call.id, "type": "function", "function": function}


def _show_logprob(tokens: Sequence[str]) -> JsonObject:
    return {
        "text": "".join(tokens),
        "token_ids": [crc32(token.encode()) % VOCABULARY for token in tokens],
        "logprobs": [rank_token(token, 0)[0][1] for token in tokens],
    }


def _cite(reply: Reply) -> JsonObject | None:
    """The first document, as the source of the first words; nothing where citing was turned off."""
    request, text = reply.request, "".join(reply.choice.content[:CITED_TOKENS])
    options = request.citation_options
    if not (request.documents and text) or (options is not None and options.mode in ("OFF", "DISABLED")):
        return None
    document = request.documents[0]
    id = document.id if isinstance(document, Document) and document.id else "doc:0"
    data = document.data if isinstance(document, Document) and isinstance(document.data, dict) else None
    source = {"type": "document", "id": id, "document": {"id": id, **(data or {"text": show_document(document)})}}
    return {
        "start": 0,
        "end": len(text),
        "text": text,
        "sources": [source],
        "content_index": 1 if reply.choice.thoughts else 0,
        "type": "TEXT_CONTENT",
    }
