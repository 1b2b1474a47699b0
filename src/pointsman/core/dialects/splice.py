"""Changes single members of a JSON object in its bytes, so that all others stay exactly as they came.

Every function takes a valid document whose top level is an object with at least one member.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.dialects.quirks import Edit

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NEXT_BRACKET_OR_STRING = re.compile(rb'["\[\]{}]')
_VALUE_END = re.compile(rb"[,}\s]")
_SPACE = re.compile(rb"\s*")
_MODEL = re.compile(rb'"model"\s*:\s*("(?:[^"\\]|\\.)*")')
_encode = msgspec.json.Encoder().encode


def splice_members(body: bytes, fields: JsonObject, members: Iterable[tuple[str, object]]) -> bytes:
    """Set members of the top level, in place where they are there already; `UNSET` takes one out.

    Args:
        body: the document.
        fields: what it decodes to.
        members: name and value of each; at least one member must be left in the end.
    """
    added: list[tuple[str, object]] = []
    for name, value in members:
        if value is msgspec.UNSET:
            body = remove_member(body, name) if name in fields else body
        elif name in fields:
            body = replace_value(body, name, _encode(value))
        else:
            added.append((name, value))
    return prepend_members(body, added)


def splice_edits(body: bytes, fields: JsonObject, edits: Iterable[Edit]) -> bytes:
    """Carry out what quirks plan, on the bytes; an object that an edit reaches into is written anew."""
    members: dict[str, object] = {}
    for edit in edits:
        name, dot, inner = edit.path.partition(".")
        if not dot:
            members[name] = edit.value
            continue
        holder = members[name] if name in members else fields.get(name)
        changed = dict(holder) if isinstance(holder, dict) else {}
        if edit.value is msgspec.UNSET:
            changed.pop(inner, None)
        else:
            changed[inner] = edit.value
        members[name] = changed or msgspec.UNSET
    return splice_members(body, fields, members.items())


def prepend_members(body: bytes, members: list[tuple[str, object]]) -> bytes:
    """Put members first in the object."""
    if not members:
        return body
    text = b",".join(b"%b:%b" % (_encode(name), _encode(value)) for name, value in members)
    opening = body.index(b"{") + 1
    return b"%b%b,%b" % (body[:opening], text, body[opening:])


def replace_model(body: bytes, model: str) -> bytes:
    """Replace the text that is the top-level `model`, found at once where only one place can be it."""
    value = _encode(model)
    if body.count(b'"model"') == 1 and b"\\u006" not in body and (match := _MODEL.search(body)):
        start, end = match.span(1)
        return b"%b%b%b" % (body[:start], value, body[end:])
    return replace_value(body, "model", value)


def replace_value(body: bytes, name: str, value: bytes) -> bytes:
    """Set the value of a member; one that is not there is put first."""
    for key, _, start, end in _scan_members(body):
        if key == name:
            return b"%b%b%b" % (body[:start], value, body[end:])
    return prepend_members(body, [(name, msgspec.Raw(value))])


def remove_member(body: bytes, name: str) -> bytes:
    """Take a member out of the top-level object together with one comma; it is never the only one."""
    for key, key_start, _, end in _scan_members(body):
        if key == name:
            after = _skip(_SPACE, body, end)
            if body[after : after + 1] == b",":
                return body[:key_start] + body[_skip(_SPACE, body, after + 1) :]
            return body[: body.rindex(b",", 0, key_start)] + body[end:]
    return body


def _scan_members(body: bytes) -> Iterator[tuple[str, int, int, int]]:
    """Walk the top-level object of a valid document: key, start of the key, start and end of its value."""
    at = _skip(_SPACE, body, body.index(b"{") + 1)
    while body[at : at + 1] == b'"':
        key_end = _skip(_STRING, body, at)
        value_start = _skip(_SPACE, body, body.index(b":", key_end) + 1)
        value_end = _find_value_end(body, value_start)
        yield msgspec.json.decode(body[at:key_end], type=str), at, value_start, value_end
        at = _skip(_SPACE, body, value_end)
        if body[at : at + 1] == b",":
            at = _skip(_SPACE, body, at + 1)


def _find_value_end(body: bytes, start: int) -> int:
    first = body[start : start + 1]
    if first == b'"':
        return _skip(_STRING, body, start)
    if first not in b"[{":
        match = _VALUE_END.search(body, start)
        return match.start() if match else len(body)
    depth, at = 0, start
    while match := _NEXT_BRACKET_OR_STRING.search(body, at):
        at = match.end()
        bracket = match.group()
        if bracket == b'"':
            at = _skip(_STRING, body, at - 1)
            continue
        depth += 1 if bracket in b"[{" else -1
        if depth == 0:
            break
    return at


def _skip(pattern: re.Pattern[bytes], body: bytes, at: int) -> int:
    match = pattern.match(body, at)
    return match.end() if match else at
