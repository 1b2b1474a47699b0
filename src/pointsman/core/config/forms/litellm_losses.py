"""Says of each key of LiteLLM's that nothing here stands for what becomes of it; values are never repeated."""

from collections.abc import Iterable, Mapping
from functools import partial

from pointsman.core.config.forms.adaptation import Adaptation, Carry
from pointsman.core.config.nodes import Entry
from pointsman.core.config.problems import quote


def build_losses(
    adaptation: Adaptation, noted: Mapping[str, str], lost: Mapping[str, str], written: Iterable[str]
) -> dict[str, Carry]:
    """What to do with the keys that are not carried.

    Args:
        adaptation: where notes and problems go.
        noted: keys without which nothing behaves differently, and why.
        lost: keys without which something does.
        written: keys that are there, so that only those are prepared beyond their names.
    """
    there = frozenset(written)
    return {
        **{name: partial(_note, adaptation, name, reason) for name, reason in noted.items() if name in there},
        **{name: partial(_lose, adaptation, name, reason) for name, reason in lost.items() if name in there},
    }


def lose_foreign(
    adaptation: Adaptation, written: Mapping[str, Entry], keys: Mapping[str, Carry], prefixes: tuple[str, ...]
) -> dict[str, Entry]:
    """The entries without those that begin as settings of clouds do, each of which is told."""
    kept: dict[str, Entry] = {}
    for name, entry in written.items():
        if name not in keys and (name.startswith(prefixes) or "_cost_per_" in name or "_token_cost" in name):
            _lose(adaptation, name, "there is nothing here that does this", entry)
        else:
            kept[name] = entry
    return kept


def _note(adaptation: Adaptation, name: str, reason: str, entry: Entry) -> None:
    adaptation.note(entry.key, f"{quote(name)} is left out: {reason}")


def _lose(adaptation: Adaptation, name: str, reason: str, entry: Entry) -> None:
    adaptation.leave_out(entry.key, f"{quote(name)} is left out: {reason}")
