"""What the caller asked last, cut to a bound, for the estimate of its difficulty."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

MOST_READ_CHARACTERS = 16_384
"""Of a longer question, the first and the last half of this are read."""

_MOST_SEARCHED_MESSAGES = 200
_MOST_PARTS = 64
_TEXT_FIELDS = {"text": "text", "refusal": "refusal"}


def _build_word_signs() -> bytes:
    """Everything but letters, digits, `-` and `_` separates words; bytes beyond ASCII are letters."""
    signs = bytearray(b" " * 128) + bytearray(range(128, 256))
    for character in b"abcdefghijklmnopqrstuvwxyz0123456789-_":
        signs[character] = character
    return bytes(signs)


_WORD_SIGNS = _build_word_signs()


@dataclass(frozen=True, slots=True)
class Question:
    """The last message of the user.

    Attributes:
        text: within the bound; begins with a line break, so that its first line is found like all others.
        words: in small letters.
        earlier_words: those of the user's message before, which often still stands.
        has_media: whether an image, a sound or a file belongs to either.
    """

    text: str
    words: list[bytes]
    earlier_words: list[bytes]
    has_media: bool


def find_question(fields: dict[str, object]) -> Question:
    """The question among the last 200 messages; an empty one where the user said nothing there."""
    messages = fields.get("messages")
    texts: list[str] = []
    has_media = False
    for message in islice(reversed(messages), _MOST_SEARCHED_MESSAGES) if type(messages) is list else ():
        if type(message) is dict and message.get("role") == "user":
            text, is_with_media = _read_content(message.get("content"))
            texts.append(text)
            has_media = has_media or is_with_media
            if len(texts) == 2:
                break
    text = texts[0] if texts else ""
    earlier_words = split_words(texts[1]) if len(texts) == 2 else []
    return Question(f"\n{text.lstrip()}", split_words(text), earlier_words, has_media)


def split_words(text: str) -> list[bytes]:
    """Its words in small letters."""
    return text.lower().encode("utf-8", "replace").translate(_WORD_SIGNS).split()


def _read_content(content: object) -> tuple[str, bool]:
    """The text of a content, within the bound, and whether something else than text is in it."""
    if type(content) is str:
        return _shorten(content), False
    parts: Sequence[object] = content if type(content) is list else ()
    if len(parts) > _MOST_PARTS:
        parts = [*parts[: _MOST_PARTS // 2], *parts[-_MOST_PARTS // 2 :]]
    texts: list[str] = []
    has_media = False
    for part in parts:
        kind = part.get("type") if type(part) is dict else None
        name = _TEXT_FIELDS.get(kind) if type(kind) is str else None
        text = part.get(name) if type(part) is dict and name else None
        if type(text) is str:
            texts.append(_shorten(text))
        elif name is None:
            has_media = True
    return _shorten("\n".join(texts)), has_media


def _shorten(text: str) -> str:
    if len(text) <= MOST_READ_CHARACTERS:
        return text
    half = MOST_READ_CHARACTERS // 2
    return f"{text[:half]}\n{text[-half:]}"
