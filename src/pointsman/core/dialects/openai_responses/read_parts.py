"""Content parts of the Responses format -> hub; what a part says beside that is noted under its path."""

from pointsman.core.chat.conversation import JsonObject, Media, Native, Part, Refusal, Text
from pointsman.core.dialects.data_urls import split_data_url

NAME = "openai_responses"
_CACHES = {"30m": "1h", "12h": "1h"}
_KNOWN = {
    "input_text": frozenset({"type", "text", "prompt_cache_breakpoint"}),
    "output_text": frozenset({"type", "text", "logprobs"}),
    "refusal": frozenset({"type", "refusal"}),
    "input_image": frozenset({"type", "image_url", "file_id", "detail", "prompt_cache_breakpoint"}),
    "input_file": frozenset(
        {"type", "file_data", "file_url", "file_id", "filename", "detail", "prompt_cache_breakpoint"}
    ),
    "input_audio": frozenset({"type", "input_audio"}),
}
_AUDIO_TYPES = {"mp3": "audio/mpeg"}


def read_content(content: object, path: str, notes: JsonObject) -> tuple[Part, ...]:
    """The parts of a checked content, which is a string or a list.

    Args:
        content: of a message or of a tool's output.
        path: where it stands.
        notes: takes what no other format has, by its path.
    """
    if type(content) is not list:
        return (Text(str(content)),)
    parts: list[Part] = []
    for place, part in enumerate(content):
        kind = part["type"]
        known = _KNOWN.get(kind)
        if known is None:
            parts.append(Native(NAME, kind, part))
            continue
        parts.append(_read_part(kind, part))
        if not part.keys() <= known:
            note_rest(part, known, f"{path}[{place}]", notes)
    return tuple(parts)


def note_rest(item: JsonObject, known: frozenset[str], path: str, notes: JsonObject) -> None:
    """Note what an object says beside what is read of it; empty values say nothing."""
    for name, value in item.items():
        if name not in known and value not in (None, "", [], {}):
            notes[f"{path}.{name}"] = value


def _read_part(kind: str, part: JsonObject) -> Part:
    cache = _read_cache(part["prompt_cache_breakpoint"]) if "prompt_cache_breakpoint" in part else ""
    if kind == "input_text" or kind == "output_text":
        return Text(_text(part, "text"), cache)
    if kind == "refusal":
        return Refusal(_text(part, "refusal"))
    if kind == "input_image":
        return _read_image(part, cache)
    return _read_file(part, cache) if kind == "input_file" else _read_audio(part)


def _read_cache(mark: object) -> str:
    """Without a duration the provider's own holds, as it does for the shorter of the hub's two."""
    if type(mark) is not dict:
        return ""
    ttl = mark.get("ttl")
    return _CACHES.get(ttl, "5m") if type(ttl) is str else "5m"


def _read_image(part: JsonObject, cache: str) -> Media:
    url, file_id, detail = _text(part, "image_url"), _text(part, "file_id"), _text(part, "detail")
    if url:
        split = split_data_url(url)
        if split is not None:
            return Media("image", split[0], split[1], detail=detail, cache=cache)
        return Media("image", url=url, detail=detail, cache=cache)
    return Media("image", file_id=file_id, detail=detail, origin=NAME, cache=cache)


def _read_file(part: JsonObject, cache: str) -> Media:
    name, detail, data = _text(part, "filename"), _text(part, "detail"), _text(part, "file_data")
    if data:
        media_type, data = split_data_url(data) or ("", data)
        return Media("document", media_type, data, name=name, detail=detail, cache=cache)
    url = _text(part, "file_url")
    if url:
        return Media("document", url=url, name=name, detail=detail, cache=cache)
    return Media("document", file_id=_text(part, "file_id"), name=name, detail=detail, origin=NAME, cache=cache)


def _read_audio(part: JsonObject) -> Media:
    audio = part["input_audio"]
    assert isinstance(audio, dict)
    sound = audio["format"]
    return Media("audio", _AUDIO_TYPES.get(sound, f"audio/{sound}"), audio["data"])


def _text(part: JsonObject, name: str) -> str:
    value = part.get(name)
    return value if type(value) is str else ""
