"""What a change by API may hold: values that a document could hold too, and nothing that only files can say in time."""

import math
import re
from collections.abc import Mapping

from pointsman.core.config.nodes import Plain
from pointsman.core.config.source import MOST_DEPTH, UNSEEN

_LARGEST = 2**63 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")

_OF_FILES_ALONE: tuple[tuple[str, ...], ...] = (
    ("version",),
    ("include",),
    ("source",),
    ("environments",),
    ("storage",),
    ("server", "listen"),
    ("server", "admin_listen"),
    ("security", "environment_variables"),
)
"""How files are read, and what is opened before the stored layer is; the last one says which secrets may be used."""


class InvalidEdit(ValueError):
    """The edit cannot be applied to the stored layer; the text says why, for the user."""


def read_values(values: Mapping[str, object]) -> dict[str, Plain]:
    """What JSON decodes to, as values of a document.

    Raises:
        InvalidEdit: when there is something that a document cannot hold, or that only files may say.
    """
    _refuse_what_files_say(values)
    return {_read_text(name): _read_value(value, 1) for name, value in values.items()}


def _refuse_what_files_say(values: Mapping[str, object]) -> None:
    for path in _OF_FILES_ALONE:
        if _holds(values, path):
            raise InvalidEdit(f'"{".".join(path)}" is for the files to say, not for a change by API; write it there')


def _holds(values: object, path: tuple[str, ...]) -> bool:
    if not path:
        return True
    return isinstance(values, Mapping) and path[0] in values and _holds(values[path[0]], path[1:])


def _read_value(value: object, depth: int) -> Plain:
    if depth > MOST_DEPTH:
        raise InvalidEdit(f"the values are nested deeper than {MOST_DEPTH} levels; no key of a document is")
    if isinstance(value, dict):
        return {_read_text(str(name)): _read_value(below, depth + 1) for name, below in value.items()}
    if isinstance(value, list):
        return [_read_value(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _read_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidEdit("NaN and Infinity are no numbers of JSON; send a finite one")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise InvalidEdit("a number does not fit into 64 bits; send a smaller one")
    assert value is None or isinstance(value, int | float), "JSON holds nothing else"
    return value


def _read_text(text: str) -> str:
    if UNSEEN.search(text) or _SURROGATE.search(text):
        raise InvalidEdit("a text holds invisible characters, or half of a surrogate pair; retype it")
    return text
