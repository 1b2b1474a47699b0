"""Gemini request -> the same for a provider, by splicing: the bytes stay as received but for what must differ.

The model stands in the path, so where nobody adds anything all bytes stay.
"""

import msgspec

from pointsman.core.chat.conversation import JsonObject, Thinking
from pointsman.core.chat.request import ChatRequest, Encoded, ParameterValue
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.gemini.encode_request import TIERS
from pointsman.core.dialects.gemini.generation import write_thinking
from pointsman.core.dialects.gemini.names import spell_members
from pointsman.core.dialects.splice import splice_members
from pointsman.core.dialects.splice_request import keep_words, mind_quirks

_CONFIG = "generationConfig"
_PARAMETERS = {
    "temperature": "temperature",
    "top_p": "topP",
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "seed": "seed",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
    "stop": "stopSequences",
    "reasoning_effort": "thinkingConfig",
}
_encode = msgspec.json.Encoder().encode


def rewrite_request(request: ChatRequest, target: Target) -> Encoded:
    """Add the parameters that the caller left unsaid, keep our own words here, and mind the quirks."""
    fields = request.fields
    members: dict[str, object] = {}
    if "model" in fields:  # the path names the provider's; a body that names another one is refused
        members["model"] = msgspec.UNSET
    changes = keep_words(fields, members)
    if target.parameters or target.quirks:
        changes += _add_parameters(fields, target, members)
    body = splice_members(request.body, fields, members.items()) if members else request.body
    return mind_quirks(body, members, request, target, changes, said=_spell_config(fields))


def _spell_config(fields: JsonObject) -> JsonObject:
    """What the caller says, its settings under the names that quirks know."""
    stated = fields.get("generation_config", fields.get(_CONFIG))
    return {**fields, _CONFIG: spell_members(stated, _CONFIG)} if type(stated) is dict else fields


def _add_parameters(fields: JsonObject, target: Target, members: dict[str, object]) -> list[str]:
    """Fill the `generationConfig`; written in snake_case it is spelled anew, for quirks know one spelling only."""
    written = "generation_config" if "generation_config" in fields else _CONFIG
    given = fields.get(written)
    if given is not None and type(given) is not dict:
        return []
    stated = given if type(given) is dict else {}
    config = dict(spell_members(stated, _CONFIG))
    changes: list[str] = []
    for name, value in target.parameters:
        member = _PARAMETERS.get(name)
        if member is not None and config.get(member) is None:
            config[member] = said = _write_value(name, value, target.model)
            changes.append(f"{_CONFIG}.{member}={_encode(said).decode()}")
    if config and (config != stated or written != _CONFIG):
        members[_CONFIG] = config
        if written != _CONFIG:
            members[written] = msgspec.UNSET
    tier = dict(target.parameters).get("service_tier")
    is_unsaid = fields.get("serviceTier") is None and fields.get("service_tier") is None
    if is_unsaid and type(tier) is str and tier in TIERS:
        members["serviceTier"] = TIERS[tier]
        changes.append(f'serviceTier="{TIERS[tier]}"')
    return changes


def _write_value(name: str, value: ParameterValue, model: str) -> object:
    if name == "stop":
        return list(value) if type(value) is tuple else [value]
    if name == "reasoning_effort":
        return write_thinking(Thinking(value), model, [])  # type: ignore[arg-type]
    return value
