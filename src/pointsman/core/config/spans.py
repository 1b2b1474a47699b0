"""Where each value of a YAML text begins and ends, in characters, so that an edit touches that and nothing else.

Only for texts that `read_source` has read without a problem: there are no aliases, no tags and no second document.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from pointsman.core.config.find_path import Steps
from pointsman.core.config.nodes import Plain, ScalarValue
from pointsman.core.config.source import resolve_plain

_Loader: type[yaml.CLoader | yaml.Loader] = getattr(yaml, "CLoader", yaml.Loader)
_BREAKS = "\r\n"


@dataclass(frozen=True, slots=True)
class ScalarSpan:
    """A single value.

    Attributes:
        start: offset of its first character, of the quote where it has one.
        end: offset behind its last character; blank lines after a block scalar do not count.
        stop: the same, with the blank lines that are part of a block scalar.
        style: `""` when plain, else its quote, `|` or `>`.
        value: what it means.
    """

    start: int
    end: int
    stop: int
    style: str
    value: ScalarValue


@dataclass(frozen=True, slots=True)
class ListSpan:
    """Values in order; `flow` is whether it is written `[a, b]`. `start` is where its first dash or its bracket is."""

    start: int
    end: int
    stop: int
    flow: bool
    items: tuple["Span", ...]


@dataclass(frozen=True, slots=True)
class EntrySpan:
    """One key of a mapping and its value; the key's quotes lie between `start` and `end`."""

    start: int
    end: int
    value: "Span"


@dataclass(frozen=True, slots=True)
class MappingSpan:
    """Values by name; `flow` is whether it is written `{a: 1}`."""

    start: int
    end: int
    stop: int
    flow: bool
    entries: dict[str, EntrySpan]


Span = ScalarSpan | ListSpan | MappingSpan


def read_spans(text: str) -> MappingSpan:
    """The spans of a document whose root is a mapping."""
    events = yaml.parse(text, Loader=_Loader)
    for event in events:
        if isinstance(event, yaml.NodeEvent):
            root = _read_span(event, events, text)
            assert isinstance(root, MappingSpan), "the document has been read as a mapping"
            return root
    raise AssertionError("the document has been read as a mapping")


def find_span(root: Span, steps: Steps) -> Span | None:
    """What the steps lead to, or `None` when there is nothing."""
    found: Span = root
    for step in steps:
        if isinstance(found, MappingSpan) and isinstance(step, str) and step in found.entries:
            found = found.entries[step].value
        elif isinstance(found, ListSpan) and isinstance(step, int) and step < len(found.items):
            found = found.items[step]
        else:
            return None
    return found


def to_plain_value(span: Span) -> Plain:
    """What a span says."""
    if isinstance(span, ScalarSpan):
        return span.value
    if isinstance(span, ListSpan):
        return [to_plain_value(item) for item in span.items]
    return {name: to_plain_value(entry.value) for name, entry in span.entries.items()}


def _read_span(event: yaml.NodeEvent, events: Iterator[yaml.Event], text: str) -> Span:
    start, end = _offsets(event)
    if isinstance(event, yaml.MappingStartEvent):
        return _read_mapping(start, text[start:end] == "{", events, text)
    if isinstance(event, yaml.SequenceStartEvent):
        return _read_list(start, text[start:end] == "[", events, text)
    assert isinstance(event, yaml.ScalarEvent), "aliases have been refused"
    style = "" if event.style is None else event.style
    # The mark of a block scalar lies behind its line break, and behind the blank lines that follow.
    last = len(text[start:end].rstrip(_BREAKS + " ")) + start if style in ("|", ">") else end
    value: ScalarValue = resolve_plain(event.value) if event.implicit[0] else event.value
    return ScalarSpan(start, last, end, style, value)


def _read_list(start: int, flow: bool, events: Iterator[yaml.Event], text: str) -> ListSpan:
    items: list[Span] = []
    for event in events:
        if not isinstance(event, yaml.NodeEvent):
            end, stop = _ends(event, flow, items)
            return ListSpan(start, end, stop, flow, tuple(items))
        items.append(_read_span(event, events, text))
    raise AssertionError("the parser closes each list")


def _read_mapping(start: int, flow: bool, events: Iterator[yaml.Event], text: str) -> MappingSpan:
    entries: dict[str, EntrySpan] = {}
    for event in events:
        if not isinstance(event, yaml.NodeEvent):
            end, stop = _ends(event, flow, [entry.value for entry in entries.values()])
            return MappingSpan(start, end, stop, flow, entries)
        assert isinstance(event, yaml.ScalarEvent), "a key has been read as a name"
        value = next(events)
        assert isinstance(value, yaml.NodeEvent), "the parser follows each key with a value"
        entries[event.value] = EntrySpan(*_offsets(event), _read_span(value, events, text))
    raise AssertionError("the parser closes each mapping")


def _ends(event: yaml.Event, flow: bool, below: list[Span]) -> tuple[int, int]:
    """A flow collection ends with its bracket; one in block style with its last value, not at the next token."""
    end = _offsets(event)[1]
    if flow or not below:
        return end, end
    return below[-1].end, below[-1].stop


def _offsets(event: yaml.Event) -> tuple[int, int]:
    assert event.start_mark is not None and event.end_mark is not None, "the parser marks every event"
    return event.start_mark.index, event.end_mark.index
