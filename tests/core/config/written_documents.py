"""Documents as hands write them: any mixture of block and flow style, quotes, comments, blank lines and indentation."""

import json
from dataclasses import dataclass

from hypothesis import strategies as st

from pointsman.core.config.nodes import Plain
from pointsman.core.config.source import Source, resolve_plain

TEXTS = st.one_of(
    st.sampled_from(
        ["gpt-4o", "no", "1.10", "a: b", "x # y", "*a", "&b", "!c", "%d", "", "two\nlines\n", "two\nlines", "é ü"]
    ),
    st.sampled_from(
        ["5s", "$${X}", "task.x == 'high'", 'say "so"', "C:\\x", "- a", "? b", " lead", "trail ", "a\tb", "~"]
    ),
    st.text("ab1.:-,[]{}'\"&*!|>#?%@\n\t ~<=$(", max_size=8).filter(lambda text: "${" not in text),
)
NUMBERS = st.integers(-(10**6), 10**6) | st.sampled_from([0.5, 1.0, 0.25, 1e-7, 2.5e9])
SCALARS = st.booleans() | NUMBERS | TEXTS
KEYS = st.sampled_from(["model", "fallback", "a", "b.c", "no", "x y", "1", "price_per_1m_tokens", "split", "#", "é"])
NAMES = st.sampled_from(["writer", "editor", "gpt-4.1", "on"])
VALUES: st.SearchStrategy[Plain] = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(KEYS, below, max_size=4),
    max_leaves=6,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)
NAMED = ("providers", "models", "agents")
SINGLE = ("routing", "cache", "policy")
SECTIONS: st.SearchStrategy[dict[str, Plain]] = st.fixed_dictionaries(
    {},
    optional={
        **{section: st.dictionaries(NAMES, MAPPINGS, max_size=3) for section in NAMED},
        **dict.fromkeys(SINGLE, MAPPINGS),
        "budgets": st.lists(MAPPINGS | SCALARS, max_size=4),
    },
)
COMMENTS = st.sampled_from(["", "", "", "  # so", " # a: b", "   #"])


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes values as YAML, each in a style that is drawn."""

    data: st.DataObject

    def write_document(self, document: dict[str, Plain]) -> bytes:
        """The text of a document, with the odd byte order mark and line break."""
        if not document:
            return b"{}\n"
        head = self._pick("", "# head\n", "---\n", "\n# head\n\n", "%YAML 1.2\n---\n")
        text = head + "\n".join(self._write_mapping(document, 0)) + self._pick("\n", "", "\n# foot\n", "\n\n\n")
        return (self._pick("", "", "\ufeff") + text.replace("\n", self._pick("\n", "\n", "\r\n"))).encode()

    def _pick(self, *options: str) -> str:
        return self.data.draw(st.sampled_from(options))

    def _chance(self) -> bool:
        return self.data.draw(st.booleans())

    def _write_between(self, column: int) -> list[str]:
        """What may stand above a key or an item."""
        comment = " " * column + "# about it"
        return self.data.draw(st.sampled_from([[], [], [""], [comment], [comment, comment], ["", comment], ["# left"]]))

    def _write_mapping(self, mapping: dict[str, Plain], column: int) -> list[str]:
        lines: list[str] = []
        for name, value in mapping.items():
            key = name if name.isalpha() and self._chance() else self._quote(name)
            lines += self._write_between(column)
            lines += self._write_after(f"{' ' * column}{key}{self._pick('', '', ' ')}:", value, column, column)
        return lines + self.data.draw(st.sampled_from([[], [], [" " * (column + 1) + "# end"]]))

    def _write_list(self, items: list[Plain], column: int) -> list[str]:
        lines: list[str] = []
        for item in items:
            lines += self._write_between(column)
            lines += self._write_after(f"{' ' * column}-", item, column, column + 1)
        return lines

    def _write_after(self, start: str, value: Plain, column: int, least: int) -> list[str]:
        """A value behind its key or dash; a list may stand in the column of its key, but not in that of a dash."""
        comment = self.data.draw(COMMENTS)
        if isinstance(value, dict | list) and value and self.data.draw(st.integers(0, 3)):
            least = least if isinstance(value, list) else column + 1
            below = self.data.draw(st.integers(least, column + 4))
            lines = self._write_block(value, below)
            first = lines[0].strip()
            if start.endswith("-") and below == column + 2 and first and not first.startswith("#") and self._chance():
                return [f"{start} {first}", *lines[1:]]
            return [start + comment, *lines]
        if isinstance(value, str) and _is_literal(value) and self._chance():
            header = "|" if value.endswith("\n") else "|-"
            return [f"{start} {header}", *(" " * (column + 3) + line for line in value.splitlines())]
        return [f"{start}{self._pick(' ', '  ')}{self._write_flow(value, column + 1)}{comment}"]

    def _write_block(self, value: dict[str, Plain] | list[Plain], column: int) -> list[str]:
        return self._write_mapping(value, column) if isinstance(value, dict) else self._write_list(value, column)

    def _write_flow(self, value: Plain, column: int) -> str:
        if isinstance(value, dict | list):
            opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
            separator = self._pick(", ", ",", f",\n{' ' * column}", f",  # so\n{' ' * column}")
            return opening + self._pick("", " ") + separator.join(self._write_parts(value, column)) + closing
        if isinstance(value, str):
            return value if value.isalpha() and resolve_plain(value) == value else self._quote(value)
        return json.dumps(value) if not isinstance(value, float) else format(value, "f")

    def _write_parts(self, value: dict[str, Plain] | list[Plain], column: int) -> list[str]:
        if isinstance(value, list):
            return [self._write_flow(item, column) for item in value]
        return [f"{self._quote(name)}: {self._write_flow(below, column)}" for name, below in value.items()]

    def _quote(self, text: str) -> str:
        if text.isprintable() and "  " not in text and self._chance():
            return "'" + text.replace("'", "''") + "'"
        return json.dumps(text, ensure_ascii=self._chance())


@st.composite
def environments(draw: st.DrawFn, document: dict[str, Plain]) -> dict[str, Plain]:
    """What one environment changes: only what the document has."""
    overlay: dict[str, Plain] = {}
    for section, value in document.items():
        if not draw(st.booleans()):
            continue
        if section in NAMED and isinstance(value, dict):
            overlay[section] = {name: draw(MAPPINGS) for name in value if draw(st.booleans())}
        else:
            overlay[section] = draw(st.lists(SCALARS, max_size=2) if section == "budgets" else MAPPINGS)
    return overlay


@st.composite
def stored_layers(draw: st.DrawFn, document: dict[str, Plain]) -> dict[str, Plain]:
    """A stored layer for a document: mostly about what it has, now and then about something new."""
    stored: dict[str, Plain] = {}
    for section, value in document.items():
        if section != "version" and draw(st.booleans()):
            stored[section] = draw(_changed(value, in_place=True))
    for section in draw(st.lists(st.sampled_from((*NAMED, *SINGLE, "budgets")), max_size=2)):
        new = st.lists(MAPPINGS, max_size=2) if section == "budgets" else st.dictionaries(NAMES, MAPPINGS, max_size=2)
        stored.setdefault(section, draw(new))
    return stored


@st.composite
def _changed(draw: st.DrawFn, value: Plain, in_place: bool = False) -> Plain:
    """What a stored layer may say about a value; `in_place` for a section, which stays what it is."""
    if isinstance(value, dict) and (in_place or draw(st.integers(0, 9))):
        stored: dict[str, Plain] = {}
        for name, below in value.items():
            match draw(st.integers(0, 5)):
                case 0:
                    stored[name] = None
                case 1 | 2:
                    stored[name] = draw(_changed(below))
        return {**stored, **draw(st.dictionaries(KEYS, VALUES | st.none(), max_size=2))}
    if isinstance(value, list) and draw(st.integers(0, 9)):
        return draw(_changed_list(value))
    return draw(VALUES)


@st.composite
def _changed_list(draw: st.DrawFn, items: list[Plain]) -> list[Plain]:
    """The items with some of them gone, some changed and some new."""
    changed: list[Plain] = []
    for item in items:
        match draw(st.integers(0, 6)):
            case 0:
                continue
            case 1:
                changed.append(draw(VALUES))
            case 2 if isinstance(item, dict):
                changed.append({**item, **draw(MAPPINGS)})
            case 3 if isinstance(item, dict):
                changed.append({name: below for name, below in item.items() if draw(st.booleans())})
            case 4:
                changed += [draw(VALUES), item]
            case _:
                changed.append(item)
    return changed


@st.composite
def written_files(draw: st.DrawFn) -> tuple[Source, ...]:
    """The files of a document with two environments, as hands wrote them."""
    pen = Pen(draw(st.data()))
    document = draw(SECTIONS)
    overlays = {name: draw(environments(document)) for name in ("production", "development")}
    parts: list[dict[str, Plain]] = [{"version": 1}, {}]
    for section, value in document.items():
        parts[draw(st.integers(0, 1))][section] = value
    files: list[tuple[str, dict[str, Plain], str | None]] = [("pointsman.yaml", parts[0], None)]
    if parts[1]:
        files.append(("agents.yaml", parts[1], None))
    for name, overlay in overlays.items():
        if draw(st.booleans()):
            files.append((f"environments/{name}.yaml", overlay, name))
        else:
            below = parts[0].setdefault("environments", {})
            assert isinstance(below, dict)
            below[name] = overlay
    return tuple(Source(file, pen.write_document(written), name) for file, written, name in files)


def _is_literal(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    return bool(text.strip()) and all(line.isprintable() and line.strip() == line and line for line in lines)
