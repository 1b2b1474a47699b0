"""Finds model names in a tree of settings, YAML or JSON: what stands under a key that speaks of a model."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pointsman.linting.findings import IN_MANIFEST, Find
from pointsman.linting.names import ModelNames, mentions_model, names_model

MOST_DEPTH = 200

_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_DEFAULT = re.compile(r"\$\{\w+:?-([^{}]+)\}")
_OPTION = re.compile(r"--[A-Za-z][\w-]*")

TRAFFIC = frozenset(
    [
        "choices",
        "messages",
        "usage",
        "object",
        "created",
        "stop_reason",
        "candidates",
        "system_fingerprint",
        "prompt_tokens",
    ]
)
"""Beside one of these a `model` is a part of a recorded request or answer."""

OWN_SHAPES = (
    {"providers", "models"},
    {"providers", "agents"},
    {"model_list"},
    {"agents.*.model"},
    {"models.*.provider"},
    {"routing_strategy"},
    {"agent_model_mapping"},
    {"fallback_configuration"},
    {"environments.*.agents"},
)
"""Keys that make a document one of Pointsman's own or of a form that it reads: there model names are at home."""


RESULTS = frozenset(
    ["results", "timestamp", "samples", "runs", "started_at", "finished_at", "created_at", "responses", "generations"]
)
"""A document with one of these at its top is what came out of something, not a setting of it."""


class TooDeep(Exception):
    """The tree is nested deeper than any settings are."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the tree: the key that it stands under, and where."""

    key: str
    text: str
    line: int
    column: int


@dataclass(slots=True)
class _Level:
    """A mapping or list that is being read.

    Attributes:
        is_mapping: whether it has keys.
        key: the key it stands under itself.
        pending: the key whose value comes next.
        keys: the keys that it has.
        texts: its texts, by key.
        below: what stands under its other keys.
    """

    is_mapping: bool
    key: str = ""
    pending: str | None = None
    keys: set[str] = field(default_factory=set)
    texts: list[Written] = field(default_factory=list)
    below: list[Written] = field(default_factory=list)


class SettingsTree:
    """Is told of a tree piece by piece, and keeps what may be a model's name."""

    def __init__(self) -> None:
        self._levels = [_Level(False)]
        self._paths: set[str] = set()

    @property
    def written(self) -> list[Written]:
        """The texts that stand under a key, without recorded traffic and results."""
        root = self._levels[0]
        return [*root.texts, *root.below] if RESULTS.isdisjoint(self._paths) else []

    @property
    def is_own_document(self) -> bool:
        """Whether model names are at home here."""
        return any(shape <= self._paths for shape in OWN_SHAPES)

    def open(self, is_mapping: bool) -> None:
        """A mapping or list begins.

        Raises:
            TooDeep: beyond `MOST_DEPTH`.
        """
        if len(self._levels) > MOST_DEPTH:
            raise TooDeep
        outer = self._levels[-1]
        key = outer.pending if outer.is_mapping and outer.pending is not None else outer.key
        outer.pending = None
        self._levels.append(_Level(is_mapping, key))

    def close(self) -> None:
        """The innermost one ends."""
        if len(self._levels) == 1:
            return
        level = self._levels.pop()
        outer = self._levels[-1]
        texts = {written.key: written.text for written in level.texts} if level.is_mapping else {}
        if not TRAFFIC.isdisjoint(level.keys):
            level.texts = []
        if "name" in texts and "value" in texts:
            level.texts = [_rename(written, texts["name"]) for written in level.texts]
        outer.below += [*level.texts, *level.below]
        outer.pending = None

    def add(self, text: str, line: int, column: int) -> None:
        """A single value, which may be a key."""
        level = self._levels[-1]
        if level.is_mapping and level.pending is None:
            level.pending = text
            level.keys.add(text)
            self._note_path(text)
            return
        key = level.pending if level.is_mapping and level.pending is not None else level.key
        if not level.is_mapping and _OPTION.fullmatch(level.pending or ""):
            key = level.pending or ""
        level.texts.append(Written(key, text, line, column))
        level.pending = None if level.is_mapping else text

    def _note_path(self, key: str) -> None:
        if len(self._levels) == 2:
            self._paths.add(key)
        elif len(self._levels) == 4:
            self._paths.add(f"{self._levels[2].key}.*.{key}")


def find_in_tree(tree: SettingsTree, names: ModelNames) -> Iterator[Find]:
    """The names in a tree."""
    for written in tree.written:
        for key, text in read_setting(written.key, written.text):
            known = names.read(text)
            if known and (names_model(key) or (known.is_distinctive and mentions_model(key))):
                yield Find(written.line, written.column, IN_MANIFEST, text)


def read_setting(key: str, text: str) -> Iterator[tuple[str, str]]:
    """What a text may set: itself, the value of `NAME=value`, the default of `${NAME:-default}`."""
    pair = _PAIR.fullmatch(text)
    key, text = (pair[1], pair[2]) if pair else (key, text)
    option, is_option, value = text.partition("=")
    if is_option and _OPTION.fullmatch(option):
        key, text = option, value
    default = _DEFAULT.fullmatch(text)
    yield key, default[1] if default else text


def _rename(written: Written, name: str) -> Written:
    is_value = written.key == "value"
    return Written(name, written.text, written.line, written.column) if is_value else written
