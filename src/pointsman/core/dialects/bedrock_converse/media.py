"""Images, sounds, films and documents as Bedrock takes them: bytes, or an address in S3, never any other address."""

import base64
import re

from pointsman.core.chat.conversation import JsonObject, Media
from pointsman.core.dialects.bedrock_converse.words import AUDIO, DOCUMENTS, IMAGES, VIDEO

_FORMATS = {"image": IMAGES, "audio": AUDIO, "video": VIDEO, "document": DOCUMENTS}
_EXTENSIONS = frozenset(DOCUMENTS.values())
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9\s()\[\]-]+", re.ASCII)
_SPACES = re.compile(r"\s+")
_MOST_NAME_CHARACTERS = 180


class MediaWriter:
    """Writes the media of one request; every document of it needs a name of its own."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: set[str] = set()

    def write(self, media: Media) -> JsonObject | None:
        """The block, or `None` for what Bedrock cannot be told: another address, a file kept elsewhere, its kind."""
        source = _write_source(media)
        known = _find_format(media)
        if source is None or known is None:
            return None
        block: JsonObject = {"format": known, "source": source}
        if media.kind == "document":
            block["name"] = self._name(media.name)
            if media.context:
                block["context"] = media.context
            if media.cites:
                block["citations"] = {"enabled": True}
        return {media.kind: block}

    def _name(self, said: str) -> str:
        """A name in the characters that Bedrock takes, unlike all others of the request."""
        name = _SPACES.sub(" ", _NOT_IN_NAMES.sub("-", said)).strip(" -")[:_MOST_NAME_CHARACTERS] or "document"
        chosen, number = name, 1
        while chosen in self._names:
            number += 1
            chosen = f"{name}-{number}"
        self._names.add(chosen)
        return chosen


def _write_source(media: Media) -> JsonObject | None:
    if media.data:
        return {"bytes": media.data}
    if media.text:
        return {"bytes": base64.b64encode(media.text.encode("utf-8", "replace")).decode()}
    if media.url.startswith("s3://"):
        return {"s3Location": {"uri": media.url}}
    return None


def _find_format(media: Media) -> str | None:
    """By its type, else by the end of its name or address; a text without either is plain text."""
    known = _FORMATS[media.kind].get(media.media_type.lower())
    if known is not None:
        return known
    end = (media.name or media.url).rpartition(".")[2].lower()
    if media.kind == "document":
        return end if end in _EXTENSIONS else "txt" if media.text else None
    end = "jpeg" if end == "jpg" else end
    return end if end in _FORMATS[media.kind].values() else None
