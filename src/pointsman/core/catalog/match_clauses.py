"""Reads how genai-prices matches ids of models: plain clauses by kind, and whatever joins clauses as one pattern."""

import re
from collections.abc import Callable, Mapping

Clause = dict[str, object]
"""One member, such as `{"starts_with": "gpt-4o"}`; `and` and `or` hold a list of clauses."""

_PLAIN = ("equals", "starts_with", "contains", "ends_with")

_PATTERNS: Mapping[str, Callable[[str], str]] = {
    "regex": lambda text: text if text.startswith("^") else f".*?(?:{text})",
    "equals": lambda text: re.escape(text.lower()) + "$",
    "starts_with": lambda text: re.escape(text.lower()),
    "contains": lambda text: ".*?" + re.escape(text.lower()),
    "ends_with": lambda text: ".*" + re.escape(text.lower()) + "$",
}
"""Each kind as a regular expression for `re.match` that accepts what the clause accepts."""


def read_clauses(match: Clause) -> dict[str, tuple[str, ...]]:
    """The ways to name a model, by kind, each in order; `matches` are regular expressions.

    Raises:
        ValueError: for a clause of another kind.
    """
    kind, value = _split(match)
    found: dict[str, list[str]] = {name: [] for name in (*_PLAIN, "matches")}
    for clause in _list_parts(value) if kind == "or" else [match]:
        kind, value = _split(clause)
        if kind in _PLAIN and type(value) is str:
            found[kind].append(value.lower())
        else:
            found["matches"].append(_write_pattern(clause))
    return {name: tuple(sorted(names)) for name, names in found.items()}


def _write_pattern(clause: Clause) -> str:
    kind, value = _split(clause)
    if kind == "and":
        return "".join(f"(?={_write_pattern(part)})" for part in _list_parts(value))
    if kind == "or":
        return "|".join(f"(?:{_write_pattern(part)})" for part in _list_parts(value))
    if kind not in _PATTERNS or type(value) is not str:
        raise ValueError(f"a clause of an unknown kind: {kind[:64]!r}")
    return _PATTERNS[kind](value)


def _split(clause: Clause) -> tuple[str, object]:
    if len(clause) != 1:
        raise ValueError("a clause has one member")
    ((kind, value),) = clause.items()
    return kind, value


def _list_parts(value: object) -> list[Clause]:
    if type(value) is not list or not all(type(part) is dict for part in value):
        raise ValueError("`and` and `or` join a list of clauses")
    return value
