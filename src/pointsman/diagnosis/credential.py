"""Looks a provider's key up as the gateway would, and says why it cannot be used; the value is never part of that."""

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.control.found_file import Unusable, read_file, show_name
from pointsman.diagnosis.permissions import (
    MAY_READ_BY_OTHERS,
    MAY_WRITE_BY_OTHERS,
    READ,
    allows,
    read_status,
    write_mode,
)
from pointsman.secrets.environment import ENVIRONMENT_PREFIX, FILE_PREFIX
from pointsman.secrets.secret_file import LARGEST_BYTES, UnusableSecret, check_value
from pointsman.secrets.variables import Alternative, list_alternatives


@dataclass(frozen=True, slots=True)
class Credential:
    """What a reference leads to.

    Attributes:
        place: the variable that is set, or those that may be; or the file.
        value: the key, or `None` when there is none that can be used.
        fault: why it cannot be used, or is unsafe, as a sentence goes on after the place; `""` when all is well.
        advice: what to do about the fault.
    """

    place: str
    value: str | None = field(default=None, repr=False)
    fault: str = ""
    advice: str = ""


def find_credential(reference: str, environ: Mapping[str, str], cwd: Path) -> Credential:
    """Look up a reference such as `env:FIRST,SECOND` or `file:PATH`."""
    if reference.startswith(ENVIRONMENT_PREFIX):
        return _find_variable(list_alternatives(reference.removeprefix(ENVIRONMENT_PREFIX)), environ, cwd)
    return read_secret_file(cwd / reference.removeprefix(FILE_PREFIX))


def _find_variable(alternatives: Sequence[Alternative], environ: Mapping[str, str], cwd: Path) -> Credential:
    for alternative in alternatives:
        value = alternative.find_value(environ)
        if value is None:
            continue
        if alternative.is_path:
            return read_secret_file(cwd / value)
        place = alternative.label
        try:
            return Credential(place, check_value(value))
        except UnusableSecret as error:
            return Credential(place, None, f"cannot be used: {error}", f"set {place} anew, to the key alone")
    labels = [alternative.label for alternative in alternatives]
    blank = [name for alternative in alternatives for name in alternative.names if environ.get(name, "x").strip() == ""]
    fault = "is set, but to nothing" if blank else "is not set"
    return Credential(" or ".join(blank or labels), None, fault, f"set {' or '.join(labels)}")


def read_secret_file(path: Path) -> Credential:
    """The one secret of a file; one that others may read works, and has a fault all the same."""
    shown = show_name(path)
    status = read_status(path)
    if status is None:
        return Credential(shown, None, "is not there", "put the key there, and chmod 600 on it")
    if not stat.S_ISREG(status.st_mode):
        return Credential(shown, None, "is not a file", "put a file with the key there")
    mode, private = write_mode(status), f"chmod 600 {shown}"
    if not allows(status, READ):
        return Credential(shown, None, f"may not be read by this account (mode {mode})", f"chown it, and {private}")
    if status.st_mode & MAY_WRITE_BY_OTHERS:
        return Credential(shown, None, f"may be changed by others (mode {mode}), so it is not used", private)
    found = read_file(path, LARGEST_BYTES)
    if isinstance(found, Unusable):
        return Credential(shown, None, found.reason, "put a file with the key there")
    if len(found.content) > LARGEST_BYTES:
        return Credential(shown, None, f"has more than {LARGEST_BYTES:,} bytes", "put the key alone there")
    value = found.content.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    if not value:
        return Credential(shown, None, "is empty", "write the key into it")
    try:
        check_value(value)
    except UnusableSecret as error:
        return Credential(shown, None, f"cannot be used: {error}", "write the key alone into it")
    if status.st_mode & MAY_READ_BY_OTHERS:
        return Credential(shown, value, f"may be read by others (mode {mode})", private)
    return Credential(shown, value)
