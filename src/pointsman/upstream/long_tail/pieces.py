"""LiteLLM's answers as bytes in OpenAI's chat format, without what it adds for itself."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec

from pointsman.core.ports import Headers

Json = dict[str, Any]

MOST_HEADERS: Final = 32
MOST_VALUE_CHARACTERS: Final = 256
_KEPT = frozenset(("date", "request-id", "retry-after", "x-request-id"))
_KEPT_STARTS = ("x-ratelimit-", "anthropic-ratelimit-")
_OWN = ("provider_specific_fields", "annotations", "function_call")
"""Members that stand in its answers whether or not the provider sent them."""

_encode = msgspec.json.Encoder().encode

DONE: Final = b"data: [DONE]\n\n"


def write_answer(answer: Any) -> bytes:
    """A whole answer."""
    told = _dump(answer)
    for choice in _list_choices(told):
        choice.pop("provider_specific_fields", None)
        message = choice.get("message")
        if type(message) is dict:
            _tidy(message)
            message.setdefault("content", None)
    usage = told.get("usage")
    if type(usage) is dict and not usage.get("prompt_tokens") and not usage.get("completion_tokens"):
        del told["usage"]  # Zeros are what LiteLLM puts where the provider has reported nothing.
    return _encode(told)


def write_event(chunk: Any, *, with_usage: bool) -> bytes:
    """One event of a stream.

    Args:
        chunk: as LiteLLM gives it.
        with_usage: whether its usage is the provider's; what LiteLLM counted by itself is left out.
    """
    told = _dump(chunk)
    choices = _list_choices(told)
    for choice in choices:
        choice.pop("provider_specific_fields", None)
        if type(choice.get("delta")) is dict:
            _tidy(choice["delta"])
        choice.setdefault("finish_reason", None)
    if "usage" in told:
        if not with_usage:
            del told["usage"]
        if not any(choice.get("delta") or choice["finish_reason"] for choice in choices):
            told["choices"] = []
    return b"data: %b\n\n" % _encode(told)


def find_finish(chunk: Any) -> bool:
    """Whether a chunk ends a choice."""
    choices = getattr(chunk, "choices", None)
    return type(choices) is list and any(getattr(choice, "finish_reason", None) for choice in choices)


def choose_headers(content_type: bytes, headers: Mapping[str, object]) -> Headers:
    """Those of a provider's headers that say something to us, in the form of the port."""
    kept = [(b"content-type", content_type)]
    for name, value in headers.items():
        text = str(value)
        is_wanted = name in _KEPT or name.startswith(_KEPT_STARTS)
        if is_wanted and len(kept) < MOST_HEADERS and len(text) <= MOST_VALUE_CHARACTERS and text.isprintable():
            kept.append((name.encode("latin-1", "replace"), text.encode("latin-1", "replace")))
    return kept


def _dump(answer: Any) -> Json:
    return cast(Json, answer.model_dump(mode="json", exclude_none=True))


def _list_choices(told: Json) -> list[Json]:
    choices = told.get("choices")
    return [choice for choice in choices if type(choice) is dict] if type(choices) is list else []


def _tidy(said: Json) -> None:
    """Put a refusal back where OpenAI has it, and drop what is empty."""
    own = said.get("provider_specific_fields")
    if type(own) is dict and type(own.get("refusal")) is str:
        said["refusal"] = own["refusal"]
    _drop_empty(said, _OWN)


def _drop_empty(said: Json, names: Iterable[str]) -> None:
    for name in names:
        value = said.get(name)
        if not value or (type(value) is dict and not any(each is not None for each in value.values())):
            said.pop(name, None)
