"""An answer in Bedrock's Converse format, as the script of a plain reply or of a stream of binary frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pointsman.simulator.answer import Answer, Choice, ToolCall
from pointsman.simulator.bedrock_frames import EVENT_STREAM_TYPE, write_event_frame
from pointsman.simulator.bedrock_request import ConverseRequest
from pointsman.simulator.behaviour import Pace
from pointsman.simulator.chunks import chunk_size, group_tokens
from pointsman.simulator.read_arguments import read_arguments
from pointsman.simulator.steps import Head, Piece, PieceKind, Script, write_document
from pointsman.simulator.surface import Workshop

JsonObject = dict[str, Any]

_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""Bedrock fills its events up so that their size tells nothing of the text inside."""

_STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as Bedrock gives it: a choice, and how it is written."""

    request: ConverseRequest
    answer: Answer
    workshop: Workshop
    pace: Pace

    @property
    def choice(self) -> Choice:
        """The one choice that Converse gives."""
        return self.answer.choices[0]

    def end(self) -> JsonObject:
        """Why the answer ends, and which stop sequence ended it when the request wants to know."""
        choice = self.choice
        reason = "stop_sequence" if choice.stop_sequence else _STOP_REASONS[choice.finish_reason]
        ended: JsonObject = {"stopReason": "content_filtered" if choice.is_refused else reason}
        if "/stop_sequence" in (self.request.additional_model_response_field_paths or []):
            ended["additionalModelResponseFields"] = {"stop_sequence": choice.stop_sequence}
        return ended

    def account(self) -> JsonObject:
        """What it cost and how long it took; what was cached stands beside the other tokens of the prompt."""
        cache, output_tokens = self.answer.cache, self.answer.completion_tokens
        usage: JsonObject = {
            "inputTokens": self.answer.prompt_tokens - cache.read_tokens - cache.written_tokens,
            "outputTokens": output_tokens,
            "totalTokens": self.answer.prompt_tokens + output_tokens,
            "cacheReadInputTokens": cache.read_tokens,
            "cacheWriteInputTokens": cache.written_tokens,
        }
        if cache.written_tokens:
            lives = {"5m": cache.written_tokens - cache.written_1h_tokens, "1h": cache.written_1h_tokens}
            usage["cacheDetails"] = [{"ttl": ttl, "inputTokens": tokens} for ttl, tokens in lives.items() if tokens]
        account: JsonObject = {"usage": usage, "metrics": {"latencyMs": round(self.pace.due_s(output_tokens) * 1000)}}
        if self.request.performance_config is not None:
            account["performanceConfig"] = self.request.performance_config
        if self.request.service_tier is not None:
            account["serviceTier"] = self.request.service_tier
        return account


def write_reply(reply: Reply) -> Script:
    """The script of a plain reply; a call that the token limit cut is left out."""
    choice = reply.choice
    content: list[JsonObject] = [{"reasoningContent": _show_thought(reply)}] if choice.thoughts else []
    if choice.content:
        content.append({"text": choice.text})
    for call in choice.calls:
        arguments = read_arguments(call)
        if arguments is not None:
            content.append({"toolUse": {"toolUseId": _name_call(call), "name": call.name, "input": arguments}})
    message = {"role": "assistant", "content": content}
    document = {"output": {"message": message}, **reply.end(), **reply.account()}
    return write_document(200, msgspec.json.encode(document), tokens=reply.answer.completion_tokens)


def write_stream(reply: Reply) -> Script:
    """The script of a stream: start, the blocks one after the other, stop, and what it cost."""
    yield Head(200, (EVENT_STREAM_TYPE,))
    choice, size = reply.choice, chunk_size(reply.pace.tokens_per_second)
    yield _write("role", "messageStart", {"role": "assistant"})
    place = 0
    if choice.thoughts:
        yield from _stream_thought(reply, place, size)
        place += 1
    if choice.content:
        yield from _stream_block(place, choice.content, size, "text")
        place += 1
    for call in choice.calls:
        start = {"toolUse": {"toolUseId": _name_call(call), "name": call.name}}
        body = {"contentBlockIndex": place, "start": start}
        yield _write("content", "contentBlockStart", body, call.name_tokens)
        yield from _stream_block(place, call.arguments, size, "toolUse")
        place += 1
    yield _write("done", "messageStop", reply.end())
    yield _write("usage", "metadata", reply.account())


def _stream_thought(reply: Reply, place: int, size: int) -> Iterator[Piece]:
    """A thought that can be read comes in pieces with its signature behind; one that cannot comes whole."""
    choice = reply.choice
    if choice.is_redacted:
        yield _write_delta(place, {"reasoningContent": _show_thought(reply)}, len(choice.thoughts))
    else:
        for group in group_tokens(choice.thoughts, size):
            yield _write_delta(place, {"reasoningContent": {"text": "".join(group)}}, len(group))
        yield _write_delta(place, {"reasoningContent": {"signature": reply.workshop.sign(choice.thought)}})
    yield _write("role", "contentBlockStop", {"contentBlockIndex": place})


def _stream_block(place: int, tokens: Sequence[str], size: int, kind: str) -> Iterator[Piece]:
    for group in group_tokens(tokens, size):
        said = "".join(group)
        yield _write_delta(place, {"toolUse": {"input": said}} if kind == "toolUse" else {"text": said}, len(group))
    yield _write("role", "contentBlockStop", {"contentBlockIndex": place})


def _write_delta(place: int, delta: JsonObject, tokens: int = 0) -> Piece:
    return _write("content", "contentBlockDelta", {"contentBlockIndex": place, "delta": delta}, tokens)


def _write(kind: PieceKind, name: str, body: JsonObject, tokens: int = 0) -> Piece:
    data = msgspec.json.encode(body)
    padded = msgspec.json.encode({**body, "p": _PADDING[: 4 + len(data) % (len(_PADDING) - 4)]})
    return Piece(kind, write_event_frame(name, padded), tokens)


def _show_thought(reply: Reply) -> JsonObject:
    thought = reply.choice.thought
    if reply.choice.is_redacted:
        return {"redactedContent": reply.workshop.seal(thought)}
    return {"reasoningText": {"text": thought, "signature": reply.workshop.sign(thought)}}


def _name_call(call: ToolCall) -> str:
    return f"tooluse_{call.id.removeprefix('call_')}"
