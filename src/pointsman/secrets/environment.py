"""Secrets from environment variables (`env:...`, see `variables.py`) and files (`file:PATH`); values never show."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pointsman.secrets.secret_file import SecretFile, UnusableSecret, check_value
from pointsman.secrets.variables import Alternative, list_alternatives

_log = logging.getLogger(__name__)

T = TypeVar("T")

ENVIRONMENT_PREFIX = "env:"
FILE_PREFIX = "file:"
MOST_REFERENCES = 1_000
"""Far more than a configuration names; beyond it what is remembered is forgotten and looked up anew."""


class EnvironmentSecrets:
    """The `Secrets` port over environment variables, as they were at the start, and mounted files, as they are now."""

    def __init__(self, environ: Mapping[str, str], now_s: Callable[[], float] = time.monotonic) -> None:
        self._environ = dict(environ)
        self._variables: dict[str, str | None] = {}
        self._files: dict[str, SecretFile] = {}
        self._now_s = now_s

    def __repr__(self) -> str:
        return "EnvironmentSecrets(...)"

    def reveal(self, reference: str) -> str | None:
        """The value behind a reference; `None` when it is unset, blank, unusable (logged once) or of no known kind.

        Of several variables the first that is set and not blank counts.
        """
        if reference in self._variables:
            return self._variables[reference]
        if reference.startswith(ENVIRONMENT_PREFIX):
            return self._reveal_variable(reference)
        if reference.startswith(FILE_PREFIX):
            return self._reveal_file(reference, reference[len(FILE_PREFIX) :])
        return None

    def _reveal_variable(self, reference: str) -> str | None:
        file = self._files.get(reference)
        if file is not None:
            return file.reveal(self._now_s())
        for alternative in list_alternatives(reference[len(ENVIRONMENT_PREFIX) :]):
            value = alternative.find_value(self._environ)
            if value is None:
                continue
            if alternative.is_path:
                return self._reveal_file(reference, value)
            return _remember(self._variables, reference, _usable_value(alternative, value))
        return _remember(self._variables, reference, None)

    def _reveal_file(self, reference: str, path: str) -> str | None:
        file = self._files.get(reference) or _remember(self._files, reference, SecretFile(Path(path)))
        return file.reveal(self._now_s())


def _usable_value(alternative: Alternative, value: str) -> str | None:
    try:
        return check_value(value)
    except UnusableSecret as error:
        _log.warning('the environment variable "%s" cannot be used: %s', alternative.label, error)
        return None


def _remember(memory: dict[str, T], reference: str, value: T) -> T:
    if len(memory) >= MOST_REFERENCES:
        memory.clear()
    memory[reference] = value
    return value
