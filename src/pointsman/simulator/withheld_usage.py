"""Cuts the usage out of a document or an event of any dialect that is JSON; other bytes pass as they are."""

import msgspec

_NAMES = ("usage", "usageMetadata", "meta")
_INSIDE = ("message", "response", "delta")
"""Where some dialects carry the answer inside an event."""

_RawObject = dict[str, msgspec.Raw]


def withhold_usage(data: bytes) -> bytes:
    """The same document, or the same server-sent event, without its usage."""
    head, mark, rest = data.partition(b"data: ") if data.startswith((b"data: ", b"event: ")) else (b"", b"", data)
    if not rest.startswith(b"{"):
        return data
    end = b"\n\n" if mark else b""
    fields = msgspec.json.decode(rest.removesuffix(end), type=_RawObject)
    return head + mark + msgspec.json.encode(_cut(fields)) + end


def _cut(fields: _RawObject) -> _RawObject:
    kept = {name: value for name, value in fields.items() if name not in _NAMES}
    for name in _INSIDE:
        if bytes(kept.get(name, b""))[:1] == b"{":
            inside = _cut(msgspec.json.decode(kept[name], type=_RawObject))
            kept[name] = msgspec.Raw(msgspec.json.encode(inside))
    return kept
