"""What a caller says beside its request, in headers or in the body's `metadata`; what is malformed is refused by name.

A word about privacy that cannot be read is never taken for a low one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NoReturn, cast

import msgspec

from pointsman.core.chat.client_json import ClientError, read_json_object
from pointsman.core.chat.money import InvalidMoney, parse_usd
from pointsman.core.privacy.labels import LABELS, Label

PREFIX = b"x-pointsman-"
MOST_TASK_BYTES = 8_192
MOST_CHARACTERS = 256
MOST_TAGS = 32
MOST_TIMEOUT_MS = 3_600_000

_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_TAG = re.compile(r"[^,\s][^,]{0,127}")
_METADATA = {
    "agent": "agent",
    "task": "task",
    "task_id": "task_id",
    "tags": "tags",
    "user": "user",
    "session": "session",
    "session_id": "session",
    "privacy": "privacy",
    "timeout_ms": "timeout_ms",
    "max_cost": "max_cost",
    "strategy": "strategy",
    "budget_mode": "budget_mode",
}
"""Members of `metadata` and the header that says the same, without its prefix."""


class Said(msgspec.Struct, frozen=True):
    """What the caller says.

    Attributes:
        agent: who asks, or `None`.
        task: what it says of the task, as given; checked against the facts that the configuration declares.
        task_id: names the task for an operator's override; `""` when not said.
        tags: labels for its usage.
        user: on whose behalf; `""` when not said.
        session: for experiments; `""` when not said.
        privacy: how private it says it is, or `None`.
        timeout_ms: how long it is willing to wait, or `None`.
        max_cost_nusd: what the request may cost at most, or `None`.
        strategy: the strategy it asks for, or `None`.
        budget_mode: whether it asks to save.
    """

    agent: str | None = None
    task: Mapping[str, object] | None = None
    task_id: str = ""
    tags: tuple[str, ...] = ()
    user: str = ""
    session: str = ""
    privacy: Label | None = None
    timeout_ms: int | None = None
    max_cost_nusd: int | None = None
    strategy: str | None = None
    budget_mode: bool = False


SAID_NOTHING = Said()


def read_said(headers: Iterable[tuple[bytes, bytes]], metadata: object = None) -> Said:
    """Read all that a caller says; a header counts before the same word in `metadata`, but privacy only rises.

    Args:
        headers: of the request, names in lower case.
        metadata: the body's member of that name, whatever it is.

    Raises:
        ClientError: status 400, with a code for each way in which a word can be wrong.
    """
    words = _collect_headers(headers)
    from_body = _collect_metadata(metadata) if type(metadata) is dict and metadata else {}
    if not words and not from_body:
        return SAID_NOTHING
    privacy = [_read_privacy(source["privacy"]) for source in (words, from_body) if "privacy" in source]
    words = from_body | words
    task = words.get("task")
    return Said(
        agent=_read_text(words, "agent") or None,
        task=_read_task(task) if task is not None else None,
        task_id=_read_text(words, "task_id"),
        tags=_read_tags(words.get("tags")),
        user=_read_text(words, "user"),
        session=_read_text(words, "session"),
        privacy=max(privacy, key=LABELS.index, default=None),
        timeout_ms=_read_timeout(words.get("timeout_ms")),
        max_cost_nusd=_read_cost(words.get("max_cost")),
        strategy=_read_text(words, "strategy") or None,
        budget_mode=_read_flag(words.get("budget_mode")),
    )


def _collect_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, object]:
    words: dict[str, object] = {}
    for name, value in headers:
        if not name.startswith(PREFIX):
            continue
        word = name[len(PREFIX) :].decode("latin-1").replace("-", "_")
        if word in words:
            _refuse("repeated_header", word, "stands twice; send it once")
        try:
            words[word] = value.decode()
        except UnicodeDecodeError:
            _refuse("invalid_characters", word, "is not UTF-8")
    return words


def _collect_metadata(metadata: dict[str, object]) -> dict[str, object]:
    return {_METADATA[name]: value for name, value in metadata.items() if name in _METADATA and value is not None}


def _read_text(words: Mapping[str, object], name: str) -> str:
    value = words.get(name, "")
    if type(value) is not str or len(value) > MOST_CHARACTERS:
        _refuse("invalid_value", name, f"must be a text of at most {MOST_CHARACTERS} characters")
    if not value.isprintable():
        _refuse("invalid_characters", name, "holds control or invisible characters")
    return value.strip()


def _read_task(value: object) -> Mapping[str, object]:
    """A task is an object, as JSON text in a header; a single word is its type."""
    if type(value) is dict:
        return value
    if type(value) is not str or len(value) > MOST_TASK_BYTES:
        _refuse("invalid_task", "task", f"must be a JSON object of at most {MOST_TASK_BYTES} bytes")
    text = value.strip()
    if text and not text.startswith(("{", "[", '"')) and len(text) <= MOST_CHARACTERS and text.isprintable():
        return {"type": text}
    try:
        return read_json_object(text.encode("utf-8", "surrogatepass"))[1]
    except ClientError as error:
        message = error.message.replace("The body", "It").rstrip(".")
        raise _build_error(
            "invalid_task", "task", f'must be a JSON object such as {{"type": "review"}}. {message}'
        ) from None


def _read_tags(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    tags = value.split(",") if type(value) is str else value
    if type(tags) is not list or len(tags) > MOST_TAGS:
        _refuse("invalid_tags", "tags", f"must be at most {MOST_TAGS} tags with commas between them")
    stripped = [tag.strip() if type(tag) is str else "" for tag in tags]
    if not all(_TAG.fullmatch(tag) and tag.isprintable() for tag in stripped):
        _refuse("invalid_tags", "tags", "holds a tag that is empty, longer than 128 characters or not printable")
    return tuple(dict.fromkeys(stripped))


def _read_privacy(value: object) -> Label:
    if type(value) is not str or value.strip() not in LABELS:
        _refuse("invalid_privacy", "privacy", f"must be one of {', '.join(LABELS)}")
    return cast(Label, value.strip())


def _read_timeout(value: object) -> int | None:
    if value is None:
        return None
    text = str(value).strip() if type(value) in (str, int) else ""
    if _WHOLE_NUMBER.fullmatch(text) is None or int(text) == 0:
        _refuse("invalid_deadline", "timeout_ms", f"must be milliseconds, from 1 to {MOST_TIMEOUT_MS:,}")
    return min(int(text), MOST_TIMEOUT_MS)


def _read_cost(value: object) -> int | None:
    if value is None:
        return None
    try:
        return parse_usd(str(value).strip()) if type(value) in (str, int, float) else _refuse_cost()
    except InvalidMoney:
        _refuse_cost()


def _refuse_cost() -> NoReturn:
    _refuse("invalid_max_cost", "max_cost", "must be an amount in dollars such as 0.50")


def _read_flag(value: object) -> bool:
    if value is None or type(value) is bool:
        return bool(value)
    if value not in ("true", "false"):
        _refuse("invalid_value", "budget_mode", "must be true or false")
    return value == "true"


def _refuse(code: str, word: str, what: str) -> NoReturn:
    raise _build_error(code, word, what)


def _build_error(code: str, word: str, what: str) -> ClientError:
    name = f"x-pointsman-{word.replace('_', '-')[:64]}"
    return ClientError(400, code, f"{name} (or metadata.{word[:64]}) {what}.", name)
