"""Cohere's documents <-> the hub's; one with members of its own stays JSON, so that every model reads all of it."""

from collections.abc import Mapping

import msgspec

from pointsman.core.chat.conversation import JsonObject, Media

_PLAIN = "text/plain"
_JSON = "application/json"
_PLAIN_MEMBERS = frozenset({"text", "title"})
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def read_document(value: object) -> Media | None:
    """A document as Cohere's clients write it, or `None` when it is none.

    Args:
        value: a text, or an object with `data` and perhaps `id`.
    """
    if type(value) is str:
        return Media("document", _PLAIN, text=value)
    if type(value) is not dict:
        return None
    data = value.get("data")
    if type(data) is str and len(value) == 1:
        return Media("document", _PLAIN, text=data)
    if type(data) is dict and len(value) == 1 and _is_plain(data):
        return Media("document", _PLAIN, text=str(data["text"]), name=str(data.get("title", "")))
    if type(data) in (dict, str):
        return Media("document", _JSON, text=_encode(value).decode())
    return None


def write_document(media: Media) -> JsonObject:
    """A document that is text, as Cohere takes it."""
    if media.media_type == _JSON and (known := _read_own(media.text)) is not None:
        return known
    data: JsonObject = {"text": media.text}
    if media.name:
        data["title"] = media.name
    return {"data": data}


def _is_plain(data: Mapping[str, object]) -> bool:
    """Whether the hub has a place for all that a document says."""
    if "text" not in data or not data.keys() <= _PLAIN_MEMBERS or data.get("title") == "":
        return False
    return all(type(value) is str for value in data.values())


def _read_own(text: str) -> JsonObject | None:
    try:
        value = _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        # Another format's JSON document need not be valid; it goes as text.
        return None
    if type(value) is dict and type(value.get("data")) in (dict, str) and value.keys() <= {"data", "id"}:
        return value
    return None
