"""The lists of models that an operator brought, in the folder `catalog` of the home directory: whole or not at all."""

import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from pointsman.control.found_file import Stamp, Unusable, name_file, read_file, read_stamp
from pointsman.core.catalog.known_model import ModelList
from pointsman.core.catalog.newer_data import MOST_BYTES, UnreadableList, name_list, restore_list
from pointsman.core.config.problems import Problem

FOLDER = "catalog"
SUFFIX = ".json"
MOST_LISTS = 16


class CannotStore(Exception):
    """The list could not be kept, and what was kept before still is; the message says what to do."""


@dataclass(frozen=True, eq=False)
class Refreshed:
    """What lies in the folder; the same object as long as nothing changes there.

    Attributes:
        lists: those that can be used.
        problems: why others cannot; warnings.
    """

    lists: tuple[ModelList, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_refreshed(home: Path) -> Refreshed:
    """The lists of a home directory; read again only when one has changed."""
    files = _list_files(home)
    return _read_files(tuple((path, read_stamp(path)) for path in files[:MOST_LISTS])) if files else Refreshed()


def store_list(home: Path, models: ModelList) -> Path:
    """Keep a list in place of the former one of the same source.

    Raises:
        CannotStore: when there are too many, or the disk refuses.
    """
    place = home / FOLDER / f"{name_list(models)}{SUFFIX}"
    files = _list_files(home)
    if place not in files and len(files) >= MOST_LISTS:
        raise CannotStore(f"there are {MOST_LISTS} lists already; pointsman models refresh --drop removes them")
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        _replace(place, msgspec.json.encode(models))
    except OSError as error:
        raise CannotStore(f'"{place}" cannot be written: {error.strerror}; look at its permissions') from None
    return place


def drop_lists(home: Path) -> tuple[str, ...]:
    """Remove every list; what the package brings counts alone again.

    Returns:
        The names of what was there.

    Raises:
        CannotStore: when one cannot be removed.
    """
    files = _list_files(home)
    for path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise CannotStore(f'"{path}" cannot be removed: {error.strerror}; look at its permissions') from None
    return tuple(path.name.removesuffix(SUFFIX) for path in files)


def _list_files(home: Path) -> list[Path]:
    try:
        return sorted(path for path in (home / FOLDER).iterdir() if path.suffix == SUFFIX)
    except OSError:  # There is no such folder, as is usual.
        return []


@lru_cache(maxsize=4)
def _read_files(stamped: tuple[tuple[Path, Stamp], ...]) -> Refreshed:
    lists: list[ModelList] = []
    problems: list[Problem] = []
    for path, _ in stamped:
        found = _read_list(path)
        if isinstance(found, ModelList):
            lists.append(found)
        else:
            problems.append(_describe_fault(path, found))
    return Refreshed(tuple(lists), tuple(problems))


def _describe_fault(path: Path, fault: str) -> Problem:
    message = f"this list of models is not used: it {fault}; run `pointsman models refresh` for it again"
    return Problem(name_file(path), 1, 1, "", "catalogue_unusable", severity="warning", message=message)


def _read_list(path: Path) -> ModelList | str:
    found = read_file(path, MOST_BYTES)
    if isinstance(found, Unusable):
        return found.reason
    if found.is_open_to_all:
        return "may be changed by every account"
    try:
        return restore_list(found.content)
    except UnreadableList as error:
        return f"is damaged ({error})"


def _replace(place: Path, content: bytes) -> None:
    draft = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
