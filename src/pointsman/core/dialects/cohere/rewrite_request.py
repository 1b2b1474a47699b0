"""Cohere chat request -> the same for a provider, by splicing: the bytes stay as received but for what must differ."""

import msgspec

from pointsman.core.chat.request import ChatRequest, Encoded, ParameterValue
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.splice import splice_members
from pointsman.core.dialects.splice_request import keep_words, mind_quirks
from pointsman.core.dialects.thinking import budget_for

_NAMES = {
    "temperature": "temperature",
    "top_p": "p",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "stop": "stop_sequences",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "logprobs": "logprobs",
    "reasoning_effort": "thinking",
}
"""Cohere's names of an agent's parameters; what it has none for is left out."""
_encode = msgspec.json.Encoder().encode


def rewrite_request(request: ChatRequest, target: Target) -> Encoded:
    """Name the provider's model, add the parameters that the caller left unsaid, and mind the quirks."""
    fields = request.fields
    added: dict[str, object] = {}
    for name, value in target.parameters:
        theirs = _NAMES.get(name)
        if theirs is not None and fields.get(theirs) is None and theirs not in added:
            added[theirs] = _write_value(theirs, value)
    changes = [f"{name}={_encode(value).decode()}" for name, value in added.items()]
    members: dict[str, object] = {"model": target.model, **added}
    changes += keep_words(fields, members)
    body = splice_members(request.body, fields, members.items())
    return mind_quirks(body, members, request, target, changes)


def _write_value(name: str, value: ParameterValue) -> object:
    if name == "stop_sequences":
        return list(value) if isinstance(value, tuple) else [value]
    if name == "thinking":
        budget = budget_for(value)  # type: ignore[arg-type]
        return {"type": "enabled", "token_budget": budget} if budget else {"type": "disabled"}
    return value
