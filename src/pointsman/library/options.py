"""What a program may say of a request, beside its messages: one table of names; any other is refused with a guess."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypedDict

import msgspec

from pointsman.core.config.suggest import suggest_name

Messages = str | Sequence[Mapping[str, object]]


class ChatOptions(TypedDict, total=False):
    """Options of a chat: first those that Pointsman reads, then parameters of OpenAI's chat completions.

    `extra_body` holds any further member of the body, such as one that only some provider knows.
    """

    agent: str
    task: str | Mapping[str, object]
    task_id: str
    user: str
    session: str
    tags: Sequence[str]
    privacy: Literal["low", "medium", "high"]
    timeout_s: float
    max_cost_usd: Decimal | str | int | float
    strategy: str
    budget_mode: bool
    fallback_models: Sequence[str]
    min_quality: Decimal | float
    no_cache: bool
    request_id: str

    audio: Mapping[str, object]
    frequency_penalty: float
    logit_bias: Mapping[str, float]
    logprobs: bool
    max_completion_tokens: int
    max_tokens: int
    metadata: Mapping[str, object]
    modalities: Sequence[str]
    n: int
    parallel_tool_calls: bool
    prediction: Mapping[str, object]
    presence_penalty: float
    reasoning_effort: str
    response_format: Mapping[str, object]
    seed: int
    service_tier: str
    stop: str | Sequence[str]
    store: bool
    temperature: float
    tool_choice: str | Mapping[str, object]
    tools: Sequence[Mapping[str, object]]
    top_logprobs: int
    top_p: float
    verbosity: str
    extra_body: Mapping[str, object]


HEADERS = {
    "agent": "x-pointsman-agent",
    "task": "x-pointsman-task",
    "task_id": "x-pointsman-task-id",
    "user": "x-pointsman-user",
    "session": "x-pointsman-session",
    "tags": "x-pointsman-tags",
    "privacy": "x-pointsman-privacy",
    "timeout_s": "x-pointsman-timeout-ms",
    "max_cost_usd": "x-pointsman-max-cost",
    "strategy": "x-pointsman-strategy",
    "budget_mode": "x-pointsman-budget-mode",
    "fallback_models": "x-pointsman-fallback-models",
    "min_quality": "x-pointsman-min-quality",
    "no_cache": "x-pointsman-no-cache",
    "request_id": "x-request-id",
}
"""Options that travel as headers; all others stand in the body."""

AGENT = "agent:"
"""Stands before the name of an agent where a model's could stand."""


class Ready(msgspec.Struct, frozen=True):
    """A request that can be posted.

    Attributes:
        path, body, headers: of the request.
        timeout_s: how long to wait at most, or `None`.
        agent: whose call it is, or `""` when a model was asked for by name.
    """

    path: str
    body: bytes
    headers: dict[str, str]
    timeout_s: float | None = None
    agent: str = ""


def build_chat(messages: Messages, model: str | None, options: Mapping[str, object], *, stream: bool) -> Ready:
    """A chat request.

    Raises:
        TypeError: for an option that is not known, for neither `model` nor `agent`, or for what is no JSON.
    """
    _refuse_unknown(options, ChatOptions.__annotations__)
    said = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
    fields: dict[str, object] = {"model": _find_target(model, options), "messages": said}
    fields |= {name: value for name, value in options.items() if name not in HEADERS and name != "extra_body"}
    extra = options.get("extra_body")
    if isinstance(extra, Mapping):
        fields |= extra
    if stream:
        fields |= {"stream": True, "stream_options": {"include_usage": True}}
    return _build("/v1/chat/completions", fields, options, is_agent_named=model is not None)


def build_embedding(texts: Sequence[str], model: str | None, options: Mapping[str, object]) -> Ready:
    """A request for embeddings. Raises as `build_chat`."""
    _refuse_unknown(options, {**HEADERS, "dimensions": ""})
    fields: dict[str, object] = {
        "model": _find_target(model, options),
        "input": list(texts),
        "encoding_format": "float",
    }
    if "dimensions" in options:
        fields["dimensions"] = options["dimensions"]
    return _build("/v1/embeddings", fields, options, is_agent_named=model is not None)


def _build(path: str, fields: dict[str, object], options: Mapping[str, object], *, is_agent_named: bool) -> Ready:
    headers = {
        HEADERS[name]: _write_header(name, value)
        for name, value in options.items()
        if name in HEADERS and value not in (None, "", (), []) and (name != "agent" or is_agent_named)
    }
    timeout_s = options.get("timeout_s")
    body = msgspec.json.encode({name: value for name, value in fields.items() if value is not None})
    waits_s = float(timeout_s) if isinstance(timeout_s, int | float) else None
    return Ready(path, body, headers, waits_s, _find_agent(str(fields["model"]), options))


def _find_target(model: str | None, options: Mapping[str, object]) -> str:
    agent = options.get("agent")
    if model is not None:
        return model
    if not agent:
        raise TypeError('say who or what shall answer: agent="NAME", model="NAME", or model="auto"')
    return f"{AGENT}{agent}"


def _find_agent(target: str, options: Mapping[str, object]) -> str:
    return str(options.get("agent") or "") or (target.removeprefix(AGENT) if target.startswith(AGENT) else "")


def _write_header(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if name == "timeout_s" and isinstance(value, int | float):
        return str(max(1, round(value * 1_000)))
    if name in ("max_cost_usd", "min_quality") and isinstance(value, int | float | Decimal):
        return format(Decimal(str(value)), "f")
    if isinstance(value, Mapping):
        return msgspec.json.encode(value).decode()
    if name in ("tags", "fallback_models") and isinstance(value, Sequence) and not isinstance(value, str):
        return ",".join(map(str, value))
    return str(value)


def _refuse_unknown(options: Mapping[str, object], known: Mapping[str, object]) -> None:
    for name in options:
        if name not in known:
            guess = suggest_name(name, known)
            hint = f"did you mean {guess}?" if guess else "a member that only a provider knows goes into extra_body"
            raise TypeError(f"there is no option {name!r}; {hint}")
