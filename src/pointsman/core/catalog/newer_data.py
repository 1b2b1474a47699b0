"""Reads a list of models that an operator brings, in any of three forms; what is wrong with one part is wrong with all.

The forms are genai-prices' `data.json`, a `ModelList` in JSON, and the TOML that our own lists are written in.
"""

import json
import re
from datetime import date
from hashlib import sha256
from itertools import chain

import msgspec

from pointsman.core.catalog.known_model import KnownModel, ModelList, check_patterns
from pointsman.core.catalog.price_data import read_price_data
from pointsman.core.catalog.written_models import parse_written_models

MOST_BYTES = 32 * 1024 * 1024
MOST_TOML_BYTES = 4 * 1024 * 1024
"""TOML takes far longer to read than JSON."""

PRICE_DATA = "genai-prices"
_DIGEST_DIGITS = 8
_LONGEST_NAME = 64


class UnreadableList(ValueError):
    """It is no list of models that can be used; the message says what is wrong with it, and where."""


def read_newer_data(text: bytes, day: str, written_on: str | None = None) -> ModelList:
    """Read a list of models, whole and checked.

    Args:
        text: the file.
        day: today.
        written_on: the date of a list that does not say its own; today if nobody says it.

    Raises:
        UnreadableList: when anything about it is wrong.
    """
    try:
        models = _read_form(text.removeprefix(b"\xef\xbb\xbf"), written_on or day)
        date.fromisoformat(models.date)
        check_patterns(models)
        _check_models(models)
    except RecursionError:
        raise UnreadableList("it is nested too deeply") from None
    except (ValueError, msgspec.MsgspecError) as error:
        raise UnreadableList(_shorten(str(error))) from None
    if models.date > day:
        raise UnreadableList(f"it says that it is of {models.date}, and today is {day}")
    # The same source on the same day may say something else: the version of a catalogue has to tell them apart.
    digest = sha256(text).hexdigest()[:_DIGEST_DIGITS]
    return msgspec.structs.replace(models, source=f"{models.source} {digest}")


def restore_list(text: bytes) -> ModelList:
    """Read a list as it was stored after it had been read.

    Raises:
        UnreadableList: when it is not as it was stored.
    """
    try:
        models = msgspec.json.decode(text, type=ModelList)
        check_patterns(models)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise UnreadableList(_shorten(str(error))) from None
    return models


def name_list(models: ModelList) -> str:
    """What tells the lists of one source from all others, fit for the name of a file."""
    words = models.source.split()
    name = "-".join(word for word in words[:-1] if not word[:1].isdigit()) or words[0]
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_NAME] or "list"


def count_models(models: ModelList) -> int:
    """How many models all providers of a list have together."""
    return sum(map(len, models.providers.values()))


def _read_form(text: bytes, day: str) -> ModelList:
    if not text.strip():
        raise ValueError("it is empty")
    opening = text.lstrip()[:1]
    if opening == b"[" and _is_json_list(text):
        return read_price_data(text, PRICE_DATA, day)
    if opening == b"{":
        return msgspec.json.decode(text, type=ModelList)
    if len(text) > MOST_TOML_BYTES:
        raise ValueError(f"as TOML it may have {MOST_TOML_BYTES // 2**20} MiB; write it as JSON")
    return parse_written_models(text)


def _is_json_list(text: bytes) -> bool:
    """A list in JSON or a table of TOML: both begin with a bracket."""
    following = text.lstrip()[1:].lstrip()[:1]
    return following in (b"{", b"]")


def _check_models(models: ModelList) -> None:
    """What a value cannot tell by itself: real days, and names in small letters, as they are looked up."""
    if not any(models.providers.values()):
        raise ValueError("it has no models")
    for provider, model in ((name, each) for name, listed in models.providers.items() for each in listed):
        try:
            _check_model(model)
        except ValueError as error:
            raise ValueError(f"{provider}/{model.id}: {error}") from None


def _check_model(model: KnownModel) -> None:
    for day in (model.retires_on, *(price.valid_from for price in model.prices)):
        if day is not None:
            date.fromisoformat(day)
    texts = (model.id, model.stated_at, *model.capabilities, *model.abilities, *model.modalities)
    if not all(text.isprintable() for text in texts):
        raise ValueError("a name has characters that cannot be printed")
    names = chain(model.equals, model.starts_with, model.contains, model.ends_with)
    wrong = next((name for name in names if name != name.lower()), None)
    if wrong is not None:
        raise ValueError(f"ids are matched in small letters: write {json.dumps(wrong.lower())}")


def _shorten(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:297]}..."
