"""What a conversation says, thing by thing, and whether another one says it, too: the comparison behind the promises.

Every text of `strategies.py` has a number, such as `#12#`, by which it is found wherever it went.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from pointsman.core.chat.conversation import (
    Conversation,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)

_NUMBER = re.compile(r"#\d+#")
_SPEAKERS = {"system": "system", "developer": "system", "user": "user", "tool": "user", "assistant": "assistant"}
_WORDS = ("text/plain", "application/json")
_FIRST_WORDS = "."
"""What Anthropic's encoder lets a user say where a conversation begins with the model."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that is said.

    Attributes:
        path: where.
        turn: counts turns from 0.
        speaker: `system`, `user` or `assistant`; of a tool's result, `tool`.
        kind: `text`, `refusal`, `document`, `thought` or `media`.
        value: the words; what tells a medium from another.
        role: as the message has it.
    """

    path: str
    turn: int
    speaker: str
    kind: str
    value: str
    role: str


def list_things(messages: Sequence[Message]) -> list[Thing]:
    """All texts, thoughts and media, in order; texts without a word say nothing."""
    things: list[Thing] = []
    turn, last = -1, ""
    for place, message in enumerate(messages):
        speaker = _SPEAKERS[message.role]
        if speaker != last:
            turn, last = turn + 1, speaker
        for path, said, part in _walk(message.parts, f"messages[{place}]", speaker):
            thing = _describe(part)
            if thing is not None:
                things.append(Thing(path, turn, said, *thing, message.role))
    return things


def _walk(parts: Iterable[Part], path: str, speaker: str, *, is_whole: bool = False) -> Iterator[tuple[str, str, Part]]:
    """Each part with its path and who says it; of results what is in them, and themselves where `is_whole`."""
    for number, part in enumerate(parts):
        where = f"{path}.parts[{number}]"
        if isinstance(part, ToolResult):
            if is_whole:
                yield where, speaker, part
            yield from _walk(part.parts, where, "tool")
        else:
            yield where, speaker, part


def _describe(part: Part) -> tuple[str, str] | None:
    match part:
        case Text() | Refusal():
            kind = "text" if isinstance(part, Text) else "refusal"
            return (kind, part.text) if part.text.strip() else None
        case Reasoning():
            return "thought", part.text or part.signature
        case Media():
            text = part.text or (_decode(part.data) if part.media_type in _WORDS else "")
            return ("document", text) if text else ("media", part.data or part.url or part.file_id)
    return None


def _decode(data: str) -> str:
    return base64.b64decode(data).decode()


def list_calls(messages: Sequence[Message]) -> list[tuple[str, object]]:
    """Name and arguments of all calls, the latter as what they mean; what means nothing as it stands."""
    calls = [part for message in messages for part in message.parts if isinstance(part, ToolCall)]
    return [(call.name, mean_arguments(call.arguments)) for call in calls]


def mean_arguments(arguments: str) -> object:
    """Arguments as what they mean; as they stand where they are no object."""
    try:
        value = msgspec.json.decode(arguments)
    except (msgspec.MsgspecError, UnicodeError):
        return arguments
    if not isinstance(value, dict):
        return arguments
    # Under these names other formats' documentation has arguments sent that are no object.
    kept = next((value[name] for name in ("INVALID_JSON", "_raw") if list(value) == [name]), None)
    return value if kept is None else kept


def list_results(messages: Sequence[Message]) -> list[tuple[int, bool, str]]:
    """Of each result: which call it is of, whether that failed, and where it stands."""
    ids = [part.id for message in messages for part in message.parts if isinstance(part, ToolCall)]
    places = {id: number for number, id in enumerate(ids)}
    return [
        (places.get(part.call_id, -1), part.is_error, f"messages[{place}].parts[{number}]")
        for place, message in enumerate(messages)
        for number, part in enumerate(message.parts)
        if isinstance(part, ToolResult)
    ]


def is_told(path: str, losses: Iterable[str]) -> bool:
    """Whether a loss names what stands at a path, or something that holds it."""
    return any(path == loss or path.startswith((f"{loss}.", f"{loss}[")) for loss in losses)


def check_words(meant: Conversation, told: Conversation, losses: Sequence[str]) -> list[Thing]:
    """Check that every thing is there, by whoever said it and in order, or is named as a loss; returns what is missing.

    A document may become words of its speaker's; what the assistant refuses with may become words of its own.
    """
    ours, theirs = list_things(meant.messages), list_things(told.messages)
    missing: list[Thing] = []
    turn = 0
    for thing in ours:
        found = _find(thing, theirs)
        if found is None:
            covered = "thinking" in losses if thing.kind == "thought" else is_told(thing.path, losses)
            assert covered, f"lost without a word: {thing}; told are {losses}"
            missing.append(thing)
            continue
        _check_speaker(thing, found, losses)
        if thing.kind == "text" and thing.speaker in ("user", "assistant") and found.speaker == thing.speaker:
            assert found.turn >= turn, f"out of order: {thing}"
            turn = found.turn
    check_nothing_new(ours, theirs)
    return missing


def _find(thing: Thing, others: Iterable[Thing]) -> Thing | None:
    if thing.kind == "media":
        return next((other for other in others if other.kind == "media" and other.value == thing.value), None)
    is_thought = thing.kind == "thought"
    return next(
        (other for other in others if (other.kind == "thought") == is_thought and thing.value in other.value), None
    )


def _check_speaker(thing: Thing, found: Thing, losses: Sequence[str]) -> None:
    role_path = f"{thing.path.partition('.')[0]}.role"
    same = found.speaker == thing.speaker or (thing.kind in ("document", "media") and found.speaker == "user")
    assert same or is_told(role_path, losses) or is_told(thing.path, losses), f"{thing} was said by another: {found}"


def check_nothing_new(ours: Iterable[Thing], theirs: Iterable[Thing]) -> None:
    """Check that nothing is said that was not there."""
    known = [thing.value for thing in ours if thing.kind != "thought"]
    known.sort(key=len, reverse=True)
    for other in theirs:
        if other.kind == "thought":
            assert any(other.value == thing.value for thing in ours if thing.kind == "thought"), f"invented: {other}"
            continue
        rest = other.value
        for value in known:
            rest = rest.replace(value, "", 1)
        assert not rest.strip() or other.value == _FIRST_WORDS, f"invented: {rest!r} in {other}"


def check_calls(meant: Conversation, told: Conversation, losses: Sequence[str]) -> None:
    """Check that all calls are there in order with all that they say, and that every result is that of its call."""
    ours, theirs = list_calls(meant.messages), list_calls(told.messages)
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (_, mine), (_, other) in zip(ours, theirs, strict=True):
        empty = mine == "" and other == {}
        assert mine == other or empty, f"arguments changed: {mine!r} became {other!r}"
    wanted, given = list_results(meant.messages), list_results(told.messages)
    assert sorted(place for place, _, _ in wanted) == sorted(place for place, _, _ in given)
    errors = {place: is_error for place, is_error, _ in given}
    for place, is_error, path in wanted:
        assert errors[place] == is_error or is_told(f"{path}.is_error", losses), f"whether it failed got lost: {path}"


def check_marks(meant: Conversation, told: Conversation, losses: Sequence[str]) -> None:
    """Check that every mark of what the provider should remember stands where it stood, or is named as a loss."""
    marks = {_name(part): part.cache for part in _list_markable(told.messages)}
    for place, message in enumerate(meant.messages):
        for path, _, part in _walk(message.parts, f"messages[{place}]", message.role, is_whole=True):
            if getattr(part, "cache", "") and marks.get(_name(part)) != part.cache:  # type: ignore[union-attr]
                is_covered = is_told(f"{path}.cache", losses) or "cache_control" in losses
                assert is_covered, f"a mark is lost without a word: {part}; told are {losses}"


def _list_markable(messages: Sequence[Message]) -> list[Text | Media | ToolCall | ToolResult]:
    walked = [part for message in messages for _, _, part in _walk(message.parts, "", "", is_whole=True)]
    return [part for part in walked if isinstance(part, Text | Media | ToolCall | ToolResult)]


def _name(part: Part) -> object:
    match part:
        case ToolCall():
            return "call", part.id
        case ToolResult():
            return "result", part.call_id
    return _describe(part)
