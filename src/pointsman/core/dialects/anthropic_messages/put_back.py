"""Puts members that only this format knows back to where they were read from, each by its path in the body."""

import re

from pointsman.core.chat.conversation import JsonObject

_STEP = re.compile(r"\[(\d{1,6})\]|([^.\[\]]+)", re.ASCII)
_HOLDERS = ("messages[", "system[", "tools[", "content[", "output_config.", "usage.")


def find_paths(extra: JsonObject) -> JsonObject:
    """Those members that stand deeper than the top of the body."""
    return {path: value for path, value in extra.items() if path.startswith(_HOLDERS)}


def put_back(fields: JsonObject, path: str, value: object) -> bool:
    """Set a member by its path; whether there is still such a place."""
    steps = [int(place) if place else name for place, name in _STEP.findall(path)]
    holder: object = fields
    for step in steps[:-1]:
        if isinstance(step, int):
            holder = holder[step] if type(holder) is list and step < len(holder) else None
        else:
            holder = holder.setdefault(step, {}) if type(holder) is dict else None
    if len(steps) < 2 or type(holder) is not dict or type(steps[-1]) is not str:
        return False
    holder[steps[-1]] = value
    return True
