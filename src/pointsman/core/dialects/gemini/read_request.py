"""Gemini request -> hub. Members that no other format has are kept under their path in camelCase."""

from pointsman.core.chat.conversation import (
    Conversation,
    JsonObject,
    Message,
    Part,
    Sampling,
    ToolResult,
)
from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.client_checks import check_metadata, check_object, check_text
from pointsman.core.dialects.gemini.call_ids import CallIds
from pointsman.core.dialects.gemini.decode_request import list_items, list_parts
from pointsman.core.dialects.gemini.join_contents import join_contents
from pointsman.core.dialects.gemini.names import GEMINI, spell_members
from pointsman.core.dialects.gemini.read_config import read_config
from pointsman.core.dialects.gemini.read_parts import read_parts
from pointsman.core.dialects.gemini.read_tools import read_choice, read_tools

_KNOWN = frozenset(
    {
        "contents",
        "systemInstruction",
        "tools",
        "toolConfig",
        "generationConfig",
        "serviceTier",
        "labels",
        "metadata",
        "model",
    }
)

_TIERS = {"unspecified": "", "service_tier_unspecified": "", "standard": "default"}


def read_request(request: ChatRequest) -> Conversation:
    """A decoded request in the hub.

    Raises:
        ClientError: with the path of what cannot be read.
    """
    members = spell_members(request.fields)
    extra = {name: value for name, value in members.items() if name not in _KNOWN and value is not None}
    config = members.get("generationConfig")
    if config is not None and type(config) is not dict:
        check_object(config, "generationConfig")
    sampling, answer_format, thinking = (
        read_config(spell_members(config, "generationConfig"), extra)
        if type(config) is dict
        else (Sampling(), None, None)
    )
    tools = members.get("tools")
    choice = members.get("toolConfig")
    return Conversation(
        tuple(_read_messages(members, request.body)),
        sampling,
        read_tools(tools, extra) if tools is not None else (),
        read_choice(choice, extra) if choice is not None else None,
        answer_format=answer_format,
        thinking=thinking,
        service_tier=_read_tier(members.get("serviceTier")),
        metadata=_read_metadata(members),
        extra=extra,
        extra_dialect=GEMINI,
    )


def _read_messages(members: JsonObject, body: bytes) -> list[Message]:
    calls = CallIds(body)
    messages: list[Message] = []
    system = members.get("systemInstruction")
    if type(system) is dict:
        messages.append(Message("system", tuple(read_parts(list_parts(system), "systemInstruction.parts", calls))))
    said: list[list[Part]] = []
    for place, content in enumerate(list_items(members.get("contents"))):
        assert type(content) is dict, "decode_request has checked it"
        parts = read_parts(list_parts(content), f"contents[{place}].parts", calls)
        if content.get("role") == "model":
            said.append(parts)
            continue
        if said:
            messages.append(Message("assistant", join_contents(said)))
            said = []
        messages.append(_read_message(parts))
    if said:
        messages.append(Message("assistant", join_contents(said)))
    return messages


def _read_message(parts: list[Part]) -> Message:
    return Message("tool" if all(type(part) is ToolResult for part in parts) else "user", tuple(parts))


def _read_tier(tier: object) -> str:
    if tier is None:
        return ""
    if type(tier) is not str:
        check_text(tier, "serviceTier")
        return ""
    return _TIERS.get(tier.lower(), tier.lower())


def _read_metadata(members: JsonObject) -> JsonObject:
    """Labels are what Gemini calls notes beside a request; `metadata` may hold our own words as in every format."""
    notes: JsonObject = {}
    for name in ("labels", "metadata"):
        found = members.get(name)
        if found is None:
            continue
        check_metadata(found, name)
        assert type(found) is dict, "checked"
        notes.update({key: value for key, value in found.items() if name == "labels" or key not in OWN_WORDS})
    return notes
