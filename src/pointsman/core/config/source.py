"""Reads YAML text into nodes by the 1.2 core schema, from the parser's events, so that nothing is lost or guessed.

What makes a text mean something else to another reader (duplicate keys, aliases, tags, a second document) is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, ScalarValue, WrittenFloat
from pointsman.core.config.problems import Findings, Place, quote

MOST_BYTES = 1024 * 1024
MOST_NODES = 50_000
MOST_DEPTH = 32
MOST_REASON = 200

_Loader: type[yaml.CLoader | yaml.Loader] = getattr(yaml, "CLoader", yaml.Loader)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, ScalarValue] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
# Controls but tab and line ends; and what turns text around or breaks lines for some readers only.
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*", re.MULTILINE)
_PLAIN_STEP = re.compile(r"[\w./:@-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was found.

    Attributes:
        file: how messages name it.
        content: its bytes.
        environment: the environment that it holds the overlay of, or `None` for a part of the document itself.
    """

    file: str
    content: bytes
    environment: str | None = None


class _Unreadable(Exception):
    """The rest of the text cannot be read; the reason has been noted."""


def read_source(source: Source, findings: Findings) -> MappingNode | None:
    """Read a document; never raises.

    Returns:
        The tree, as far as it goes with the problems noted in `findings`, or `None` when there is none to judge.
    """
    try:
        text = _decode(source, findings)
        _refuse_secret_in_comment(text, source.file, findings)
        return _Reader(source.file, text, findings).read_document()
    except _Unreadable:
        return None


def resolve_plain(text: str) -> ScalarValue:
    """What an unquoted text means in the core schema, strictly: `no`, `017`, `1_000` and `.inf` are strings."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return WrittenFloat(text) if _FLOAT.fullmatch(text) else text


def _decode(source: Source, findings: Findings) -> str:
    start, content = Place(1, 1, "", source.file), source.content
    if len(content) > MOST_BYTES:
        findings.add(start, "too_large", f"the file has more than {MOST_BYTES:,} bytes")
        raise _Unreadable
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        findings.add(_place_after(before, source.file), "invalid_encoding", "the file is not UTF-8; save it as UTF-8")
        raise _Unreadable from None
    unseen = UNSEEN.search(text)
    if unseen:
        message = f"the character U+{ord(unseen[0]):04X} may not stand in a configuration"
        findings.add(_place_after(text[: unseen.start()], source.file), "invalid_encoding", message)
        raise _Unreadable
    return text


def _refuse_secret_in_comment(text: str, file: str, findings: Findings) -> None:
    """A comment is kept and shown with its file, so it may hold no key either; the first one found is told."""
    found = next((comment for comment in _COMMENT.finditer(text) if holds_secret(comment[0])), None)
    if found is not None:
        place = _place_after(text[: found.start()], file)
        findings.add(place, "inline_secret", "what looks like a secret stands behind this `#`; replace that key")


def _place_after(text: str, file: str) -> Place:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Place(len(lines), len(lines[-1]) + 1, "", file)


class _Reader:
    """Builds the tree in one pass over the events; what it reads is bounded, so recursion is too."""

    def __init__(self, file: str, text: str, findings: Findings) -> None:
        self._file = file
        self._text = text
        self._findings = findings
        self._nodes = 0

    def read_document(self) -> MappingNode | None:
        events = self._follow_events()
        root = self._read_root(events)
        if isinstance(root, MappingNode):
            return root
        place = root.place if root else Place(1, 1, "", self._file)
        self._findings.add(place, "not_a_mapping", "the document must be a mapping, such as `providers: {...}`")
        return None

    def _read_root(self, events: Iterator[yaml.Event]) -> Node | None:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                place = self._place_of(event, "")
                self._findings.add(place, "multiple_documents", "a second document starts here; keep one per file")
                break
            if isinstance(event, yaml.NodeEvent):
                root = self._read_node(event, events, "", 1)
        return root

    def _follow_events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self._text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            place = Place(line, column, "", self._file)
            reason = ", ".join(part for part in (error.context, error.problem) if part)
            self._findings.add(place, "yaml_syntax", f"this is not YAML: {reason[:MOST_REASON]}")
            raise _Unreadable from None
        except yaml.YAMLError:
            self._findings.add(Place(1, 1, "", self._file), "yaml_syntax", "this is not YAML")
            raise _Unreadable from None

    def _read_node(self, event: yaml.NodeEvent, events: Iterator[yaml.Event], path: str, depth: int) -> Node:
        place = self._place_of(event, path)
        self._count(place, depth)
        self._refuse_indirection(event, place)
        if isinstance(event, yaml.MappingStartEvent):
            return self._read_mapping(place, events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._read_list(place, events, depth)
        if isinstance(event, yaml.ScalarEvent):
            plain = event.implicit[0]
            value: ScalarValue = resolve_plain(event.value) if plain else event.value
            return ScalarNode(place, event.value, value, _find_lead(event))
        return ScalarNode(place, "", None)

    def _read_list(self, place: Place, events: Iterator[yaml.Event], depth: int) -> ListNode:
        items: list[Node] = []
        for event in events:
            if not isinstance(event, yaml.NodeEvent):
                break
            items.append(self._read_node(event, events, f"{place.path}[{len(items)}]", depth + 1))
        return ListNode(place, tuple(items))

    def _read_mapping(self, place: Place, events: Iterator[yaml.Event], depth: int) -> MappingNode:
        entries: dict[str, Entry] = {}
        for event in events:
            if not isinstance(event, yaml.NodeEvent):
                break
            key = self._read_key(event, events, place.path, depth)
            value_event = next(events)
            assert isinstance(value_event, yaml.NodeEvent), "the parser follows each key with a value"
            value = self._read_node(value_event, events, key.place.path, depth + 1)
            if self._accepts_key(key, entries):
                entries[key.text] = Entry(key.place, value)
        return MappingNode(place, entries)

    def _read_key(self, event: yaml.NodeEvent, events: Iterator[yaml.Event], parent: str, depth: int) -> ScalarNode:
        text = event.value if isinstance(event, yaml.ScalarEvent) else ""
        key = self._read_node(event, events, join_path(parent, text), depth + 1)
        if isinstance(key, ScalarNode):
            return key
        self._findings.spoil(key.place, "invalid_type", "a key must be a name, not a list or a mapping")
        return ScalarNode(key.place, "", None)

    def _accepts_key(self, key: ScalarNode, entries: dict[str, Entry]) -> bool:
        if self._findings.is_spoiled(key.place):
            return False
        if key.text == "<<":
            self._findings.add(key.place, "alias_not_allowed", "merge keys are not allowed; write the values out")
            return False
        if key.text in entries:
            first = entries[key.text].key
            message = f"{quote(key.text)} stands on line {first.line} already; keep one of them"
            self._findings.add(key.place, "duplicate_key", message)
            return False
        return True

    def _place_of(self, event: yaml.Event, path: str) -> Place:
        mark = event.start_mark
        assert mark is not None, "the parser marks every event"
        return Place(mark.line + 1, mark.column + 1, path, self._file)

    def _count(self, place: Place, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._findings.add(place, "too_large", f"the document has more than {MOST_NODES:,} values")
            raise _Unreadable
        if depth > MOST_DEPTH:
            self._findings.add(place, "too_deep", f"the document is nested deeper than {MOST_DEPTH} levels")
            raise _Unreadable

    def _refuse_indirection(self, event: yaml.NodeEvent, place: Place) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._findings.spoil(place, "alias_not_allowed", "aliases (`*name`) are not allowed; write the value out")
        elif event.anchor is not None:
            self._findings.add(place, "alias_not_allowed", "anchors (`&name`) are not allowed; leave it out")
        if getattr(event, "tag", None) is not None:
            self._findings.spoil(place, "tag_not_allowed", "tags (`!name`) are not allowed; write the value plainly")


def _find_lead(event: yaml.ScalarEvent) -> int | None:
    """How far behind its mark a scalar's text begins, if the text stands there as it is."""
    start, end = event.start_mark, event.end_mark
    assert start is not None and end is not None, "the parser marks every event"
    lead = 1 if event.style in ("'", '"') else 0
    stands = event.style not in ("|", ">") and start.line == end.line
    return lead if stands and end.column - start.column == len(event.value) + 2 * lead else None


def join_path(parent: str, key: str) -> str:
    """The path of a key's value, without whatever looks like a secret."""
    step = key if _PLAIN_STEP.fullmatch(key) and not holds_secret(key) else f"[{quote(key)}]"
    return f"{parent}.{step}" if parent else step
