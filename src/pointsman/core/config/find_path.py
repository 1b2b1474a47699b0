"""Paths as people write them, such as `agents.cto_agent.fallback[1]`, and the values that they lead to.

A key may hold dots, as in `models.gpt-4.1.provider`: where several readings lead somewhere, the longest key counts.
"""

import re
import sys
from collections.abc import Iterator, Sequence

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.nodes import ListNode, MappingNode, Node
from pointsman.core.config.problems import MOST_ECHOED, quote
from pointsman.core.config.suggest import suggest_name

Steps = tuple[str | int, ...]
"""Keys and indexes that lead from the root to a value."""

LONGEST_PATH = 2_048
"""Characters; a longer text is no path."""

MOST_SUGGESTIONS = 3

_INDEX = re.compile(r"\[([0-9]{1,6})\]")
_QUOTED = re.compile(r"""\.?\[(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\]""")
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)", re.DOTALL)
_ENDS = re.compile(r"[.\[]|\Z")
_PLAIN_STEP = re.compile(r"[\w./:@-]{1,128}", re.ASCII)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}


def find_path(root: MappingNode, text: str) -> Steps | None:
    """The keys and indexes that a path stands for in a document, or `None` when it leads nowhere.

    Args:
        root: the document.
        text: with keys between dots, `[1]` for the second item of a list, and `["a key"]` for a key with other
            characters in it; `""` is the document itself.
    """
    return _follow(root, text, 0) if len(text) <= LONGEST_PATH else None


def find_value(root: Node, steps: Sequence[str | int]) -> Node | None:
    """What the steps lead to, or `None` when there is nothing."""
    found: Node = root
    for step in steps:
        if isinstance(found, MappingNode) and isinstance(step, str) and step in found.entries:
            found = found.entries[step].value
        elif isinstance(found, ListNode) and isinstance(step, int) and step < len(found.items):
            found = found.items[step]
        else:
            return None
    return found


def write_path(steps: Sequence[str | int]) -> str:
    """The path that leads along these steps, in the form that problems name it."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN_STEP.fullmatch(step) and not holds_secret(step):
            path += f".{step}" if path else step
        else:
            path += f"[{_quote_key(step)}]"
    return path


def suggest_paths(root: MappingNode, text: str) -> tuple[str, ...]:
    """At most three paths that exist and that a path which leads nowhere may have been meant to be."""
    if len(text) > LONGEST_PATH:
        return ()
    found: list[str] = []
    reached: Steps = ()
    for end in (*reversed([match.start() for match in _ENDS.finditer(text)]), 0):
        steps = _follow(root, text[:end], 0)
        if steps is not None:
            found += _suggest_below(root, steps, text[end:])
            reached = reached or steps
    furthest = [path for path in dict.fromkeys(found) if not any(other.startswith(path + ".") for other in found)]
    if not furthest and reached:
        return (write_path(reached),)
    return tuple(sorted(furthest, key=len, reverse=True)[:MOST_SUGGESTIONS])


def _follow(node: Node, text: str, at: int) -> Steps | None:
    """The steps from a node for the text from a position on, trying the longest key first."""
    if at == len(text):
        return ()
    for step, below, end in _list_steps(node, text, at):
        rest = _follow(below, text, end)
        if rest is not None:
            return (step, *rest)
    return None


def _list_steps(node: Node, text: str, at: int) -> Iterator[tuple[str | int, Node, int]]:
    """Every step that the text may begin with, where it leads, and where the text goes on."""
    if isinstance(node, ListNode):
        index = _INDEX.match(text, at)
        if index and int(index[1]) < len(node.items):
            yield int(index[1]), node.items[int(index[1])], index.end()
        return
    if not isinstance(node, MappingNode):
        return
    quoted = _QUOTED.match(text, at)
    if quoted:
        key = _unquote(quoted[1]) if quoted[1] is not None else quoted[2]
        if key in node.entries:
            yield key, node.entries[key].value, quoted.end()
    start = at + 1 if at and text[at] == "." else at
    if at and start == at:
        return
    for end in reversed([match.start() for match in _ENDS.finditer(text, start)]):
        key = text[start:end]
        if key in node.entries:
            yield key, node.entries[key].value, end


def _suggest_below(root: MappingNode, steps: Steps, rest: str) -> Iterator[str]:
    """Paths below a value that exist and that the rest of a text may have been meant to be."""
    holder = find_value(root, steps)
    if not isinstance(holder, MappingNode):
        return
    for end in _ENDS.finditer(rest, 1):
        meant = suggest_name(rest[: end.start()].removeprefix("."), holder.entries)
        if meant is not None:
            below = _follow(holder.entries[meant].value, rest, end.start())
            yield write_path((*steps, meant, *(below or ())))


def _quote_key(key: str) -> str:
    """Quoted as problems do it, in full unless it is a secret."""
    if holds_secret(key):
        return quote(key)
    pieces = (key[start : start + MOST_ECHOED] for start in range(0, len(key), MOST_ECHOED))
    return '"' + "".join(quote(piece)[1:-1] for piece in pieces) + '"'


def _unquote(text: str) -> str:
    return _ESCAPE.sub(lambda escape: _read_escape(escape[1]), text)


def _read_escape(escape: str) -> str:
    if len(escape) > 1:
        number = int(escape[1:], 16)
        return chr(number) if number <= sys.maxunicode else escape
    return _LETTERS.get(escape, escape)
