"""Closes an item of a Responses stream in its provider's place: with what has come of it, and marked as incomplete."""

import msgspec

from pointsman.core.dialects.openai_responses.open_item import OpenItem
from pointsman.core.dialects.read_members import read_members

Members = dict[str, object]
Events = list[tuple[str, Members]]

_PARTS = {
    "output_text": ("text", "response.output_text.done", "response.content_part.done"),
    "refusal": ("refusal", "response.refusal.done", "response.content_part.done"),
    "reasoning_text": ("text", "response.reasoning_text.done", "response.content_part.done"),
    "summary_text": ("text", "response.reasoning_summary_text.done", "response.reasoning_summary_part.done"),
}
"""For each type of part: the member with its words, and the events that end these and the part."""

_WORDS = {
    "function_call": ("arguments", "response.function_call_arguments.done"),
    "custom_tool_call": ("input", "response.custom_tool_call_input.done"),
    "mcp_call": ("arguments", "response.mcp_call_arguments.done"),
    "code_interpreter_call": ("code", "response.code_interpreter_call_code.done"),
}
"""For each type of item with words of its own: their member, and the event that ends them."""

_PLACES = ("item_id", "output_index", "content_index", "summary_index")
_NO_STATUS = frozenset({"image_generation_call", "web_search_call"})
"""Items that know no status for having been cut."""


def close_item(item: OpenItem, text: str) -> tuple[Members, Events]:
    """The item as it stands, and the events that close it.

    Args:
        item: as its events told it.
        text: what came of the part under way.
    """
    opening = read_members(item.added)
    whole: Members = dict(read_members(opening.get("item", b"")))
    kind = _read_text(whole.get("type"))
    events: Events = []
    parts: list[Members] = [dict(read_members(read_members(data).get("part", b""))) for data in item.parts]
    if item.part:
        parts += _close_part(item, text, events)
    elif kind in _WORDS:
        place = {"item_id": whole.get("id"), "output_index": opening.get("output_index")}
        _close_words(item, kind, text, whole, place, events)
    whole |= _sort_parts(parts)
    if "status" in whole and kind not in _NO_STATUS:
        whole["status"] = "incomplete"
    events.append(("response.output_item.done", {"output_index": opening.get("output_index"), "item": whole}))
    return whole, events


def read_number(data: bytes) -> int:
    """The number of an event, or -1 where it has none."""
    try:
        return msgspec.json.decode(read_members(data).get("sequence_number", b"-1"), type=int)
    except msgspec.MsgspecError:
        return -1


def write_event(kind: str, number: int, members: Members) -> bytes:
    """One event of the stream."""
    document = {"type": kind, "sequence_number": number, **members}
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(document))


def _close_part(item: OpenItem, text: str, events: Events) -> list[Members]:
    told = read_members(item.part)
    place: Members = {name: told[name] for name in _PLACES if name in told}
    part: Members = dict(read_members(told.get("part", b"")))
    names = _PARTS.get(_read_text(part.get("type")))
    if names is None:
        return []
    member, words_end, part_end = names
    part[member] = text
    if not item.is_told:
        beside: Members = {"logprobs": []} if words_end == "response.output_text.done" else {}
        events.append((words_end, {**place, member: text, **beside}))
    events.append((part_end, {**place, "part": part}))
    return [part]


def _close_words(item: OpenItem, kind: str, text: str, whole: Members, place: Members, events: Events) -> None:
    member, words_end = _WORDS[kind]
    whole[member] = text
    if not item.is_told:
        name: Members = {"name": whole["name"]} if kind == "function_call" and "name" in whole else {}
        events.append((words_end, {**place, member: text, **name}))


def _sort_parts(parts: list[Members]) -> Members:
    """The members of an item that its parts belong to; only of a thought there may be two."""
    members: dict[str, list[Members]] = {}
    for part in parts:
        member = "summary" if _read_text(part.get("type")) == "summary_text" else "content"
        members.setdefault(member, []).append(part)
    return dict(members)


def _read_text(value: object) -> str:
    try:
        return msgspec.json.decode(value, type=str) if isinstance(value, msgspec.Raw) else ""
    except (msgspec.MsgspecError, UnicodeError):
        return ""
