"""Finds and reads the configuration of a program: a file, a folder, or a document that it holds itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pointsman.config_loader import ConfigurationError, find_usual
from pointsman.control.configuration import Loaded, compile_gathered
from pointsman.control.sources import Gathered, gather
from pointsman.core.config.layers import Layer
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source

HELD = Path("<document>")
"""How messages name a document that is no file."""

Configuration = str | Path | Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of a configuration that can be used."""

    gathered: Gathered
    loaded: Loaded
    snapshot: Snapshot


def find_configuration(config: Configuration) -> Path | Gathered:
    """Where a configuration is, or all of it.

    Raises:
        FileNotFoundError: when none is named, and none is found.
        TypeError: for a document with something in it that is neither text, number, list nor mapping.
    """
    if config is None:
        return find_usual()
    if isinstance(config, str | Path):
        return Path(config)
    try:
        text = msgspec.json.format(msgspec.json.encode(dict(config)), indent=2)
    except TypeError as error:
        raise TypeError(f"a document holds texts, numbers, lists and mappings; {error}") from None
    return Gathered(HELD, (Source(str(HELD), text),))


def read_configuration(place: Path | Gathered, environ: Mapping[str, str], upper: Sequence[Layer] = ()) -> Read:
    """Read and compile it, with layers above its files.

    Raises:
        FileNotFoundError: when there is none.
        ConfigurationError: when it cannot be used.
    """
    if isinstance(place, Path):
        if not place.exists():
            raise FileNotFoundError(f"Config file not found: {place}; `pointsman init` writes one")
        gathered = gather(place)
    else:
        gathered = place
    loaded = compile_gathered(gathered, environ, upper=upper)
    if loaded.snapshot is None:
        raise ConfigurationError(gathered.path, loaded.problems)
    return Read(gathered, loaded, loaded.snapshot)
