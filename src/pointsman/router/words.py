"""What a program says of a request, as plain mappings, made into a question; nothing that is a fact is passed over.

A word that is nearly a fact's name is refused: whoever wrote it meant something by it, perhaps to keep data local.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from pointsman.core.chat.client_json import ClientError
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.expressions.facts import FactTable
from pointsman.core.expressions.mistake import guess_word
from pointsman.core.privacy.labels import LABELS, Label, raise_label
from pointsman.core.routing.gather_facts import describe_time
from pointsman.core.routing.said import Said, read_said
from pointsman.router.decision import InvalidRequest

TEXTS = ("messages", "description", "prompt", "content")
"""Words of a task under which the text itself stands."""

PRIVATE = "data.contains_pii"
NEAR_LIMIT = "model.rate_limit_approaching"
LEVEL = "task.privacy_level"

SHORT_NAMES = {"contains_pii": PRIVATE, "rate_limit_approaching": NEAR_LIMIT}
"""Facts that a context may name without what stands before the dot."""

SAID = {
    "routing_strategy": "strategy",
    "strategy": "strategy",
    "privacy": "privacy",
    "tags": "tags",
    "session": "session",
    "session_id": "session",
    "timeout_ms": "timeout_ms",
    "max_cost": "max_cost",
}
"""Words of a context that a request's `metadata` may hold, too, and how they are called there."""

PERSONAL = frozenset(("pii", "personal"))
CONFIDENTIAL = frozenset(("private", "privacy", "confidential", "confidentiality", "sensitive", "sensitivity"))
"""Parts of words that nobody writes who does not mind where the data goes."""

OTHERS = ("max_tokens", "request_id", "time")
MOST_WORDS = 1_000
"""Of a task or a context."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was said.

    Attributes:
        task: facts of the task, without `task.`.
        facts: others, by their names; they count before the task's.
        said: what any caller of the gateway may say beside its request.
        privacy: the highest label that anything said asks for, or `None`.
        messages: the text, as a request would hold it; none where nobody gave one.
        near_limit: models of which somebody says that they are near a rate limit.
        most_output_tokens: what the answer is limited to, or `None`.
        request_id: what draws by lot go by, or `""`.
    """

    task: Mapping[str, object] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    said: Said = field(default_factory=Said)
    privacy: Label | None = None
    messages: tuple[object, ...] = ()
    near_limit: frozenset[str] = frozenset()
    most_output_tokens: int | None = None
    request_id: str = ""


def read_words(snapshot: Snapshot, task: Mapping[str, object], context: Mapping[str, object]) -> Words:
    """Read task and context.

    Raises:
        InvalidRequest: for the first word that cannot be meant so.
    """
    table = snapshot.routing.facts
    _check_words("task", task)
    _check_words("context", context)
    of_task, facts = _read_task(table, task)
    near_limit: frozenset[str] = frozenset()
    for name, value in _read_context(table, context):
        if name == NEAR_LIMIT and isinstance(value, Mapping):
            near_limit = _read_near_limit(snapshot, value)
        else:
            _put(facts, "context", name, value)
    said = _read_said(context)
    stated = _read_level(facts.pop(LEVEL, None))
    return Words(
        task=of_task,
        facts=facts,
        said=said,
        privacy=raise_label(said.privacy, stated) if said.privacy or stated else None,
        messages=tuple(_list_messages(task)),
        near_limit=near_limit,
        most_output_tokens=_read_limit(context.get("max_tokens")),
        request_id=_read_id(context.get("request_id")),
    )


def _check_words(where: str, words: object) -> None:
    if not isinstance(words, Mapping):
        raise InvalidRequest(where, f'{where} is a mapping such as {{"complexity": 9}}')
    if len(words) > MOST_WORDS:
        raise InvalidRequest(where, f"{where} holds more than {MOST_WORDS:,} words; leave out what is no fact")
    if not all(isinstance(name, str) for name in words):
        raise InvalidRequest(where, f"{where} has a key that is no text; facts are called by their names")


def _read_task(table: FactTable, task: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The facts of the task, and others that stand among them."""
    own = {name.removeprefix("task."): name for name in table.facts if name.startswith("task.")}
    guessable = own | {"contains_pii": PRIVATE}
    of_task: dict[str, object] = {}
    facts: dict[str, object] = {}
    for word, value in task.items():
        if value is None or word in TEXTS:
            continue
        name = guessable.get(word) or (word if word in table.facts and "." in word else None)
        if word == "data" and isinstance(value, Mapping) and "contains_pii" in value:
            _put(facts, "task", PRIVATE, value["contains_pii"])
        elif name is None:
            _refuse_near_miss("task", word, guessable)
        elif name.startswith("task."):
            of_task[name.removeprefix("task.")] = value
        else:
            _put(facts, "task", name, value)
    return of_task, facts


def _read_context(table: FactTable, context: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The facts that a context states, by their whole names."""
    # What is known of a candidate is called by words that mean much else beside: a name, a provider.
    stated = [name for name, fact in reversed(list(table.facts.items())) if not fact.is_per_candidate]
    last_words = {name.rpartition(".")[2]: name for name in stated}
    known = last_words | {name: name for name in (*table.facts, *SHORT_NAMES, *SAID, *OTHERS)}
    spaces = {name.partition(".")[0] for name in table.facts if "." in name}
    for word, value in context.items():
        if value is None or word in SAID:
            continue
        if word == "time" and not isinstance(value, Mapping):
            yield from _read_time(value)
        elif word in spaces and isinstance(value, Mapping):
            yield from _read_space(table, word, value)
        elif word in table.facts or word in SHORT_NAMES:
            yield SHORT_NAMES.get(word, word), float(value) if isinstance(value, Decimal) else value
        elif word not in OTHERS:
            _refuse_near_miss("context", word, known)


def _read_space(table: FactTable, space: str, words: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    """`{"data": {"contains_pii": True}}` is read like `data.contains_pii`."""
    for word, value in words.items():
        name = f"{space}.{word}"
        if name in table.facts:
            if value is not None:
                yield name, value
        else:
            _refuse_near_miss("context", name, {each: each for each in table.facts})


def _read_time(value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidRequest("time", 'context "time" is a datetime with its time zone, or {"hour": 22}')
    yield from describe_time(value.astimezone(UTC)).items()


def _read_near_limit(snapshot: Snapshot, models: Mapping[object, object]) -> frozenset[str]:
    near: set[str] = set()
    for name, is_near in models.items():
        if not isinstance(name, str) or name not in snapshot.models:
            guess = guess_word(str(name), snapshot.models)
            hint = f"; did you mean {guess}?" if guess else ""
            message = f'context "rate_limit_approaching": there is no model {quote(str(name))}{hint}'
            raise InvalidRequest("rate_limit_approaching", message)
        _check_flag("context", "rate_limit_approaching", is_near)
        if is_near:
            near.add(name)
    return frozenset(near)


def _read_said(context: Mapping[str, object]) -> Said:
    """The words that a request may carry beside its body, by the same rules as there."""
    metadata: dict[str, object] = {}
    for word, name in SAID.items():
        value = context.get(word)
        if value is None:
            continue
        if name == "tags" and isinstance(value, tuple | set | frozenset):
            value = list(value)
        value = format(value, "f") if isinstance(value, Decimal) else value
        try:
            read_said((), {name: value})
        except ClientError as error:
            what = error.message.partition(") ")[2]
            raise InvalidRequest(word, f"context {quote(word)} {what}") from None
        metadata.setdefault(name, value)
    return read_said((), metadata)


def _read_level(value: object) -> Label | None:
    if value is None:
        return None
    for label in LABELS:
        if value == label:
            return label
    raise InvalidRequest(LEVEL, f'context "{LEVEL}" is one of {", ".join(LABELS)}')


def _read_limit(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise InvalidRequest("max_tokens", 'context "max_tokens" is a whole number from 1 up')
    return value


def _read_id(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidRequest("request_id", 'context "request_id" is a text')
    return value


def _put(facts: dict[str, object], where: str, name: str, value: object) -> None:
    """Put a fact down; that personal data is in it stays said, whatever is said beside."""
    if name == PRIVATE:
        _check_flag(where, name, value)
        value = value is True or facts.get(name) is True
    facts[name] = value


def _check_flag(where: str, name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidRequest(name, f'{where} "{name}" is true or false')


def _list_messages(task: Mapping[str, object]) -> Iterator[object]:
    """The text of a task as messages, whatever it stands under; what is said in parts of it is read together."""
    messages = task.get("messages")
    if messages is not None:
        if not isinstance(messages, list | tuple):
            raise InvalidRequest("messages", 'task "messages" is a list such as [{"role": "user", "content": "..."}]')
        yield from messages
    for word in TEXTS[1:]:
        text = task.get(word)
        if text is None:
            continue
        if not isinstance(text, str):
            raise InvalidRequest(word, f'task "{word}" is a text; parts and images stand under messages')
        yield {"role": "user", "content": text}


def _refuse_near_miss(where: str, word: str, known: Mapping[str, str]) -> None:
    guess = guess_word(word, known) or _guess_privacy(where, word)
    if guess is None:
        return
    hint = f"did you mean {guess if where == 'task' else known.get(guess, guess)}?"
    if where == "task":
        hint += " If it is one of your own, declare it under routing.task_attributes"
    raise InvalidRequest(word, f"{where} {quote(word)} is no fact; {hint}")


def _guess_privacy(where: str, word: str) -> str | None:
    """What a word that speaks of privacy in other terms was meant to be."""
    parts = set(word.lower().replace("-", "_").split("_"))
    if parts & PERSONAL:
        return "contains_pii"
    return ("privacy_level" if where == "task" else "privacy") if parts & CONFIDENTIAL else None
