"""How many tokens a prompt probably has, from counts of kinds of characters; no tokenizer, no work beyond a bound.

The weights were fitted to the mean of two public vocabularies, cl100k_base and o200k_base; docs/estimates.md says
how far off they are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.outline import outline_request

IMAGE_TOKENS = 765
"""An image of unknown size: 85 and four tiles of 170, as OpenAI counts 1024 x 1024."""

IMAGE_LOW_TOKENS = 85
"""An image asked for in low detail."""

AUDIO_TOKENS = 600
"""A minute of sound at 10 tokens a second, where no data says how long it is."""

VIDEO_TOKENS = 15_000
"""A minute of film at about 250 tokens a second."""

FILE_PAGE_TOKENS = 1_500
"""A page of a document."""

PromptKind = Literal["prose", "code", "data", "script", "mixed"]
"""What a prompt mostly is, for vocabularies differ by it: words, programs, figures and signs, scripts other than Latin;
or not words alone: images, sound, files, or a conversation that the provider keeps."""

_REQUEST_TOKENS = 3
_MESSAGE_TOKENS = 3
_TOOL_TOKENS = 6

_AUDIO_CHARACTERS_PER_TOKEN = {"wav": 6_400, "mp3": 2_100}
"""Base64 of a tenth of a second: 24 kHz with 16 bits, or 128 kbit/s."""

_FILE_CHARACTERS_PER_PAGE = 131_072
_WHOLE_CHARACTERS = 65_536
_WINDOWS = 64

_SCRIPT_SHARE = 8
"""One character of so many that is not ASCII makes a prompt one in another script; Latin ones with marks have fewer."""
_PROSE_PERCENT = 70
_CODE_PERCENT = 55
"""Small letters among all bytes, at least."""

_TEXT_FIELDS = ("name", "tool_calls", "function_call", "refusal", "reasoning_content", "reasoning")
_PROMPT_FIELDS = ("tools", "functions", "response_format", "prediction")

# Hundredths of a token for each occurrence of what stands left, once bytes are replaced by their kinds.
# Pairs tell the beginnings of words from the letters after them, the commas of JSON from those of prose, and base64
# from both.
_WEIGHTS = (
    (b"a", 13),
    (b"A", 40),
    (b"0", 81),
    (b".", 28),
    (b"\n", 92),
    (b"\n ", 86),
    (b" a", 62),
    (b".a", 68),
    (b". .", 97),
    (b"A0", 480),
)
_WEIGHTS_BEYOND_ASCII = (
    (b"L", 169),
    (b"G", 78),
    (b"R", 46),
    (b"S", 65),
    (b"T", 80),
    (b"V", 45),
    (b"Q", 83),
    (b"J", 90),
    (b"H", 90),
    (b"K", 96),
    (b"M", 200),
)
# The kind of a character beyond ASCII by the range of its first byte in UTF-8.
_LEAD_BYTES = (
    ("L", 0xC2, 0xCD),  # Latin with marks, phonetics
    ("G", 0xCE, 0xCF),  # Greek
    ("R", 0xD0, 0xD3),  # Cyrillic
    ("S", 0xD4, 0xDF),  # Armenian, Hebrew, Arabic, Syriac
    ("T", 0xE0, 0xE0),  # scripts of India, Thai
    ("V", 0xE1, 0xE1),  # more scripts, Vietnamese letters
    ("Q", 0xE2, 0xE2),  # quotation marks, dashes, arrows, mathematics
    ("J", 0xE3, 0xE3),  # kana, Chinese punctuation
    ("H", 0xE4, 0xE9),  # Han
    ("K", 0xEA, 0xED),  # Hangul
    ("Q", 0xEE, 0xEF),  # full-width forms
    ("M", 0xF0, 0xF4),  # emoji and rare signs
)


def _build_kinds() -> bytes:
    kinds = bytearray(b"." * 128 + b"c" * 128)
    kinds[ord("a") : ord("z") + 1] = b"a" * 26
    kinds[ord("A") : ord("Z") + 1] = b"A" * 26
    kinds[ord("0") : ord("9") + 1] = b"0" * 10
    for character, kind in ((" ", " "), ("\t", " "), ("\n", "\n"), ("\r", "\n")):
        kinds[ord(character)] = ord(kind)
    for kind, first, last in _LEAD_BYTES:
        kinds[first : last + 1] = kind.encode() * (last + 1 - first)
    return bytes(kinds)


_KINDS = _build_kinds()
_ASCII_KINDS = b"aA0. \nc"
"""And the bytes of a character after its first."""


class PromptEstimate(msgspec.Struct, frozen=True, gc=False):
    """The estimated tokens of a prompt, and what it mostly is."""

    tokens: int
    kind: PromptKind


@dataclass(slots=True)
class _Prompt:
    """What was found in a request so far: its texts, and tokens that are no text."""

    texts: list[str] = field(default_factory=list)
    other_tokens: int = _REQUEST_TOKENS
    has_media: bool = False


def estimate_tokens(request: ChatRequest) -> int:
    """The estimated tokens of a prompt: messages, tools, tool calls, schemas, images, sounds and files.

    Up to 65,536 characters are all looked at, of more a sample spread evenly over them.
    """
    return estimate_prompt(request).tokens


def estimate_prompt(request: ChatRequest) -> PromptEstimate:
    """The same with what the prompt mostly is, which `LearnedTokens` goes by."""
    prompt, outline = _Prompt(), outline_request(request)
    token_ids = outline.get("token_ids") if request.operation != "chat" else None
    if type(token_ids) is int:
        prompt.other_tokens += token_ids
    messages = outline.get("messages")
    if type(messages) is list:
        prompt.other_tokens += _MESSAGE_TOKENS * len(messages)
        for message in messages:
            if type(message) is dict:
                _add_message(prompt, message)
    for name in _PROMPT_FIELDS:
        value = outline.get(name)
        if value is not None:
            _add_strings(prompt.texts, value)
            prompt.other_tokens += _TOOL_TOKENS * (len(value) if type(value) is list else 1)
    text_tokens, kind = _estimate_texts(prompt.texts)
    if prompt.has_media or request.state_id:
        kind = "mixed"
    return PromptEstimate(prompt.other_tokens + text_tokens, kind)


def estimate_tokens_of_texts(texts: list[str]) -> int:
    """The estimated tokens of some texts, each on lines of its own; rounded up."""
    return _estimate_texts(texts)[0]


def _estimate_texts(texts: list[str]) -> tuple[int, PromptKind]:
    characters = sum(map(len, texts))
    if characters <= _WHOLE_CHARACTERS:
        weight, kind = _weigh("\n".join(texts))
        return -(-weight // 100), kind
    sample = "".join(_sample(texts, characters))
    weight, kind = _weigh(sample)
    return -(-weight * characters // (100 * len(sample))), kind


def _weigh(text: str) -> tuple[int, PromptKind]:
    """Hundredths of tokens. No weight is negative, so a text never weighs less than its beginning."""
    kinds = text.encode("utf-8", "replace").translate(_KINDS)
    weight = 0
    for kind, hundredths in _WEIGHTS:
        weight += kinds.count(kind) * hundredths
    if not text.isascii():
        beyond = kinds.translate(None, _ASCII_KINDS)
        for kind, hundredths in _WEIGHTS_BEYOND_ASCII:
            weight += beyond.count(kind) * hundredths
        if len(beyond) * _SCRIPT_SHARE >= len(text):
            return weight, "script"
    percent = 100 * kinds.count(b"a") // max(len(kinds), 1)
    if percent >= _PROSE_PERCENT:
        return weight, "prose"
    return weight, "code" if percent >= _CODE_PERCENT else "data"


def _sample(texts: list[str], characters: int) -> Iterator[str]:
    """Windows of equal length at equal distances, as if all texts were one; a window may go over several texts."""
    length = _WHOLE_CHARACTERS // _WINDOWS
    stride = characters // _WINDOWS
    begin = 0
    window = 0
    for text in texts:
        end = begin + len(text)
        while window < end:
            yield text[max(window - begin, 0) : window + length - begin]
            if window + length > end:
                break
            window += stride
        begin = end


def _add_message(prompt: _Prompt, message: dict[str, object]) -> None:
    content = message.get("content")
    if type(content) is str:
        prompt.texts.append(content)
    elif type(content) is list:
        for part in content:
            if type(part) is dict:
                _add_part(prompt, part)
    # Most messages are a role and a content.
    if len(message) > 2:
        for name in _TEXT_FIELDS:
            value = message.get(name)
            if value is not None:
                _add_strings(prompt.texts, value)
        if message.get("audio"):
            prompt.has_media = True
            prompt.other_tokens += AUDIO_TOKENS


def _add_part(prompt: _Prompt, part: dict[str, object]) -> None:
    kind = part.get("type")
    payload = part.get(kind) if type(kind) is str else None
    if type(payload) is str and kind in ("text", "refusal"):
        prompt.texts.append(payload)
        return
    about: dict[str, object] = payload if type(payload) is dict else {}
    prompt.has_media = True
    match kind:
        case "image_url":
            prompt.other_tokens += IMAGE_LOW_TOKENS if about.get("detail") == "low" else IMAGE_TOKENS
        case "input_audio" | "audio_url":
            prompt.other_tokens += _estimate_audio(about)
        case "video_url":
            prompt.other_tokens += VIDEO_TOKENS
        case "file":
            prompt.other_tokens += _estimate_file(about)


def _estimate_audio(about: dict[str, object]) -> int:
    data = about.get("data")
    if type(data) is not str:
        return AUDIO_TOKENS
    sound_format = about.get("format")
    wav = _AUDIO_CHARACTERS_PER_TOKEN["wav"]
    per_token = _AUDIO_CHARACTERS_PER_TOKEN.get(sound_format, wav) if type(sound_format) is str else wav
    return 1 + len(data) // per_token


def _estimate_file(about: dict[str, object]) -> int:
    data = about.get("file_data")
    pages = 1 + (len(data) // _FILE_CHARACTERS_PER_PAGE if type(data) is str else 0)
    return FILE_PAGE_TOKENS * pages


def _add_strings(texts: list[str], value: object) -> None:
    """Add all keys and strings within a value; the line break between texts weighs what JSON's signs do."""
    waiting: list[object] = [[value]]
    while waiting:
        container = waiting.pop()
        if type(container) is dict:
            texts.extend(container)
            items: Iterable[object] = container.values()
        elif type(container) is list:
            items = container
        else:
            continue
        for item in items:
            if type(item) is str:
                texts.append(item)
            elif type(item) is dict or type(item) is list:
                waiting.append(item)
