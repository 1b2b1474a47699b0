"""Hub -> content of a message for a provider: one string where that says it all, else a list of parts."""

from collections.abc import Iterable

from pointsman.core.chat.conversation import JsonObject, Media, Native, Part, Refusal, Text
from pointsman.core.dialects.data_urls import write_data_url
from pointsman.core.dialects.openai_chat.reasoning import NAME

_AUDIO_FORMATS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
}
_FILES_OF = frozenset({NAME, "openai_responses"})
_URL_PARTS = {"image": "image_url", "audio": "audio_url", "video": "video_url"}


def encode_content(parts: Iterable[tuple[str, Part]], losses: list[str]) -> str | list[JsonObject]:
    """Write some parts, each with the path under which a loss is told."""
    written: list[JsonObject] = []
    for path, part in parts:
        if isinstance(part, Text):
            written.append({"type": "text", "text": part.text})
            if part.cache:
                losses.append(f"{path}.cache")
        elif isinstance(part, Refusal):
            written.append({"type": "text", "text": part.text})
            losses.append(path)
        elif isinstance(part, Media):
            encoded = _encode_media(part, path, losses)
            if encoded is not None:
                written.append(encoded)
        elif isinstance(part, Native) and part.dialect == NAME and type(part.value) is dict:
            written.append(part.value)
        else:
            losses.append(path)
    if len(written) == 1 and written[0]["type"] == "text":
        return str(written[0]["text"])
    return written or ""


def _encode_media(media: Media, path: str, losses: list[str]) -> JsonObject | None:
    if media.cache:
        losses.append(f"{path}.cache")
    if media.kind == "document":
        return _encode_document(media, path, losses)
    losses.extend(f"{path}.{name}" for name in ("name", "context") if getattr(media, name))
    if media.kind == "audio" and media.data:
        sound = _AUDIO_FORMATS.get(media.media_type, media.media_type.partition("/")[2] or "wav")
        return {"type": "input_audio", "input_audio": {"data": media.data, "format": sound}}
    url = media.url or (write_data_url(media.media_type, media.data) if media.data else "")
    if not url:
        losses.append(path)
        return None
    name = _URL_PARTS[media.kind]
    holder: JsonObject = {"url": url}
    if media.detail:
        holder["detail"] = media.detail
    return {"type": name, name: holder}


def _encode_document(media: Media, path: str, losses: list[str]) -> JsonObject | None:
    """Write a document as a file; one that is plain text as a text, which every server reads."""
    losses.extend(f"{path}.{name}" for name in ("context", "cites") if getattr(media, name))
    if media.text:
        if media.name:
            losses.append(f"{path}.name")
        return {"type": "text", "text": media.text}
    if media.data:
        file: JsonObject = {"file_data": write_data_url(media.media_type, media.data)}
    elif media.file_id and media.origin in _FILES_OF:
        file = {"file_id": media.file_id}
    else:
        losses.append(path)
        return None
    if media.name:
        file["filename"] = media.name
    return {"type": "file", "file": file}
