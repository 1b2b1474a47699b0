"""OpenAI Responses request -> the same for a provider, spliced: bytes stay as received but for what must differ."""

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.openai_responses.read_request import INCLUDE_LOGPROBS
from pointsman.core.dialects.splice import splice_members
from pointsman.core.dialects.splice_request import keep_words, mind_quirks

_NAMES = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_logprobs": "top_logprobs",
    "parallel_tool_calls": "parallel_tool_calls",
    "service_tier": "service_tier",
    "reasoning_effort": "reasoning.effort",
    "verbosity": "text.verbosity",
    "logprobs": "include",
}
"""An agent's parameters as this format has them; the others have no place in it."""

_encode = msgspec.json.Encoder().encode


def rewrite_request(request: ChatRequest, target: Target) -> Encoded:
    """Name the provider's model, add the parameters that the caller left unsaid, and mind the quirks."""
    fields = request.fields
    members: JsonObject = {"model": target.model}
    changes: list[str] = []
    for name, value in target.parameters:
        path = _NAMES.get(name)
        if path is not None and _add(path, value, fields, members):
            changes.append(f"{path}={_encode(value).decode()}")
    changes += keep_words(fields, members)
    body = splice_members(request.body, fields, members.items())
    return mind_quirks(body, members, request, target, changes)


def _add(path: str, value: object, fields: JsonObject, members: JsonObject) -> bool:
    """Add a parameter, unless the caller, or an earlier parameter, says the same; whether it was added."""
    if path == "include":
        return value is True and _include_logprobs(fields, members)
    name, dot, inner = path.partition(".")
    known = members.get(name, fields.get(name))
    if not dot:
        if known is None:
            members[name] = value
        return known is None
    holder = known if type(known) is dict else {}
    if holder.get(inner) is not None:
        return False
    members[name] = {**holder, inner: value}
    return True


def _include_logprobs(fields: JsonObject, members: JsonObject) -> bool:
    known = fields.get("include")
    names = known if type(known) is list else []
    if INCLUDE_LOGPROBS not in names:
        members["include"] = [*names, INCLUDE_LOGPROBS]
    return INCLUDE_LOGPROBS not in names
