"""Finds and reads the configuration file and the catalogue's data; what is wrong with them comes back as problems."""

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from pointsman.control.found_file import is_file, name_file, read_stamp
from pointsman.control.gathering import AGENTS_FILE
from pointsman.control.home import find_home
from pointsman.control.refreshed_lists import Refreshed, read_refreshed
from pointsman.control.sources import Gathered, gather
from pointsman.core.catalog.catalog import Catalog, parse_model_list, parse_provider
from pointsman.core.catalog.written_models import parse_written_models
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import Compiled, compile_config
from pointsman.core.config.layers import Layer
from pointsman.core.config.problems import Problem, in_order, quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source

FILE_NAME = "pointsman.yaml"
WHOLE_FILES = (FILE_NAME, "pointsman.yml")
PARTIAL_FILES = ("models.yaml", "agents.yaml", "routing.yaml", "providers.yaml")
"""One of them makes `config/` a configuration in several files."""

DEFAULT_ENVIRONMENT = "production"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a configuration came to.

    Attributes:
        path: the file or folder.
        environment: the name of the environment it was read for.
        snapshot: ready to use, or `None` when a problem is an error.
        problems: in the order of the document; with a snapshot they are warnings only.
        files: what was read.
        compiled: the layers and the effective document, as far as it could be read.
        catalog: what was known of providers and models then.
    """

    path: Path
    environment: str
    snapshot: Snapshot | None
    problems: tuple[Problem, ...] = ()
    files: tuple[Source, ...] = ()
    compiled: Compiled | None = None
    catalog: Catalog | None = None


def find_config(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Where the configuration is, a file or a folder: `--config`, `POINTSMAN_CONFIG`, else the first usual place.

    The first two count whether it exists or not. Where no place has one, it is `pointsman.yaml` in the working folder.
    """
    if explicit is not None:
        return explicit
    if environ.get("POINTSMAN_CONFIG"):
        return cwd / environ["POINTSMAN_CONFIG"]
    config = cwd / "config"
    xdg = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or cwd) / ".config") / "pointsman"
    if found := _find_file(cwd, WHOLE_FILES) or _find_file(config, WHOLE_FILES):
        return found
    if _find_file(config, PARTIAL_FILES):
        return config
    return _find_file(config, (AGENTS_FILE,)) or _find_file(xdg, WHOLE_FILES) or cwd / FILE_NAME


def _find_file(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if is_file(read_stamp(folder / name))), None)


def load_configuration(path: Path, environ: Mapping[str, str], environment: str | None = None) -> Loaded:
    """Read and compile a configuration; a missing or unreadable one is a problem like any other.

    Args:
        path: the file or folder.
        environ: the process's environment variables.
        environment: whose overlay applies; by default as the variables say.
    """
    return compile_gathered(gather(path), environ, environment)


def compile_gathered(
    gathered: Gathered, environ: Mapping[str, str], environment: str | None = None, upper: Sequence[Layer] = ()
) -> Loaded:
    """Compile what `gather` found.

    Args:
        gathered: the files.
        environ: the process's environment variables.
        environment: whose overlay applies; by default as the variables say.
        upper: the layers above the files.
    """
    path = gathered.path
    chosen = environment or choose_environment(path, environ)
    if isinstance(chosen, Problem):
        return Loaded(path, "", None, (chosen,))
    if gathered.is_refused or not gathered.files:
        return Loaded(path, chosen, None, gathered.problems, gathered.files)
    refreshed = read_refreshed(find_home(environ))
    surroundings = build_surroundings(environ, chosen)
    compiled = compile_config(gathered.files, surroundings, upper)
    problems = in_order((*gathered.problems, *refreshed.problems, *compiled.problems))
    return Loaded(path, chosen, compiled.snapshot, problems, gathered.files, compiled, surroundings.catalog)


def build_surroundings(environ: Mapping[str, str], environment: str, catalog: Catalog | None = None) -> Surroundings:
    """What a document means here and today.

    Args:
        environ: the process's environment variables.
        environment: the name of the environment whose overlay applies.
        catalog: of when it was compiled; by default as it is known now.
    """
    catalog = catalog or find_catalog(environ)
    return Surroundings(
        environment=environment,
        catalog=catalog,
        today=datetime.now(UTC).date().isoformat(),
        base_urls={name: environ[name] for name in catalog.base_url_variables() if environ.get(name)},
        set_variables=frozenset(name for name, value in environ.items() if value),
        variables=environ,
        has_litellm=find_spec("litellm") is not None,
        list_time_zones=list_time_zones,
    )


def choose_environment(path: Path, environ: Mapping[str, str]) -> str | Problem:
    """The environment that the variables name, `production` when they name none."""
    ours, usual = environ.get("POINTSMAN_ENV"), environ.get("DEPLOYMENT_ENV")
    if ours and usual and ours != usual:
        message = f"POINTSMAN_ENV is {quote(ours)} and DEPLOYMENT_ENV is {quote(usual)}; unset one, or make them equal"
        return Problem(name_file(path), 1, 1, "environments", "conflict", "error", message)
    return ours or usual or DEFAULT_ENVIRONMENT


@cache
def list_time_zones() -> frozenset[str]:
    """Every time zone that this machine knows; looking takes a while, so it is done only where one is named."""
    return frozenset(zoneinfo.available_timezones())


@cache
def load_catalog() -> Catalog:
    """The catalogue that is part of the package; our own lists count before generated ones."""
    folder = files("pointsman.core.catalog")
    providers = sorted((folder / "providers").iterdir(), key=lambda file: file.name)
    lists = sorted((folder / "models").iterdir(), key=lambda file: file.name)
    written = [parse_written_models(file.read_bytes()) for file in lists if file.name.endswith(".toml")]
    generated = [parse_model_list(file.read_bytes()) for file in lists if file.name.endswith(".json")]
    return Catalog(
        providers={
            file.name.removesuffix(".toml"): parse_provider(file.read_bytes())
            for file in providers
            if file.name.endswith(".toml")
        },
        lists=(*written, *generated),
    )


def find_catalog(environ: Mapping[str, str]) -> Catalog:
    """The catalogue with what the operator brought beside it: the newest list counts before older ones."""
    refreshed = read_refreshed(find_home(environ))
    return _join_catalog(refreshed) if refreshed.lists else load_catalog()


@lru_cache(maxsize=4)
def _join_catalog(refreshed: Refreshed) -> Catalog:
    return load_catalog().with_lists(refreshed.lists)


def demo_document() -> str:
    """The `pointsman.yaml` that `make run` starts with: the simulated provider and a few agents."""
    return (files("pointsman.control") / "demo.yaml").read_text(encoding="utf-8")
