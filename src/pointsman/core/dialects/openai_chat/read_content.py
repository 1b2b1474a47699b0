"""The parts of a message that a client sends, one by one -> hub."""

from collections.abc import Callable

from pointsman.core.chat.conversation import JsonObject, Media, MediaKind, Part, Refusal, Text
from pointsman.core.dialects.client_checks import refuse
from pointsman.core.dialects.data_urls import split_data_url

_AUDIO_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
_PDF_START = "JVBERi0"
_KNOWN = frozenset({"type", "cache_control"})


def read_content(content: object, path: str, extra: JsonObject) -> list[Part]:
    """Read content, a string or a list of parts.

    Args:
        content: as in the message.
        path: of it, for what is refused.
        extra: takes members that nobody knows, by their path.
    """
    if type(content) is str:
        return [Text(content)]
    if type(content) is not list:
        return []
    return [_read_part(part, f"{path}[{place}]", extra) for place, part in enumerate(content)]


def read_cache(holder: JsonObject, path: str) -> str:
    """How long the prompt up to here should be remembered, as OpenRouter and LiteLLM let clients say."""
    mark = holder.get("cache_control")
    if mark is None:
        return ""
    ttl = mark.get("ttl", "5m") if type(mark) is dict else None
    if ttl not in ("5m", "1h"):
        message = f'{path}.cache_control must be {{"type": "ephemeral"}}, with a ttl of 5m or 1h if any.'
        refuse("invalid_messages", message, f"{path}.cache_control")
    return str(ttl)


def _read_part(part: object, path: str, extra: JsonObject) -> Part:
    kind = part.get("type") if type(part) is dict else None
    read = _READERS.get(kind) if type(kind) is str else None
    if read is None or type(part) is not dict:
        refuse("invalid_messages", f"This is no content part ({path}).", path)
    if len(part) > 2:
        for name in part.keys() - _KNOWN - {kind}:
            extra[f"{path}.{name}"] = part[name]
    return read(part, path)


def _read_text(part: JsonObject, path: str) -> Text:
    text = part.get("text")
    if type(text) is not str:
        refuse("invalid_messages", f"text must be a string ({path}.text).", f"{path}.text")
    return Text(text, read_cache(part, path)) if len(part) > 2 else Text(text)


def _read_refusal(part: JsonObject, path: str) -> Refusal:
    return Refusal(_read_member(part, "refusal", path))


def _read_image(part: JsonObject, path: str) -> Media:
    holder = part.get("image_url")
    if type(holder) is str:
        holder = {"url": holder}
    return _read_url("image", holder, part, f"{path}.image_url", path)


def _read_audio_url(part: JsonObject, path: str) -> Media:
    return _read_url("audio", part.get("audio_url"), part, f"{path}.audio_url", path)


def _read_video_url(part: JsonObject, path: str) -> Media:
    return _read_url("video", part.get("video_url"), part, f"{path}.video_url", path)


def _read_url(kind: MediaKind, holder: object, part: JsonObject, path: str, part_path: str) -> Media:
    if type(holder) is not dict:
        refuse("invalid_messages", f"This must be an object with a url ({path}).", path)
    url = _read_member(holder, "url", path)
    detail = _read_member(holder, "detail", path, is_needed=False)
    cache = read_cache(part, part_path)
    inline = split_data_url(url)
    if inline is None:
        return Media(kind, url=url, detail=detail, cache=cache)
    return Media(kind, inline[0], inline[1], detail=detail, cache=cache)


def _read_input_audio(part: JsonObject, path: str) -> Media:
    holder, path_of_audio = part.get("input_audio"), f"{path}.input_audio"
    if type(holder) is not dict:
        refuse("invalid_messages", f"This must be an object with data and format ({path_of_audio}).", path_of_audio)
    data = _read_member(holder, "data", path_of_audio)
    kind = _read_member(holder, "format", path_of_audio, is_needed=False)
    media_type = _AUDIO_TYPES.get(kind, f"audio/{kind}") if kind else ""
    return Media("audio", media_type, data, cache=read_cache(part, path))


def _read_file(part: JsonObject, path: str) -> Media:
    holder, path_of_file = part.get("file"), f"{path}.file"
    if type(holder) is not dict:
        refuse("invalid_messages", f"This must be an object with file_data or file_id ({path_of_file}).", path_of_file)
    name = _read_member(holder, "filename", path_of_file, is_needed=False)
    file_id = _read_member(holder, "file_id", path_of_file, is_needed=False)
    cache = read_cache(part, path)
    if file_id:
        return Media("document", file_id=file_id, name=name, origin="openai_chat", cache=cache)
    data = _read_member(holder, "file_data", path_of_file)
    if inline := split_data_url(data):
        return Media("document", inline[0], inline[1], name=name, cache=cache)
    if data.startswith(("https://", "http://")):
        return Media("document", url=data, name=name, cache=cache)
    is_pdf = data.startswith(_PDF_START) or name.lower().endswith(".pdf")
    return Media("document", "application/pdf" if is_pdf else "", data, name=name, cache=cache)


def _read_member(holder: JsonObject, name: str, path: str, *, is_needed: bool = True) -> str:
    value = holder.get(name)
    if value is None and not is_needed:
        return ""
    if type(value) is not str or (is_needed and not value):
        refuse("invalid_messages", f"{name} must be a string ({path}.{name}).", f"{path}.{name}")
    return value


_READERS: dict[str, Callable[[JsonObject, str], Part]] = {
    "text": _read_text,
    "refusal": _read_refusal,
    "image_url": _read_image,
    "audio_url": _read_audio_url,
    "video_url": _read_video_url,
    "input_audio": _read_input_audio,
    "file": _read_file,
}
