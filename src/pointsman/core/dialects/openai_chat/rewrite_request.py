"""OpenAI chat request -> the same for a provider, by splicing: the bytes stay as received but for what must differ."""

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.dialects.dialect import Parameters, Target
from pointsman.core.dialects.splice import replace_model, splice_members
from pointsman.core.dialects.splice_request import keep_words, mind_quirks

_ALSO_SAID_BY = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_ASKS_FOR_USAGE = {"include_usage": True}
_encode = msgspec.json.Encoder().encode


def rewrite_request(request: ChatRequest, target: Target) -> Encoded:
    """Name the provider's model, add the parameters that the caller left unsaid, ask for usage, and mind the quirks."""
    fields = request.fields
    members: JsonObject = {}
    changes = _add_parameters(fields, target.parameters, members) if target.parameters else []
    changes += keep_words(fields, members)
    own: tuple[str, ...] = ()
    if request.stream and not request.wants_usage:
        options = fields.get("stream_options")
        stated = options if type(options) is dict else {}
        members["stream_options"] = {**stated, **_ASKS_FOR_USAGE}
        if stated.keys() <= _ASKS_FOR_USAGE.keys():
            own = ("stream_options",)
    body = replace_model(request.body, target.model)
    if members:
        body = splice_members(body, fields, members.items())
    return mind_quirks(body, members, request, target, changes, own=own)


def _add_parameters(fields: JsonObject, parameters: Parameters, members: JsonObject) -> list[str]:
    """Add what the caller left unsaid; of the two names of the output limit only the first that is said counts."""
    changes: list[str] = []
    for name, value in parameters:
        names = (name, _ALSO_SAID_BY.get(name, name))
        if all(fields.get(said) is None and said not in members for said in names):
            members[name] = value
            changes.append(f"{name}={_encode(value).decode()}")
    return changes
