"""Gemini's names: clients may write each in camelCase or in snake_case, as Google's JSON allows; we write camelCase."""

import re

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.dialects.client_checks import refuse

GEMINI = "gemini"
_AFTER_UNDERSCORE = re.compile(r"_([a-z0-9])")


def spell(name: str) -> str:
    """A name in camelCase, however it is spelled."""
    return _AFTER_UNDERSCORE.sub(lambda match: match.group(1).upper(), name) if "_" in name else name


def spell_members(fields: JsonObject, path: str = "") -> JsonObject:
    """An object with its members in camelCase; those within them stay as they are.

    Args:
        fields: the object; comes back itself where there is nothing to change.
        path: where it stands, for the message.

    Raises:
        ClientError: when a member stands there in both spellings.
    """
    for name in fields:
        if "_" in name:
            break
    else:
        return fields
    spelled: JsonObject = {}
    for written, value in fields.items():
        name = spell(written)
        if name in spelled:
            where = f"{path}.{name}" if path else name
            refuse("conflicting_parameters", f"{name[:64]} stands there in two spellings; send one of them.", where)
        spelled[name] = value
    return spelled
