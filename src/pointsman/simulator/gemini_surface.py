"""Gemini's surfaces, on Google's own path and on Vertex's: the verb stands behind the model in the path."""

import hmac
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs
from uuid import uuid4

import msgspec

from pointsman.simulator.answer import Answer, count_prompt_tokens
from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.connection import Request
from pointsman.simulator.gemini_answer import Envelope, unquote_enum, write_answer, write_stream
from pointsman.simulator.gemini_embeddings import answer_batch, answer_embed
from pointsman.simulator.gemini_errors import write_error, write_error_event
from pointsman.simulator.gemini_names import decode_google
from pointsman.simulator.gemini_reading import check_attachments, check_signatures, read_asked, read_thinking
from pointsman.simulator.gemini_request import ENUM_TYPE, CountRequest, GenerateRequest, check_request
from pointsman.simulator.models import LISTED, SimulatedModel, find_model
from pointsman.simulator.prompt_cache import CacheUse
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.serve_document import note_model, serve_document
from pointsman.simulator.steps import HeaderFields, Script, write_document
from pointsman.simulator.strict_json import require_json
from pointsman.simulator.surface import AT_ONCE, Surface, Workshop

Answered = tuple[Script, Pace]
Verb = Callable[[Request, str, Call, Workshop], Answered]

CACHED_PREFIX = "simulated-"
"""How the name of a kept prompt begins; others do not exist."""

OUTPUT_TOKENS = 65_536

_ROOTS = "(?:/v1beta|/v1/projects/[^/]+/locations/[^/]+/publishers/google)"
_MODEL = re.compile(r".*/models/(?P<model>[^/]+?)(?::[a-zA-Z]+)?")


def show_google_key(request: Request, demanded: str) -> bool:
    """Whether the request carries `x-goog-api-key: KEY`, or on Vertex `authorization: Bearer TOKEN`."""
    shown, wanted = request.header("x-goog-api-key"), demanded
    if not shown and request.path.startswith("/v1/projects/"):
        shown, wanted = request.header("authorization"), f"Bearer {demanded}"
    return hmac.compare_digest(shown.encode(), wanted.encode())


def _generate(request: Request, model: str, call: Call, workshop: Workshop) -> Answered:
    return _answer_chat(request, model, call, workshop, stream=False)


def _stream(request: Request, model: str, call: Call, workshop: Workshop) -> Answered:
    """Without `alt=sse` Google sends one long array; no client of ours asks for that."""
    if parse_qs(request.target.partition("?")[2]).get("alt") != ["sse"]:
        raise Refusal(400, "This simulator streams server-sent events only: add '?alt=sse'.", param="alt")
    return _answer_chat(request, model, call, workshop, stream=True)


def _answer_chat(request: Request, model: str, call: Call, workshop: Workshop, *, stream: bool) -> Answered:
    generate = decode_google(request.body, GenerateRequest)
    _check(generate, model, workshop)
    asked = read_asked(generate, model, stream=stream)
    config = generate.config
    envelope = Envelope(
        id=uuid4().hex[:22],
        created_epoch_s=workshop.now(),
        model=model,
        shows_thoughts=bool(config.thinking_config and config.thinking_config.include_thoughts),
        sign=workshop.sign if read_thinking(config.thinking_config) else None,
        logprobs=(config.logprobs or 0) if config.response_logprobs else None,
        blocks_prompt="at once" in asked.last_prompt.lower(),
    )
    kept_tokens = _count_kept(generate.cached_content)

    def write(answer: Answer, pace: Pace) -> Script:
        if kept_tokens:
            answer = replace(
                answer, prompt_tokens=answer.prompt_tokens + kept_tokens, cache=CacheUse(read_tokens=kept_tokens)
            )
            call.prompt_tokens, call.cache_read_tokens = answer.prompt_tokens, kept_tokens
        if config.response_mime_type == ENUM_TYPE:
            answer = unquote_enum(answer)
        return write_stream(answer, envelope, pace.tokens_per_second) if stream else write_answer(answer, envelope)

    return workshop.serve(asked, call, write)


def _check(generate: GenerateRequest, model: str, workshop: Workshop) -> None:
    check_request(generate, model)
    check_attachments(generate.contents)
    check_signatures(generate.contents, workshop.check_signature)


def _count_kept(name: str | None) -> int:
    """How many tokens a kept prompt holds; its name alone tells.

    Raises:
        Refusal: 403, as Google says it of one that does not exist.
    """
    if name is None:
        return 0
    kept = name.rpartition("/")[2]
    if not kept.startswith(CACHED_PREFIX):
        raise Refusal(403, f"CachedContent not found (or permission denied): {name}", param="cachedContent")
    return 1_024 + zlib.crc32(kept.encode()) % 4_096


def _count_tokens(request: Request, model: str, call: Call, workshop: Workshop) -> Answered:
    counted = decode_google(request.body, CountRequest).counted
    if not counted.contents:
        raise Refusal(400, "* CountTokensRequest.contents: contents is not specified", param="contents")
    _check(counted, model, workshop)
    tokens = count_prompt_tokens(read_asked(counted, model, stream=False))
    note_model(call, model, 0)
    details = [{"modality": "TEXT", "tokenCount": tokens}]
    return serve_document({"totalTokens": tokens, "promptTokensDetails": details}, call, workshop)


def _embed(request: Request, model: str, call: Call, workshop: Workshop) -> Answered:
    return answer_embed(request.body, model, call, workshop)


def _embed_batch(request: Request, model: str, call: Call, workshop: Workshop) -> Answered:
    return answer_batch(request.body, model, call, workshop)


def _find_model(request: Request) -> str:
    found = _MODEL.fullmatch(request.path)
    return found["model"] if found is not None else ""


def _list_models(request: Request, call: Call, workshop: Workshop) -> Answered:
    return write_document(200, msgspec.json.encode({"models": [_describe(model) for model in LISTED]})), AT_ONCE


def _show_model(request: Request, call: Call, workshop: Workshop) -> Answered:
    return write_document(200, msgspec.json.encode(_describe(find_model(_find_model(request))))), AT_ONCE


def _describe(model: SimulatedModel) -> dict[str, object]:
    return {
        "name": f"models/{model.id}",
        "version": "001",
        "displayName": model.id.replace("-", " ").title(),
        "inputTokenLimit": model.context_tokens,
        "outputTokenLimit": OUTPUT_TOKENS,
        "supportedGenerationMethods": ["generateContent", "countTokens", "embedContent", "batchEmbedContents"],
        "temperature": 1,
        "maxTemperature": 2,
        "topP": 0.95,
        "topK": 64,
        "thinking": True,
    }


def stamp_google(request_id: str, processing_ms: int) -> HeaderFields:
    """The headers that Google puts on every answer; the id is ours, to find the call again."""
    return (("server-timing", f"gfet4t7; dur={processing_ms}"), ("x-request-id", request_id))


def _make_surface(name: str, method: str, path: str, answer: Callable[[Request, Call, Workshop], Answered]) -> Surface:
    return Surface(
        name=f"gemini_{name}",
        method=method,
        path=re.compile(_ROOTS + path),
        answer=answer,
        refuse=write_error,
        check_key=show_google_key,
        break_stream=write_error_event,
        family="gemini",
        stamp=stamp_google,
    )


def _make_verb(name: str, verb: str, answer: Verb) -> Surface:
    def answer_model(request: Request, call: Call, workshop: Workshop) -> Answered:
        require_json(request)
        return answer(request, _find_model(request), call, workshop)

    return _make_surface(name, "POST", f"/models/[^/]+:{verb}", answer_model)


GEMINI_SURFACES: tuple[Surface, ...] = (
    _make_verb("generate", "generateContent", _generate),
    _make_verb("stream", "streamGenerateContent", _stream),
    _make_verb("count_tokens", "countTokens", _count_tokens),
    _make_verb("embed", "embedContent", _embed),
    _make_verb("embed_batch", "batchEmbedContents", _embed_batch),
    _make_surface("models", "GET", "/models", _list_models),
    _make_surface("model", "GET", "/models/[^/:]+", _show_model),
)
