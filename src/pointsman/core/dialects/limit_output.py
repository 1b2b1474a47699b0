"""A request whose answer is limited to fewer tokens than its caller asked for; all else stays as it was said."""

import msgspec
from msgspec.structs import replace

from pointsman.core.chat.request import ChatRequest

_MEMBERS = {
    "openai_chat": ("max_completion_tokens", "max_tokens"),
    "openai_responses": ("max_output_tokens",),
    "anthropic_messages": ("max_tokens",),
    "cohere": ("max_tokens",),
}
"""Under which names callers of a format state the limit."""

_GEMINI = (("generationConfig", "maxOutputTokens"), ("generation_config", "max_output_tokens"))


def limit_output(request: ChatRequest, limit: int) -> ChatRequest:
    """The request with a lower limit, wherever it states one; where it states none it stays as it is.

    Args:
        request: as its caller sent it.
        limit: the most tokens that an answer may have.
    """
    fields = dict(request.fields)
    for name in _MEMBERS.get(request.dialect, ()):
        _lower(fields, name, limit)
    if request.dialect == "gemini":
        for holder, name in _GEMINI:
            config = fields.get(holder)
            if type(config) is dict:
                fields[holder] = config = dict(config)
                for spelling in (name, "maxOutputTokens", "max_output_tokens"):
                    _lower(config, spelling, limit)
    if fields == request.fields:
        return request
    return replace(request, body=msgspec.json.encode(fields), fields=fields, output_limit=limit, memo={})


def _lower(fields: dict[str, object], name: str, limit: int) -> None:
    stated = fields.get(name)
    if type(stated) is int and stated > limit:
        fields[name] = limit
