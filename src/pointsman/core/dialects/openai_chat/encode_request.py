"""Hub -> OpenAI chat request, by splicing: the bytes stay as received but for the model and what was left unsaid."""

import re
from collections.abc import Iterator

import msgspec

from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.chat.request import ChatRequest, Encoded, ParameterValue

_MODEL = re.compile(rb'"model"\s*:\s*("(?:[^"\\]|\\.)*")')
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NEXT_BRACKET_OR_STRING = re.compile(rb'["\[\]{}]')
_VALUE_END = re.compile(rb"[,}\s]")
_SPACE = re.compile(rb"\s*")
_ALSO_SAID_BY = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_encode = msgspec.json.Encoder().encode


def encode_request(
    request: ChatRequest, upstream_model: str, parameters: tuple[tuple[str, ParameterValue], ...]
) -> Encoded:
    """Name the provider's model, add the agent's parameters that the caller left unsaid, and ask for usage.

    Args:
        request: as the client sent it.
        upstream_model: the provider's id of the model.
        parameters: the agent's; the caller's own values win over them.
    """
    added = [(name, value) for name, value in parameters if not _says(request.fields, name)]
    changes = tuple(f"{name}={_encode(value).decode()}" for name, value in added)
    body = _replace_model(request.body, upstream_model)
    metadata = request.fields.get("metadata")
    if type(metadata) is dict and (ours := [name for name in metadata if name in OWN_WORDS]):
        body = _keep_words(body, metadata, ours)
        changes += tuple(f"-metadata.{name}" for name in ours)
    members: list[tuple[str, object]] = list(added)
    if request.stream and not request.wants_usage:
        options = request.fields.get("stream_options")
        asked = {**options, "include_usage": True} if type(options) is dict else {"include_usage": True}
        if "stream_options" in request.fields:
            body = _replace_value(body, "stream_options", _encode(asked))
        else:
            members.append(("stream_options", asked))
    for name, _ in members:
        if name in request.fields:  # said as null, which gives way
            body = _remove_member(body, name)
    return Encoded(_prepend_members(body, members), changes)


def _keep_words(body: bytes, metadata: dict[str, object], ours: list[str]) -> bytes:
    """Take the words that are meant for us out of `metadata`, and all of it where nothing else is in it."""
    theirs = {name: value for name, value in metadata.items() if name not in ours}
    return _replace_value(body, "metadata", _encode(theirs)) if theirs else _remove_member(body, "metadata")


def _says(fields: dict[str, object], name: str) -> bool:
    return fields.get(name) is not None or fields.get(_ALSO_SAID_BY.get(name, name)) is not None


def _prepend_members(body: bytes, members: list[tuple[str, object]]) -> bytes:
    """Put members first in the object."""
    if not members:
        return body
    text = b",".join(b"%b:%b" % (_encode(name), _encode(value)) for name, value in members)
    opening = body.index(b"{") + 1
    return b"%b%b,%b" % (body[:opening], text, body[opening:])


def _replace_model(body: bytes, upstream_model: str) -> bytes:
    """Replace the value of the top-level `model`, found directly where only one place can be it."""
    value = _encode(upstream_model)
    if body.count(b'"model"') == 1 and b"\\u006" not in body and (match := _MODEL.search(body)):
        start, end = match.span(1)
        return b"%b%b%b" % (body[:start], value, body[end:])
    return _replace_value(body, "model", value)


def _replace_value(body: bytes, name: str, value: bytes) -> bytes:
    start, end = next((start, end) for key, _, start, end in _scan_members(body) if key == name)
    return b"%b%b%b" % (body[:start], value, body[end:])


def _remove_member(body: bytes, name: str) -> bytes:
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
