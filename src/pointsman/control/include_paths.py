"""Finds the files that an `include` entry names; none outside of the main file's folder, by whatever way."""

import fnmatch
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from posixpath import isabs, join, normpath

from pointsman.core.config.nodes import ListNode, MappingNode, ScalarNode
from pointsman.core.config.problems import Findings, Place, quote
from pointsman.core.config.source import Source, read_source

MOST_STEPS = 16
"""Folders that an entry may lead through."""
LONGEST_TEXT = 4_096
MOST_ENTRIES = 100
"""Per file; the document allows no more."""

ListFolder = Callable[[str], Sequence[str] | None]
"""The names in a folder, given relative to the main file's; `None` when it cannot be listed or lies outside."""

_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an `include` list: what it says, and where it stands."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """What an entry leads to.

    Attributes:
        paths: relative to the main file's folder, in order.
        by_pattern: whether a pattern found them; it may then name the file that it stands in.
    """

    paths: tuple[str, ...]
    by_pattern: bool


def list_entries(source: Source) -> tuple[Entry, ...]:
    """The entries of a file's `include`; what is wrong with their form is judged when the document is compiled."""
    # Most files have none, and reading one twice is slow; an escape might spell the key out.
    if b"include" not in source.content and b"\\" not in source.content:
        return ()
    root = read_source(source, Findings())
    written = root.entries.get("include") if isinstance(root, MappingNode) else None
    if written is None or not isinstance(written.value, ListNode):
        return ()
    return tuple(
        Entry(item.place, item.value)
        for item in written.value.items[:MOST_ENTRIES]
        if isinstance(item, ScalarNode) and isinstance(item.value, str)
    )


def find_paths(text: str, folder: str, list_folder: ListFolder) -> Named | str:
    """The files that an entry names, or why it may not stand there.

    Args:
        text: the entry.
        folder: of the file that it stands in, relative to the main file's.
        list_folder: looks into a folder for what a pattern matches.
    """
    if not text or not text.isprintable() or len(text) > LONGEST_TEXT:
        return "this names no file"
    if isabs(text):
        return f"{quote(text)} is an absolute path; write it relative to this file"
    steps = normpath(join(folder, text)).split("/")
    if steps[0] == "..":
        return f"{quote(text)} leads outside of the configuration's folder; move the file into it"
    if len(steps) > MOST_STEPS:
        return f"{quote(text)} leads through more than {MOST_STEPS} folders"
    if "**" in steps:
        return f"{quote(text)} holds `**`; name the folders one by one"
    if not _WILDCARD.search("/".join(steps)):
        return Named(("/".join(steps),), by_pattern=False)
    paths = _match(steps, list_folder)
    return Named(paths, by_pattern=True) if paths else f"nothing matches {quote(text)}"


def leads_outside(target: str, root: str) -> bool:
    """Whether a path without symbolic links lies outside of a folder without them."""
    return os.path.commonpath((target, root)) != root


def is_left_alone(name: str) -> bool:
    """Whether a name is that of a hidden file or an editor's copy, which nobody means to be read."""
    return name.startswith((".", "#")) or name.endswith("~")


def _match(steps: Sequence[str], list_folder: ListFolder) -> tuple[str, ...]:
    first = next(index for index, step in enumerate(steps) if _WILDCARD.search(step))
    found = ["/".join(steps[:first])]
    for step in steps[first:]:
        found = [
            join(folder, name)
            for folder in found
            for name in sorted(list_folder(folder) or ())
            if fnmatch.fnmatchcase(name, step) and (not is_left_alone(name) or _asks_for(step, name))
        ]
    return tuple(found)


def _asks_for(step: str, name: str) -> bool:
    """Whether a pattern spells out what makes a name hidden or a copy."""
    return step.endswith("~") if name.endswith("~") else step.startswith(name[0])
