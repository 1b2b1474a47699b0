"""Reads a file of variables as containers do: `NAME=value`, one a line; no value is ever expanded or shown."""

import re
from collections.abc import Mapping

from pointsman.core.config.forms.variables import NAMES, Variable
from pointsman.core.config.problems import Place
from pointsman.core.config.source import Source

MOST_LINES = 10_000

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]{0,127})\s*=\s*(.*?)\s*")
_QUOTED = re.compile(r"""(?:"([^"]*)"|'([^']*)')\s*(?:#.*)?""")
_COMMENT = re.compile(r"(?:\A|\s)#.*")


def read_variables_file(source: Source) -> Mapping[str, Variable]:
    """The variables that say which model something runs on; the last one of a name counts, as it does in a shell."""
    found: dict[str, Variable] = {}
    lines = source.content.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    for number, line in enumerate(lines[:MOST_LINES], 1):
        match = _LINE.fullmatch(line)
        if match is None or match[1] not in NAMES:
            continue
        value = _read_value(match[2])
        found.pop(match[1], None)
        if value:
            found[match[1]] = Variable(value, Place(number, line.index(match[1]) + 1, match[1], source.file))
    return found


def _read_value(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        return quoted[1] if quoted[1] is not None else quoted[2]
    return _COMMENT.sub("", text).strip()
