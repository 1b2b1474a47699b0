"""Where a value comes from, for people: `pointsman config explain` without `--json`."""

import json
from typing import Any


def write_origin(found: dict[str, Any]) -> str:
    """A value and its origin; of a mapping, each value below it."""
    if found["leaves"]:
        return "\n".join([*_write_leaves(found), f"Next: pointsman config explain {found['leaves'][0]['path']}"])
    lines = [f"{found['path']}: {_write(found['value'])}"]
    taken = found["value"] is None and found["removed_by"]
    lines.append(f"  {'taken away by' if taken else 'from'} {_write_layer(found)}")
    if found["author"]:
        said = f": {found['reason']}" if found["reason"] else ""
        lines.append(f"  by {found['author']}, since {found['since']}{said}")
    elif found["reason"]:
        lines.append(f"  {found['reason']}")
    if found["expires_at"]:
        lines.append(f"  ends by itself at {found['expires_at']}")
    lines += [f"  instead of {_write(below['value'])} from {_write_layer(below)}" for below in found["shadows"]]
    return "\n".join([*lines, "Next: pointsman config show"])


def _write_leaves(found: dict[str, Any]) -> list[str]:
    """A line for each value, what somebody said before what holds where nobody wrote."""
    leaves = sorted(found["leaves"], key=lambda leaf: leaf["layer"] == "defaults")
    written = [(f"  {_shorten(leaf['path'], found['path'])}: {_write(leaf['value'])}", leaf) for leaf in leaves]
    width = min(max(len(text) for text, _ in written), 60)
    lines = (f"{text:<{width}}  {_write_layer(leaf)}" for text, leaf in written)
    return [f"{found['path']}:", *lines]


def _shorten(path: str, above: str) -> str:
    return path.removeprefix(above).removeprefix(".")


def _write_layer(said: dict[str, Any]) -> str:
    where = f"{said['file']}:{said['line']}" if said["file"] and said["line"] else said["file"]
    return f"{said['layer']} ({where})" if where else str(said["layer"])


def _write(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
