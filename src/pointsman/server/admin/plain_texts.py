"""Texts that operators give to what they make: short, printable, without blanks around them, and never a key."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.routing.key_policy import LONGEST_LABEL, LONGEST_NAME


def refuse_key(text: str) -> str:
    """A text that is no key: whoever puts one here has mistaken the field, and it would be shown and stored."""
    if holds_secret(text):
        raise PydanticCustomError("secret", "this looks like a key; say whom the key is for, never a key itself")
    return text


def refuse_edges(text: str) -> str:
    """A text without blanks around it, which nobody would see and no request would match."""
    if text != text.strip():
        raise PydanticCustomError("blank", "leave out the blanks before and after it")
    return text


_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]+$"
_IN_LISTS = r"^[^\x00-\x1f\x7f-\x9f,]+$"
_SLUG = r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$"

KeyName = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(refuse_key)
]
DisplayName = Annotated[
    str,
    StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$"),
    AfterValidator(refuse_edges),
    AfterValidator(refuse_key),
]
Owner = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_LABEL, pattern=_PRINTABLE),
    AfterValidator(refuse_edges),
    AfterValidator(refuse_key),
]
Slug = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_LABEL, pattern=_SLUG), AfterValidator(refuse_key)
]
"""An id that stands in URLs and scopes as it is."""

Tag = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_LABEL, pattern=_IN_LISTS),
    AfterValidator(refuse_edges),
    AfterValidator(refuse_key),
]
Target = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=_PRINTABLE),
    AfterValidator(refuse_edges),
    AfterValidator(refuse_key),
]
