"""What a change has changed, as the audit keeps it: each value by name, with what it was and what it is."""

from collections.abc import Mapping


def tell_differences(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, object]:
    """The values that differ; what says nothing, before or after, is `None`."""
    names = dict.fromkeys((*old, *new))
    changed = {name: (_plain(old.get(name)), _plain(new.get(name))) for name in names}
    return {name: {"from": before, "to": after} for name, (before, after) in changed.items() if before != after}


def _plain(value: object) -> object:
    """The value, with one way of saying nothing."""
    return None if value in (None, "", False) or value == [] or value == () else value
