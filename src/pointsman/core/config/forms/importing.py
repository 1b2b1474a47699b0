"""Turns a configuration in another form into one file of ours, whose decisions are those of the original."""

from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.assemble import assemble
from pointsman.core.config.forms.adaptation import Adapted, Note
from pointsman.core.config.forms.dotenv import read_variables_file
from pointsman.core.config.forms.table import ENVIRONMENT
from pointsman.core.config.forms.unknown_models import leave_out_unknown
from pointsman.core.config.forms.variables import build_layer
from pointsman.core.config.nodes import MappingNode, Plain, WrittenFloat, to_plain
from pointsman.core.config.problems import Findings, Place
from pointsman.core.config.source import Source
from pointsman.core.config.write_document import write_document

MOST_NOTES_IN_FILE = 50

_MONEY = frozenset(("limit", "cloud_budget_per_day"))
_PRICE = "price_per_1m_tokens"
_NAMED = ("providers", "models", "agents", "interactions", "tasks")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a configuration came to.

    Attributes:
        form: the form that it is in, or `None` when it is in ours already or cannot be read.
        text: the file of ours; `""` when there is none.
        notes: what reads differently now, or could not be taken over.
    """

    form: str | None
    text: str = ""
    notes: tuple[Note, ...] = ()


def import_adapted(adapted: Adapted, origin: str) -> Imported:
    """Turn files that have been read without an error into one of ours.

    Args:
        adapted: the files, as `adapt_files` answers them.
        origin: where they come from, for the comment at the top.
    """
    if adapted.form is None:
        return Imported(None)
    # What two files disagree about has been an error before; assembling them again finds nothing new.
    root, left_out = leave_out_unknown(assemble(adapted.files, Findings()))
    notes = (*adapted.notes, *left_out)
    return Imported(adapted.form, _write(root, adapted.form, notes, origin), notes)


def import_variables(source: Source, catalog: Catalog) -> Imported:
    """Turn a file of variables into a configuration of ours; what other variables hold is not even kept."""
    findings = Findings()
    root = build_layer(read_variables_file(source), catalog, findings)
    notes = tuple(
        Note(Place(warning.line, warning.column, warning.path, source.file), warning.message)
        for warning in findings.in_order()
    )
    if root is None:
        return Imported(None, "", notes)
    return Imported(ENVIRONMENT, _write(root, ENVIRONMENT, notes, source.file), notes)


def _write(root: MappingNode, form: str, notes: Sequence[Note], origin: str) -> str:
    plain = to_plain(root)
    assert isinstance(plain, dict), "a document is a mapping"
    document: dict[str, Plain] = {"version": 1}
    document |= {name: _write_money(value, name) for name, value in plain.items() if name not in ("version", "include")}
    head = [f"# Imported by `pointsman import {form}` from {origin}; comments say where an entry comes from."]
    if notes:
        head.append("# What reads differently now, or could not be taken over:")
        head += [f"#   {note}" for note in notes[:MOST_NOTES_IN_FILE]]
    shown = "\n".join("".join(part if part.isprintable() else " " for part in line) for line in head)
    return f"{shown}\n{write_document(document, _list_origins(root))}"


def _list_origins(root: MappingNode) -> dict[tuple[str, str], str]:
    origins: dict[tuple[str, str], str] = {}
    for section in _NAMED:
        written = root.entries.get(section)
        if written is not None and isinstance(written.value, MappingNode):
            for name, entry in written.value.entries.items():
                origins[section, name] = f"{entry.key.file}:{entry.key.line}"
    return origins


def _write_money(value: Plain, name: str) -> Plain:
    """Amounts as texts, as the document has them."""
    if isinstance(value, dict):
        return {
            key: _as_text(below) if key in _MONEY or name == _PRICE else _write_money(below, key)
            for key, below in value.items()
        }
    if isinstance(value, list):
        return [_write_money(item, name) for item in value]
    return value


def _as_text(value: Plain) -> Plain:
    if isinstance(value, WrittenFloat):
        return value.text
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
