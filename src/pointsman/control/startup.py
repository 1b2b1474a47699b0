"""What a gateway starts on: its files, or the last good ones where those are bad, with what is stored above them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pointsman.control.configuration import Loaded, choose_environment, compile_gathered
from pointsman.control.current import CurrentConfiguration
from pointsman.control.in_force import describe_files
from pointsman.control.ingredients import Ingredients, compile_ingredients, select_layers
from pointsman.control.last_good import read_last_good
from pointsman.control.sources import Gathered, gather
from pointsman.core.config.problems import Problem
from pointsman.core.config.stored_layer import StoredLayer, decode_stored, encode_stored
from pointsman.core.ports import ConfigStore, NewRevision, OverrideStore, RevisionRecord, StaleRevision

MOST_ATTEMPTS = 10
"""Of a start beside others."""


class ConfigurationRefused(Exception):
    """No gateway starts on a document with errors; nothing is guessed in its place.

    Attributes:
        problems: what is wrong with the document.
        no_stand_in: why the configuration that was in force last could not stand in; `""` when there was none.
    """

    def __init__(self, problems: tuple[Problem, ...], no_stand_in: str = "") -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems
        self.no_stand_in = no_stand_in


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """Files that a gateway can start on.

    Attributes:
        loaded: what they come to by themselves.
        gathered: the files.
        rejected: what is wrong with the files as they are now, where older ones stand in for them.
    """

    loaded: Loaded
    gathered: Gathered
    rejected: tuple[Problem, ...] = ()


def find_usable_files(path: Path, home: Path, environ: Mapping[str, str]) -> FoundFiles:
    """Read the files, and where they cannot be used, those that were in force last.

    Raises:
        ConfigurationRefused: when neither can be used.
    """
    gathered = gather(path)
    loaded = compile_gathered(gathered, environ)
    if loaded.snapshot is not None:
        return FoundFiles(loaded, gathered)
    return _stand_in(path, home, environ, loaded.problems)


async def start_configuration(
    found: FoundFiles,
    home: Path,
    environ: Mapping[str, str],
    store: ConfigStore,
    overrides: OverrideStore,
    now_ms: int,
    *,
    is_shared: bool = False,
) -> CurrentConfiguration:
    """Put files, stored layer and overrides together, and store what that comes to unless it is the newest revision.

    Where other replicas store, too, files that nobody edited since they were last in force here do not take the place
    of those of another replica.

    Raises:
        ConfigurationRefused: when what is stored does not fit the files, nor those that were in force last.
        StaleRevision: when replicas that start, too, are faster again and again.
    """
    for attempts_left in reversed(range(MOST_ATTEMPTS)):
        try:
            return await _start(found, home, environ, store, overrides, now_ms, is_shared)
        except StaleRevision:
            # Another replica that starts has stored what this one wanted to, or something else.
            if not attempts_left:
                raise
    raise AssertionError("the last attempt answers or raises")


async def _start(
    found: FoundFiles,
    home: Path,
    environ: Mapping[str, str],
    store: ConfigStore,
    overrides: OverrideStore,
    now_ms: int,
    is_shared: bool,
) -> CurrentConfiguration:
    newest = await store.newest()
    stored = decode_stored(newest.stored_layer.encode()) if newest else StoredLayer()
    ingredients = Ingredients(found.gathered, stored, select_layers(await overrides.list_live(now_ms)))
    ingredients, loaded = compile_ingredients(ingredients, environ, found.loaded.environment)
    rejected = found.rejected
    if loaded.snapshot is None and not rejected:
        rejected = loaded.problems
        older = _stand_in(found.gathered.path, home, environ, loaded.problems)
        ingredients, loaded = compile_ingredients(
            replace(ingredients, gathered=older.gathered), environ, found.loaded.environment
        )
    if loaded.snapshot is None:
        raise ConfigurationRefused(loaded.problems)
    number = newest.number if newest else 0
    is_other = newest is None or newest.id != loaded.snapshot.revision
    if is_other and not (is_shared and newest and _is_another_replicas(newest, loaded, home)):
        revision = NewRevision(
            author="pointsman",
            reason="the gateway started",
            at_ms=now_ms,
            id=loaded.snapshot.revision,
            origin="start",
            file_document=describe_files(loaded),
            stored_layer=encode_stored(stored).decode(),
            environment=loaded.environment,
        )
        number = (await store.commit(number or None, revision)).number
    return CurrentConfiguration(loaded.snapshot, loaded, ingredients, number, rejected)


def _is_another_replicas(newest: RevisionRecord, loaded: Loaded, home: Path) -> bool:
    """Whether the newest revision is of other files, and nobody has edited those here since they were in force."""
    if newest.file_document == describe_files(loaded):
        return False
    kept = read_last_good(home, loaded.path, loaded.environment)
    return not kept.files or kept.files == loaded.files


def _stand_in(path: Path, home: Path, environ: Mapping[str, str], problems: tuple[Problem, ...]) -> FoundFiles:
    """The files that were in force last, for others that cannot be used."""
    environment = choose_environment(path, environ)
    if isinstance(environment, Problem):
        raise ConfigurationRefused(problems)
    kept = read_last_good(home, path, environment)
    gathered = Gathered(path, kept.files)
    loaded = compile_gathered(gathered, environ)
    if loaded.snapshot is None:
        raise ConfigurationRefused(problems, kept.reason)
    return FoundFiles(loaded, gathered, problems)
