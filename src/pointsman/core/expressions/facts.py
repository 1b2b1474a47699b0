"""The one table of facts that conditions may read: names, types, ranges, and what counts where a fact is missing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from pointsman.core.expressions.mistake import guess_word

Kind = Literal["bool", "int", "number", "text", "texts"]
AttributeKind = Literal["text", "number", "bool"]
"""What an operator may declare under `routing.task_attributes`."""

Source = Literal["task", "caller", "body", "detector", "candidate", "money", "clock", "live"]
"""Where a fact comes from: what the relay has to look at before a condition that reads it can be asked."""

Value = bool | int | float | str | frozenset[str]
Values = Mapping[str, Value | None]
"""Facts by their dotted names; `None` stands only for a fact that may be absent, such as `budget`."""

GREATEST = 2**53
"""The greatest number, up and down: whole numbers up to here are exact as floats."""

DECIMALS = 9
"""Digits after the point that a number keeps, as many as money has; no number is tiny and yet not 0."""

MOST_CHARACTERS = 256
"""Characters of a text, as a fact or within a condition."""

MOST_TEXTS = 1_000
"""Texts in a set of texts."""

MOST_ATTRIBUTES = 100
"""Task attributes that an operator may declare."""

_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact.

    Attributes:
        name: as conditions write it, such as `task.complexity`.
        kind: its type; `int` and `number` are both numbers to a condition.
        source: what the relay has to look at to know it.
        default: what counts where it is missing; `None`: then a condition that reads it never matches.
        about: one line for the reference.
        values: the only texts that it can have; empty: any.
        least: of a number.
        most: of a number.
    """

    name: str
    kind: Kind
    source: Source
    default: Value | None
    about: str
    values: tuple[str, ...] = ()
    least: int = -GREATEST
    most: int = GREATEST

    @property
    def is_per_candidate(self) -> bool:
        """Whether it differs between the models that could serve a request."""
        return self.source == "candidate"


class InvalidFact(ValueError):
    """A fact's value, or a declared attribute, that cannot be; the message repeats nothing but known names."""


@dataclass(frozen=True, slots=True)
class FactTable:
    """The facts of one configuration: the built-in ones and the declared attributes of tasks.

    Attributes:
        facts: by name, in the order of the reference.
        defaults: what counts where nothing is stated, by name.
    """

    facts: Mapping[str, Fact]
    defaults: Values

    def fill(self, given: Mapping[str, object]) -> dict[str, Value | None]:
        """Checked facts with defaults for all others; `{"task": {"complexity": 9}}` is read like `task.complexity`.

        Raises:
            InvalidFact: a name is no fact, or a value is not of its fact's type or range.
        """
        filled = dict(self.defaults)
        for name, value in _flatten(given):
            fact = self.facts.get(name)
            if fact is None:
                guess = guess_word(name, self.facts)
                raise InvalidFact("there is no such fact" + (f"; did you mean {guess}?" if guess else ""))
            filled[name] = check_value(fact, value)
        return filled


def _flatten(given: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{below}", one) for below, one in value.items())
        else:
            yield name, value


FACTS: tuple[Fact, ...] = (
    Fact("task.type", "text", "task", "", "what kind of task it is, such as `code_generation`"),
    Fact("task.complexity", "int", "task", 5, "how hard the task is; estimated where nobody states it", (), 1, 10),
    Fact("task.privacy_level", "text", "task", "low", "how private it is; it only rises", ("low", "medium", "high")),
    Fact("task.critical", "bool", "task", False, "the answer must not be wrong"),
    Fact("task.requires_reasoning", "bool", "task", False, "the task needs reasoning"),
    Fact("task.involves_ui_design", "bool", "task", False, "the task is about user interfaces"),
    Fact("agent", "text", "caller", "", "the agent that asks"),
    Fact("user", "text", "caller", "", "the user on whose behalf"),
    Fact("team", "text", "caller", "", "the team of the key"),
    Fact("tags", "texts", "caller", frozenset(), "the tags of request and key"),
    Fact("interaction", "text", "caller", "", "the interaction, such as `chat`"),
    Fact("request.tokens_estimated", "int", "body", 0, "estimated tokens of the prompt", (), 0),
    Fact("request.stream", "bool", "body", False, "the answer is asked for as a stream"),
    Fact("request.has_tools", "bool", "body", False, "the request offers tools"),
    Fact("request.has_images", "bool", "body", False, "the request holds images"),
    Fact(
        "data.contains_pii",
        "bool",
        "detector",
        False,
        "personal data was found; a failed search counts",
    ),
    Fact("model.name", "text", "candidate", "", "the candidate's name in the configuration"),
    Fact("model.provider", "text", "candidate", "", "the candidate's provider"),
    Fact("model.type", "text", "candidate", "cloud", "where the candidate runs", ("local", "cloud")),
    Fact("model.tier", "int", "candidate", None, "the candidate's class, 1 is the most capable", (), 1, 10),
    Fact("model.rate_limit_approaching", "bool", "candidate", False, "90 % of a rate limit is used"),
    Fact("daily_cost", "number", "money", 0, "dollars spent today under the narrowest budget that applies", (), 0),
    Fact("budget", "number", "money", None, "dollars of the narrowest budget that applies", (), 0),
    Fact("budget_mode", "bool", "money", False, "the budget is near its end, or key or header ask to save"),
    Fact("cost_limit_reached", "bool", "money", False, "a budget that applies is used up"),
    Fact("time.hour", "int", "clock", 0, "the hour of the day, in UTC", (), 0, 23),
    Fact("time.weekday", "text", "clock", "monday", "the day of the week, in UTC", _WEEK),
    Fact("primary_unavailable", "bool", "live", False, "the caller's first model cannot be used now"),
    Fact("all_premium_models_unavailable", "bool", "live", False, "no model of the most capable class can be used now"),
)

_DEFAULTS: dict[AttributeKind, Value] = {"text": "", "number": 0, "bool": False}


def declare_facts(task_attributes: Mapping[str, AttributeKind]) -> FactTable:
    """The table of facts with further attributes of tasks, each named without `task.`.

    Raises:
        InvalidFact: an attribute's name is malformed or already means something, or there are too many.
    """
    facts = {fact.name: fact for fact in FACTS}
    if len(task_attributes) > MOST_ATTRIBUTES:
        raise InvalidFact(f"there may be {MOST_ATTRIBUTES} task attributes at most; remove some")
    for attribute, kind in task_attributes.items():
        complaint = judge_attribute(attribute)
        if complaint is not None:
            raise InvalidFact(complaint)
        name = f"task.{attribute}"
        facts[name] = Fact(name, kind, "task", _DEFAULTS[kind], "declared under `routing.task_attributes`")
    defaults = {fact.name: fact.default for fact in facts.values()}
    return FactTable(MappingProxyType(facts), MappingProxyType(defaults))


def judge_attribute(attribute: str) -> str | None:
    """Why a task attribute may not be called so, or `None`."""
    if not _ATTRIBUTE.fullmatch(attribute):
        return "a task attribute is called by up to 63 small letters, digits and _, without `task.`"
    if any(fact.name == f"task.{attribute}" for fact in FACTS):
        return f"task.{attribute} is a fact already; use it as it is, or choose another name"
    return None


def check_value(fact: Fact, value: object) -> Value | None:
    """A stated value as the fact's type.

    Raises:
        InvalidFact: it is none of the fact's.
    """
    if value is None and fact.default is None:
        return None
    match fact.kind, value:
        case "bool", bool():
            return value
        case (("int" | "number"), (int() | float())) if not isinstance(value, bool):
            return _check_number(fact, value)
        case "text", str() if len(value) <= MOST_CHARACTERS and (not fact.values or value in fact.values):
            return value
        case "texts", (list() | tuple() | set() | frozenset()) if len(value) <= MOST_TEXTS:
            if all(isinstance(one, str) and len(one) <= MOST_CHARACTERS for one in value):
                return frozenset(value)
    raise InvalidFact(f"{fact.name} is {describe_kind(fact)}")


def _check_number(fact: Fact, value: int | float) -> int | float:
    # NaN is in no range.
    if not fact.least <= value <= fact.most or (fact.kind == "int" and value != int(value)):
        raise InvalidFact(f"{fact.name} is {describe_kind(fact)}")
    return int(value) if fact.kind == "int" else round(value, DECIMALS)


def describe_kind(fact: Fact) -> str:
    """The type of a fact for people, such as `a whole number from 1 to 10`."""
    match fact.kind:
        case "bool":
            return "true or false"
        case "texts":
            return "a set of texts"
        case "text":
            return f"one of {', '.join(fact.values)}" if fact.values else "a text"
        case "int" | "number":
            noun = "a whole number" if fact.kind == "int" else "a number"
            least = f" from {fact.least}" if fact.least != -GREATEST else ""
            return noun + least + (f" to {fact.most}" if fact.most != GREATEST else "" if not least else " up")
