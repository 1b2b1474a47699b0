"""Images, sounds, films and documents: Gemini knows them by their MIME type, and wants one with each."""

import base64

from pointsman.core.chat.conversation import JsonObject, Media, MediaKind
from pointsman.core.dialects.gemini.names import GEMINI
from pointsman.core.dialects.media_types import guess_media_type

_KINDS: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}
_FALLBACKS: dict[MediaKind, str] = {
    "image": "image/png",
    "audio": "audio/wav",
    "video": "video/mp4",
    "document": "application/pdf",
}
_FILES = ("gs://", "https://generativelanguage.googleapis.com/")


def read_media(payload: JsonObject, is_inline: bool) -> Media:
    """`inlineData` or `fileData`, its members checked and in camelCase, as media."""
    media_type, name = _text(payload, "mimeType"), _text(payload, "displayName")
    kind = _KINDS.get(media_type.partition("/")[0], "document")
    if is_inline:
        return Media(kind, media_type, data=_write_usual_base64(_text(payload, "data")), name=name)
    uri = _text(payload, "fileUri")
    if uri.startswith(_FILES):
        return Media(kind, media_type, file_id=uri, name=name, origin=GEMINI)
    return Media(kind, media_type, url=uri, name=name)


def _write_usual_base64(data: str) -> str:
    """The same bytes in the alphabet that other formats read; Google's own SDK writes the one for URLs."""
    if "-" in data or "_" in data:
        data = data.replace("-", "+").replace("_", "/")
    return data + "=" * (-len(data) % 4)


def write_media(media: Media) -> JsonObject | None:
    """A part with the media; `None` for a file that another provider keeps."""
    if media.text:
        data = base64.b64encode(media.text.encode()).decode()
        # Of documents that are words Gemini takes those whose type says so.
        kind = media.media_type if media.media_type.startswith("text/") else "text/plain"
        return {"inlineData": {"mimeType": kind, "data": data}}
    if media.data:
        kind = media.media_type or guess_media_type(media.data) or _FALLBACKS[media.kind]
        return {"inlineData": {"mimeType": kind, "data": media.data}}
    uri = media.url or (media.file_id if media.origin == GEMINI else "")
    if not uri:
        return None
    about: JsonObject = {"mimeType": media.media_type} if media.media_type else {}
    return {"fileData": {**about, "fileUri": uri}}


def can_write(media: Media) -> bool:
    """Whether there is a part for the media."""
    return bool(media.text or media.data or media.url or (media.file_id and media.origin == GEMINI))


def list_unsaid(media: Media) -> list[str]:
    """Members that Gemini has no word for."""
    unsaid = [name for name in ("name", "context", "cites", "cache") if getattr(media, name)]
    return ["detail", *unsaid] if media.detail not in ("", "auto") else unsaid


def _text(payload: JsonObject, name: str) -> str:
    value = payload.get(name)
    return value if type(value) is str else ""
