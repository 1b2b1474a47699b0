"""An answer in Gemini's format, as the script of a plain reply or of a stream; a function call always comes whole."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec

from pointsman.simulator.answer import Answer, Choice
from pointsman.simulator.chunks import chunk_size, group_tokens
from pointsman.simulator.gemini_contents import FunctionCall
from pointsman.simulator.gemini_reading import sign_call
from pointsman.simulator.likelihood import rank_token
from pointsman.simulator.read_arguments import read_arguments
from pointsman.simulator.steps import EVENT_STREAM_TYPE, Head, Piece, PieceKind, Script, write_document
from pointsman.simulator.tokens import split_tokens

JsonObject = dict[str, Any]

_HARMS = ("HARM_CATEGORY_HATE_SPEECH", "HARM_CATEGORY_DANGEROUS_CONTENT", "HARM_CATEGORY_HARASSMENT")
_FINISH_REASONS = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every document of one answer carries, and how its parts are written.

    Attributes:
        id: of the answer.
        created_epoch_s: when it was made.
        model: which made it.
        shows_thoughts: whether thoughts are told.
        sign: makes signatures, or `None` when the model was not asked to think.
        logprobs: how many alternatives of each token are told, or `None` for no log probabilities.
        blocks_prompt: whether a refusal concerns the prompt, so that there is no candidate at all.
    """

    id: str
    created_epoch_s: int
    model: str
    shows_thoughts: bool = False
    sign: Callable[[str], str] | None = None
    logprobs: int | None = None
    blocks_prompt: bool = False

    def wrap(self, candidates: list[JsonObject], usage: JsonObject) -> JsonObject:
        """A whole answer or a chunk of one."""
        document: JsonObject = {"candidates": candidates} if candidates else {}
        if not candidates and self.blocks_prompt:
            document["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": _rate_harms("HIGH")}
        created = datetime.fromtimestamp(self.created_epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        named = {"modelVersion": self.model, "createTime": created, "responseId": self.id}
        return {**document, "usageMetadata": usage, **named}


def write_answer(answer: Answer, envelope: Envelope) -> Script:
    """The script of a plain reply."""
    choices = _list_choices(answer, envelope)
    candidates = [_show_candidate(choice, index, envelope) for index, choice in enumerate(choices)]
    told = sum(_told_tokens(choice) for choice in choices)
    usage = show_usage(answer, told, answer.reasoning_tokens)
    document = envelope.wrap(candidates, usage)
    return write_document(200, msgspec.json.encode(document), tokens=told + answer.reasoning_tokens)


def write_stream(answer: Answer, envelope: Envelope, tokens_per_second: float) -> Script:
    """The script of a stream: each chunk is an answer of its own with the usage so far; no mark ends it."""
    yield Head(200, (EVENT_STREAM_TYPE, ("content-disposition", "attachment")))
    size = chunk_size(tokens_per_second)
    told = thought = 0
    choices = _list_choices(answer, envelope)
    if not choices:
        yield Piece("done", _write_event(envelope.wrap([], show_usage(answer, 0, 0))))
    for index, choice in enumerate(choices):
        for chunk in _stream_choice(choice, envelope, size):
            thought += chunk.tokens if chunk.is_thought else 0
            told += 0 if chunk.is_thought else chunk.tokens
            candidate = {"content": {"parts": chunk.parts, "role": "model"}, "index": index, **chunk.beside}
            document = envelope.wrap([candidate], show_usage(answer, told, thought))
            yield Piece(chunk.kind, _write_event(document), chunk.tokens)


def _list_choices(answer: Answer, envelope: Envelope) -> tuple[Choice, ...]:
    blocked = envelope.blocks_prompt and any(choice.is_refused for choice in answer.choices)
    return () if blocked else answer.choices


def show_usage(answer: Answer, told_tokens: int, thought_tokens: int) -> JsonObject:
    """The usage so far: thoughts stand beside the tokens of the candidates, not among them."""
    usage: JsonObject = {
        "promptTokenCount": answer.prompt_tokens,
        "candidatesTokenCount": told_tokens,
        "totalTokenCount": answer.prompt_tokens + told_tokens + thought_tokens,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": answer.prompt_tokens}],
    }
    if thought_tokens:
        usage["thoughtsTokenCount"] = thought_tokens
    if answer.cache.read_tokens:
        usage["cachedContentTokenCount"] = answer.cache.read_tokens
        usage["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": answer.cache.read_tokens}]
    return usage


def unquote_enum(answer: Answer) -> Answer:
    """The same answer where each choice says a JSON text, without its quotes."""
    choices = tuple(replace(choice, content=_unquote(choice)) for choice in answer.choices)
    return replace(answer, choices=choices)


def _unquote(choice: Choice) -> tuple[str, ...]:
    try:
        return tuple(split_tokens(msgspec.json.decode(choice.text, type=str)))
    except msgspec.DecodeError:
        return choice.content


def _told_tokens(choice: Choice) -> int:
    """What the candidate cost; of a refusal nothing is told."""
    return 0 if choice.is_refused else choice.tokens - choice.reasoning_tokens


def _show_candidate(choice: Choice, index: int, envelope: Envelope) -> JsonObject:
    if choice.is_refused:
        return {"index": index, **_end(choice)}
    parts = [*_show_thoughts(choice, envelope), *_show_text(choice, envelope), *_show_calls(choice, envelope)]
    candidate = {"content": {"parts": parts, "role": "model"}, "index": index, **_end(choice)}
    if envelope.logprobs is not None and choice.content:
        candidate |= _show_logprobs(choice.content, envelope.logprobs)
    return candidate


def _show_thoughts(choice: Choice, envelope: Envelope) -> list[JsonObject]:
    return [{"text": choice.thought, "thought": True}] if choice.thoughts and envelope.shows_thoughts else []


def _show_text(choice: Choice, envelope: Envelope) -> list[JsonObject]:
    if not choice.content:
        return []
    signature = {} if envelope.sign is None or choice.calls else {"thoughtSignature": envelope.sign(choice.text)}
    return [{"text": choice.text, **signature}]


def _show_calls(choice: Choice, envelope: Envelope) -> list[JsonObject]:
    """Whole calls only; the first of several carries the signature."""
    parts: list[JsonObject] = []
    for call in choice.calls:
        arguments = read_arguments(call)
        if arguments is None:
            continue
        part: JsonObject = {"functionCall": {"name": call.name, "args": arguments}}
        if envelope.sign is not None and not parts:
            part["thoughtSignature"] = envelope.sign(sign_call(FunctionCall(call.name, arguments)))
        parts.append(part)
    return parts


def _end(choice: Choice) -> JsonObject:
    """Why the candidate ended."""
    if choice.is_refused:
        return {"finishReason": "SAFETY", "safetyRatings": _rate_harms("HIGH")}
    return {"finishReason": _FINISH_REASONS[choice.finish_reason]}


def _rate_harms(probability: str) -> list[JsonObject]:
    rated = [{"category": category, "probability": "NEGLIGIBLE"} for category in _HARMS]
    return [{**rated[0], "probability": probability, "blocked": True}, *rated[1:]]


def _show_logprobs(tokens: Sequence[str], alternatives: int) -> JsonObject:
    ranked = [rank_token(token, alternatives) for token in tokens]
    chosen = [{"token": token, "logProbability": logprob} for (token, logprob), *_ in ranked]
    top = [
        {"candidates": [{"token": token, "logProbability": logprob} for token, logprob in others[:alternatives]]}
        for others in ranked
    ]
    total = sum(others[0][1] for others in ranked)
    result: JsonObject = {"chosenCandidates": chosen, "logProbabilitySum": total}
    if alternatives:
        result["topCandidates"] = top
    return {"avgLogprobs": total / len(ranked), "logprobsResult": result}


@dataclass(frozen=True, slots=True)
class _Chunk:
    """What one event adds to a candidate: parts, the tokens they stand for, and what is said beside them."""

    kind: PieceKind
    parts: list[JsonObject]
    tokens: int = 0
    beside: JsonObject = field(default_factory=dict)
    is_thought: bool = False


def _stream_choice(choice: Choice, envelope: Envelope, size: int) -> Iterator[_Chunk]:
    """The chunks of one candidate; thoughts that are not shown pass as an empty first chunk."""
    if choice.is_refused:
        yield _Chunk("done", [], 0, _end(choice))
        return
    left = _told_tokens(choice)
    yield from _stream_thoughts(choice, envelope, size)
    for group in group_tokens(choice.content, size):
        left -= len(group)
        logprobs = {} if envelope.logprobs is None else _show_logprobs(group, envelope.logprobs)
        yield _Chunk("content", [{"text": "".join(group)}], len(group), logprobs)
    whole_calls = [call for call in choice.calls if read_arguments(call) is not None]
    for part, call in zip(_show_calls(choice, envelope), whole_calls, strict=True):
        tokens = call.name_tokens + len(call.arguments)
        left -= tokens
        yield _Chunk("content", [part], tokens)
    yield _Chunk("done", [_sign_off(choice, envelope)], left, _end(choice))


def _stream_thoughts(choice: Choice, envelope: Envelope, size: int) -> Iterator[_Chunk]:
    if not envelope.shows_thoughts and choice.thoughts:
        yield _Chunk("role", [{"text": ""}], choice.reasoning_tokens, is_thought=True)
        return
    for group in group_tokens(choice.thoughts, size):
        yield _Chunk("content", [{"text": "".join(group), "thought": True}], len(group), is_thought=True)


def _sign_off(choice: Choice, envelope: Envelope) -> JsonObject:
    """The empty text at the end, with the signature of all text before it."""
    if envelope.sign is None or choice.calls or not choice.content:
        return {"text": ""}
    return {"text": "", "thoughtSignature": envelope.sign(choice.text)}


def _write_event(document: JsonObject) -> bytes:
    """Google ends its lines with carriage return and line feed."""
    return b"data: " + msgspec.json.encode(document) + b"\r\n\r\n"
