"""Anthropic's surfaces: messages, counting tokens, models; key in `x-api-key`, version in `anthropic-version`."""

import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs
from uuid import uuid4

import msgspec

from pointsman.simulator.answer import Answer, count_prompt_tokens
from pointsman.simulator.anthropic_answer import Frame, write_message, write_stream
from pointsman.simulator.anthropic_blocks import RedactedThinking, Thinking
from pointsman.simulator.anthropic_conversation import CheckThought, show_prompt
from pointsman.simulator.anthropic_request import read_count_request, read_messages_request
from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.connection import Request
from pointsman.simulator.models import LISTED, SimulatedModel, find_model
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.steps import HeaderFields, Script, write_document, write_event
from pointsman.simulator.strict_json import require_json
from pointsman.simulator.surface import AT_ONCE, Surface, Workshop

VERSIONS = ("2026-10-21", "2023-06-01", "2023-01-01")
MOST_OUTPUT_TOKENS = 64_000

_ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_INDEX = re.compile(r"\[(\d+)\]")
_NUMBER = re.compile(r"\d+")
_PHRASES = {"unknown_parameter": "Extra inputs are not permitted", "missing_required_parameter": "Field required"}


def refuse_anthropic(refusal: Refusal) -> bytes:
    """An error document: `{"type": "error", "error": {"type", "message"}}`, the field at fault named in the message."""
    usual = "api_error" if refusal.status >= 500 else "invalid_request_error"
    message = _PHRASES.get(refusal.code or "", refusal.message)
    if refusal.code == "context_length_exceeded":
        most, got = _NUMBER.findall(refusal.message)
        message = f"prompt is too long: {got} tokens > {most} maximum"
    elif refusal.param:
        path = _INDEX.sub(r".\1", refusal.param)
        message = f"{path}: {message}"
    error = {"type": _ERROR_TYPES.get(refusal.status, usual), "message": message}
    return msgspec.json.encode({"type": "error", "error": error, "request_id": None})


def break_anthropic_stream(refusal: Refusal) -> bytes:
    """The error as an event named `error`."""
    return write_event(refuse_anthropic(refusal), "error")


def show_x_api_key(request: Request, demanded: str) -> bool:
    """Whether the request carries `x-api-key: KEY`."""
    return hmac.compare_digest(request.header("x-api-key").encode(), demanded.encode())


def stamp_anthropic(request_id: str, processing_ms: int) -> HeaderFields:
    """The header that Anthropic's API puts on every answer."""
    return (("request-id", request_id),)


def _demand_version(request: Request) -> None:
    version = request.header("anthropic-version")
    if version not in VERSIONS:
        message = f'"{version}" is not a valid version' if version else "header is required"
        raise Refusal(400, f"anthropic-version: {message}")


def _check_with(workshop: Workshop) -> CheckThought:
    def check_thought(block: Thinking | RedactedThinking, path: str) -> None:
        if isinstance(block, Thinking):
            workshop.check_signature(block.signature, block.thinking, f"{path}.signature")
        else:
            workshop.open_seal(block.data, f"{path}.data")

    return check_thought


def _answer_messages(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    _demand_version(request)
    require_json(request)
    asked_for = read_messages_request(request.body, is_beta=bool(request.header("anthropic-beta")))
    asked = show_prompt(asked_for, _check_with(workshop))
    frame = Frame(f"msg_{uuid4().hex[:24]}", asked.model, asked_for.hides_thoughts, workshop.sign, workshop.seal)

    def write(answer: Answer, pace: Pace) -> Script:
        return write_stream(answer, frame, pace.tokens_per_second) if asked.stream else write_message(answer, frame)

    return workshop.serve(asked, call, write)


def _count_tokens(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    _demand_version(request)
    require_json(request)
    asked_for = read_count_request(request.body, is_beta=bool(request.header("anthropic-beta")))
    asked = show_prompt(asked_for, _check_with(workshop))
    call.model = find_model(asked.model).id
    behaviour = workshop.find(asked.model)
    document = msgspec.json.encode({"input_tokens": count_prompt_tokens(asked)})
    pace = replace(workshop.pace(behaviour), tokens_per_second=0)
    return workshop.strike(write_document(200, document), behaviour, call), pace


def _list_models(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    _demand_version(request)
    asked = {name: values[-1] for name, values in parse_qs(request.target.partition("?")[2]).items()}
    for name in asked:
        if name not in ("limit", "after_id", "before_id"):
            raise Refusal(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    limit = asked.get("limit", "20")
    if not (limit.isdecimal() and len(limit) < 5 and 1 <= int(limit) <= 1000):
        raise Refusal(400, "Input should be between 1 and 1000", code="invalid_value", param="limit")
    ids = [model.id for model in LISTED]
    first = ids.index(asked["after_id"]) + 1 if asked.get("after_id") in ids else 0
    last = ids.index(asked["before_id"]) if asked.get("before_id") in ids else len(ids)
    page = LISTED[first:last][: int(limit)]
    document = {
        "data": [_describe(model) for model in page],
        "has_more": len(page) < last - first,
        "first_id": page[0].id if page else None,
        "last_id": page[-1].id if page else None,
    }
    return write_document(200, msgspec.json.encode(document)), AT_ONCE


def _show_model(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    _demand_version(request)
    model = find_model(request.path.removeprefix("/v1/models/"))
    return write_document(200, msgspec.json.encode(_describe(model))), AT_ONCE


def _describe(model: SimulatedModel) -> dict[str, object]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id.replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": model.context_tokens,
        "max_tokens": MOST_OUTPUT_TOKENS,
    }


def _shows_version(request: Request) -> bool:
    """What tells Anthropic's model list from OpenAI's at the same path."""
    return bool(request.header("anthropic-version"))


def _build(
    name: str,
    method: str,
    path: str,
    answer: Callable[[Request, Call, Workshop], tuple[Script, Pace]],
) -> Surface:
    return Surface(
        name=name,
        method=method,
        path=re.compile(path),
        answer=answer,
        refuse=refuse_anthropic,
        check_key=show_x_api_key,
        break_stream=break_anthropic_stream,
        family="anthropic",
        stamp=stamp_anthropic,
    )


ANTHROPIC_SURFACES = (
    _build("anthropic_messages", "POST", "/v1/messages", _answer_messages),
    _build("anthropic_count_tokens", "POST", "/v1/messages/count_tokens", _count_tokens),
    replace(_build("anthropic_models", "GET", "/v1/models", _list_models), accepts=_shows_version),
    replace(_build("anthropic_model", "GET", "/v1/models/.+", _show_model), accepts=_shows_version),
)
"""Before OpenAI's surfaces in the list, for two paths are the same."""
