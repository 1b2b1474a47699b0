"""What an `env:` reference names: variables of which the first that is set counts.

Of `NAME+OTHER+THIRD?` the values are joined by colons, the last one if it is set; `@NAME` holds the path of a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to a secret.

    Attributes:
        names: the variables that must be set.
        further: those that are added where they are set.
        is_path: whether the value is the path of the file that holds the secret.
    """

    names: tuple[str, ...]
    further: tuple[str, ...] = ()
    is_path: bool = False

    @property
    def label(self) -> str:
        """As people read it, such as `AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY`."""
        return " with ".join(self.names)

    def find_value(self, environ: Mapping[str, str]) -> str | None:
        """The value, or `None` when a variable that is needed is not set, or is blank."""
        values = [environ.get(name, "") for name in self.names]
        if not all(value.strip() for value in values):
            return None
        values += [value for name in self.further if (value := environ.get(name, "")).strip()]
        return ":".join(values)


def list_alternatives(names: str) -> tuple[Alternative, ...]:
    """What follows `env:`, read."""
    return tuple(_read(each.strip()) for each in names.split(","))


def _read(text: str) -> Alternative:
    if text.startswith("@"):
        return Alternative((text[1:],), is_path=True)
    parts = text.split("+")
    further = tuple(part[:-1] for part in parts if part.endswith("?"))
    return Alternative(tuple(part for part in parts if not part.endswith("?")), further)
