"""What a program gets: the answer, what it cost, and why this model gave it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from pointsman.core.chat.money import format_usd
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.openai_chat.usage import read_usage
from pointsman.core.routing.outcome import Outcome
from pointsman.library.errors import ProviderFailed
from pointsman.library.exchange import Fields, find_header


@dataclass(frozen=True, slots=True)
class Reply:
    """What every answer tells.

    Attributes:
        model: our name of the model that answered.
        upstream_model: as its provider names it.
        decision: what settled the model: `agent`, `rule`, `strategy` and so on.
        cost_usd: exact dollars; `None` when unknown.
        usage: tokens, or `None` when nobody said.
        latency_ms: from asking until the answer was whole.
        request_id: finds the request in logs and records.
        changes: parameters that were changed on the way to the provider.
        losses: what the provider's format could not say.
        raw: the whole body, in OpenAI's format.
    """

    model: str
    upstream_model: str
    decision: str
    cost_usd: Decimal | None
    usage: Usage | None
    latency_ms: float
    request_id: str
    changes: tuple[str, ...]
    losses: tuple[str, ...]
    raw: dict[str, Any] = field(repr=False)

    @property
    def input_tokens(self) -> int | None:
        """Tokens of the prompt, cached ones included."""
        return self.usage.input_tokens if self.usage else None

    @property
    def output_tokens(self) -> int | None:
        """Tokens of the answer, reasoning included."""
        return self.usage.output_tokens if self.usage else None

    @property
    def total_tokens(self) -> int | None:
        """Both together."""
        return self.usage.input_tokens + self.usage.output_tokens if self.usage else None


@dataclass(frozen=True, slots=True)
class ChatReply(Reply):
    """The answer to a chat.

    Attributes:
        text: of the first choice; `""` where it has none, such as beside tool calls.
        message: of the first choice, as OpenAI's dictionary; goes back into `messages` as it is.
        tool_calls: of the first choice, as OpenAI's dictionaries.
        finish_reason: why it ended.
    """

    text: str = ""
    message: dict[str, Any] = field(default_factory=dict, repr=False)
    tool_calls: tuple[dict[str, Any], ...] = ()
    finish_reason: str = ""

    def __str__(self) -> str:
        """The text alone."""
        return self.text


@dataclass(frozen=True, slots=True)
class EmbeddingReply(Reply):
    """Embeddings, in the order of the texts."""

    vectors: tuple[list[float], ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of an answer beside its body."""

    headers: Fields
    outcome: Outcome | None
    latency_ms: float


def read_chat_reply(body: bytes, told: Told) -> ChatReply:
    """The reply in a whole answer of a chat."""
    raw = _decode(body)
    choices = raw.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    said = first.get("message")
    message: dict[str, Any] = said if isinstance(said, dict) else {}
    text, calls = message.get("content"), message.get("tool_calls")
    return ChatReply(
        **_describe(raw, told),
        text=text if isinstance(text, str) else "",
        message=message,
        tool_calls=tuple(calls) if isinstance(calls, list) else (),
        finish_reason=str(first.get("finish_reason") or ""),
    )


def read_embedding_reply(body: bytes, told: Told) -> EmbeddingReply:
    """The reply in a whole answer with embeddings."""
    raw = _decode(body)
    listed = raw.get("data")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    entries.sort(key=lambda entry: entry["index"] if type(entry.get("index")) is int else 0)
    return EmbeddingReply(**_describe(raw, told), vectors=tuple(entry.get("embedding") or [] for entry in entries))


def _describe(raw: Mapping[str, Any], told: Told) -> dict[str, Any]:
    headers, outcome = told.headers, told.outcome
    usage = raw.get("usage")
    return {
        "model": find_header(headers, "x-pointsman-model"),
        "upstream_model": str(raw.get("model") or ""),
        "decision": find_header(headers, "x-pointsman-decision"),
        "cost_usd": _find_cost(headers, outcome),
        "usage": outcome.usage if outcome and outcome.usage else read_usage(usage) if isinstance(usage, dict) else None,
        "latency_ms": outcome.latency_ms if outcome else told.latency_ms,
        "request_id": find_header(headers, "x-request-id"),
        "changes": _list_names(find_header(headers, "x-pointsman-changes")),
        "losses": _list_names(find_header(headers, "x-pointsman-losses")),
        "raw": raw,
    }


def _find_cost(headers: Fields, outcome: Outcome | None) -> Decimal | None:
    if outcome is not None:
        return None if outcome.cost_nusd is None else Decimal(format_usd(outcome.cost_nusd))
    written = find_header(headers, "x-pointsman-cost-usd")
    return Decimal(written) if written else None


def _list_names(header: str) -> tuple[str, ...]:
    return tuple(header.split(", ")) if header else ()


def _decode(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ProviderFailed("the answer is no JSON object; see the provider's log", code="bad_answer") from None
