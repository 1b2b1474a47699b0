"""What a caller says beside its request, in headers or in the body's `metadata`; what is malformed is refused by name.

A word about privacy that cannot be read is never taken for a low one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn, cast

import msgspec

from pointsman.core.chat.client_json import ClientError, read_json_object
from pointsman.core.chat.money import InvalidMoney, parse_usd
from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.expressions.mistake import guess_word as suggest_word
from pointsman.core.privacy.labels import LABELS, Label

PREFIX = b"x-pointsman-"
MOST_TASK_BYTES = 8_192
MOST_CHARACTERS = 256
MOST_TAGS = 32
MOST_TIMEOUT_MS = 3_600_000
MOST_METADATA = 16
MOST_VALUE_CHARACTERS = 512
MOST_FALLBACKS = 16
MILLIONTHS = 1_000_000
TELL_COST = "cost"
"""What `x-pointsman-usage` may say: that the end of a stream is to tell what it has cost."""

_WHOLE_NUMBER = re.compile(r"[0-9]{1,9}")
_SHARE = re.compile(r"0(\.[0-9]{1,6})?|1(\.0{1,6})?")
_TAG = re.compile(r"[^,\s][^,]{0,127}")
_WORDS = frozenset((*OWN_WORDS.values(), "no_cache", "usage"))


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
        fallback_models: models that it wants tried next, in order.
        min_quality: the least quality of a model, in millionths, or `None`.
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
    fallback_models: tuple[str, ...] = ()
    min_quality: int | None = None


SAID_NOTHING = Said()


def read_said(headers: Iterable[tuple[bytes, bytes]], metadata: object = None) -> Said:
    """Read all that a caller says; a header counts before the same word in `metadata`, but privacy only rises.

    Args:
        headers: of the request, names in lower case.
        metadata: the body's member of that name, whatever it is.

    Raises:
        ClientError: status 400, with a code for each way in which a word can be wrong.
    """
    in_headers, in_body = _collect_headers(headers), _collect_metadata(metadata)
    if not in_headers and not in_body:
        return SAID_NOTHING
    privacy = [_read_privacy(source["privacy"]) for source in (in_headers, in_body) if "privacy" in source]
    tasks = [_read_task(source["task"]) for source in (in_body, in_headers) if "task" in source]
    words = in_body | in_headers
    if in_headers.get("usage", TELL_COST) != TELL_COST:
        name = "x-pointsman-usage"
        raise ClientError(400, "invalid_value", f"{name} must be {TELL_COST}; a stream tells it at its end.", name)
    return Said(
        agent=_read_text(words, "agent") or None,
        task=_join_tasks(tasks),
        task_id=_read_text(words, "task_id"),
        tags=_read_tags(words.get("tags")),
        user=_read_text(words, "user"),
        session=_read_text(words, "session"),
        privacy=max(privacy, key=LABELS.index, default=None),
        timeout_ms=_read_timeout(words.get("timeout_ms")),
        max_cost_nusd=_read_cost(words.get("max_cost")),
        strategy=_read_text(words, "strategy") or None,
        budget_mode=_read_flag(words.get("budget_mode")),
        fallback_models=_read_names(words.get("fallback_models")),
        min_quality=_read_share(words.get("min_quality")),
    )


def _collect_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, object]:
    words: dict[str, object] = {}
    for name, value in headers:
        if not name.startswith(PREFIX):
            continue
        word = name[len(PREFIX) :].decode("latin-1").replace("-", "_")
        if word in words:
            _refuse("repeated_header", word, "stands twice; send it once")
        if word not in _WORDS:
            _refuse_unknown(word)
        try:
            words[word] = value.decode()
        except UnicodeDecodeError:
            _refuse("invalid_characters", word, "is not UTF-8")
    return words


def _collect_metadata(metadata: object) -> dict[str, object]:
    """Our words in the body's `metadata`; all others are the caller's own, but for those that only look like ours."""
    if metadata is None:
        return {}
    if type(metadata) is not dict or len(metadata) > MOST_METADATA:
        _refuse_metadata(f"must be an object of at most {MOST_METADATA} members")
    words: dict[str, object] = {}
    for name, value in metadata.items():
        word = OWN_WORDS.get(name)
        if word is None and name.strip().lower().replace("-", "_") in OWN_WORDS:
            _refuse_metadata(f"holds {name[:64]!r}; write {name.strip().lower().replace('-', '_')!r}")
        most = MOST_TASK_BYTES if word == "task" else MOST_VALUE_CHARACTERS
        if type(value) is str and len(value) > most:
            _refuse_metadata(f"holds a text of more than {most} characters")
        if word is not None and (value is not None or word == "privacy"):
            words[word] = value
    return words


def _join_tasks(tasks: Sequence[Mapping[str, object]]) -> Mapping[str, object] | None:
    """What body and header say of the task: the header counts, but of two words about privacy the higher one does."""
    if len(tasks) < 2:
        return tasks[0] if tasks else None
    joined = {**tasks[0], **tasks[1]}
    levels = [task["privacy_level"] for task in tasks if "privacy_level" in task]
    # A level that is none is kept, so that it is refused where the task is checked against the facts.
    wrong = [level for level in levels if level not in LABELS]
    if levels:
        joined["privacy_level"] = wrong[0] if wrong else max(cast(list[Label], levels), key=LABELS.index)
    return joined


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


def _read_names(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    names = value.split(",") if type(value) is str else value
    if type(names) is not list or len(names) > MOST_FALLBACKS:
        _refuse("invalid_fallback_models", "fallback_models", f"must be at most {MOST_FALLBACKS} names of models")
    stripped = [name.strip() if type(name) is str else "" for name in names]
    if not all(name and len(name) <= MOST_CHARACTERS and name.isprintable() for name in stripped):
        _refuse("invalid_fallback_models", "fallback_models", "holds a name that is empty, too long or not printable")
    return tuple(dict.fromkeys(stripped))


def _read_share(value: object) -> int | None:
    if value is None:
        return None
    text = str(value).strip() if type(value) in (str, int, float) else ""
    if _SHARE.fullmatch(text) is None:
        _refuse("invalid_min_quality", "min_quality", "must be a number from 0 to 1 such as 0.85")
    whole, _, decimals = text.partition(".")
    return int(whole) * MILLIONTHS + int(decimals.ljust(6, "0"))


def _refuse_unknown(word: str) -> NoReturn:
    guess = suggest_word(word, _WORDS)
    hint = f"did you mean x-pointsman-{guess.replace('_', '-')}?" if guess else "leave it out"
    name = f"x-pointsman-{word.replace('_', '-')[:64]}"
    raise ClientError(400, "unknown_header", f"{name} is no header that is known here; {hint}", name)


def _refuse_metadata(what: str) -> NoReturn:
    raise ClientError(400, "invalid_metadata", f"metadata {what}.", "metadata")


def _refuse(code: str, word: str, what: str) -> NoReturn:
    raise _build_error(code, word, what)


def _build_error(code: str, word: str, what: str) -> ClientError:
    name = f"x-pointsman-{word.replace('_', '-')[:64]}"
    return ClientError(400, code, f"{name} (or metadata.{word[:64]}) {what}.", name)
