"""Finds and reads the configuration file and the catalogue's data; what is wrong with them comes back as problems."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from pointsman.core.catalog.catalog import Catalog, parse_model_list, parse_provider
from pointsman.core.catalog.written_models import parse_written_models
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import compile_config
from pointsman.core.config.problems import Problem, quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import MOST_BYTES, Source

FILE_NAME = "pointsman.yaml"
DEFAULT_ENVIRONMENT = "production"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a configuration file came to.

    Attributes:
        path: the file.
        environment: the name of the environment it was read for.
        snapshot: ready to use, or `None` when a problem is an error.
        problems: in the order of the document; with a snapshot they are warnings only.
    """

    path: Path
    environment: str
    snapshot: Snapshot | None
    problems: tuple[Problem, ...] = ()


def find_config(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """Where the configuration is: `--config`, `POINTSMAN_CONFIG`, the working directory, `config/`, the XDG folder.

    The first two count whether the file exists or not; of the others the first that exists, else the first.
    """
    if explicit is not None:
        return explicit
    if environ.get("POINTSMAN_CONFIG"):
        return cwd / environ["POINTSMAN_CONFIG"]
    xdg = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or cwd) / ".config"
    places = (cwd / FILE_NAME, cwd / "config" / FILE_NAME, Path(xdg) / "pointsman" / FILE_NAME)
    return next((place for place in places if place.is_file()), places[0])


def load_configuration(path: Path, environ: Mapping[str, str], environment: str | None = None) -> Loaded:
    """Read and compile a file; a missing or unreadable one is a problem like any other.

    Args:
        path: the file.
        environ: the process's environment variables.
        environment: whose overlay applies; by default as the variables say.
    """
    return compile_content(path, read_content(path), environ, environment)


def compile_content(
    path: Path, content: bytes | Problem, environ: Mapping[str, str], environment: str | None = None
) -> Loaded:
    """Compile what `read_content` gave; the other arguments are those of `load_configuration`."""
    chosen = environment or choose_environment(path, environ)
    if isinstance(chosen, Problem):
        return Loaded(path, "", None, (chosen,))
    if isinstance(content, Problem):
        return Loaded(path, chosen, None, (content,))
    catalog = load_catalog()
    surroundings = Surroundings(
        environment=chosen,
        catalog=catalog,
        today=datetime.now(UTC).date().isoformat(),
        base_urls={name: environ[name] for name in catalog.base_url_variables() if environ.get(name)},
        set_variables=frozenset(name for name, value in environ.items() if value),
    )
    compiled = compile_config(Source(_name_file(path), content), surroundings)
    return Loaded(path, chosen, compiled.snapshot, compiled.problems)


def read_content(path: Path) -> bytes | Problem:
    """The bytes of a file, one more than allowed at most, or why they cannot be had."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return _refuse_file(path, "not_a_file", "this is not a file")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return _refuse_file(path, "file_missing", "there is no configuration here; `pointsman init` writes one")
    except OSError as error:
        return _refuse_file(path, "file_unreadable", f"the file cannot be read: {error.strerror}")


def choose_environment(path: Path, environ: Mapping[str, str]) -> str | Problem:
    """The environment that the variables name, `production` when they name none."""
    ours, usual = environ.get("POINTSMAN_ENV"), environ.get("DEPLOYMENT_ENV")
    if ours and usual and ours != usual:
        message = f"POINTSMAN_ENV is {quote(ours)} and DEPLOYMENT_ENV is {quote(usual)}; unset one, or make them equal"
        return Problem(_name_file(path), 1, 1, "environments", "conflict", "error", message)
    return ours or usual or DEFAULT_ENVIRONMENT


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


def demo_document() -> str:
    """The `pointsman.yaml` that `make run` starts with: the simulated provider and a few agents."""
    return (files("pointsman.control") / "demo.yaml").read_text(encoding="utf-8")


def _refuse_file(path: Path, code: str, message: str) -> Problem:
    return Problem(_name_file(path), 1, 1, "", code, "error", message)


def _name_file(path: Path) -> str:
    """As short as it is still found: relative where the file lies below the working directory."""
    cwd = Path.cwd()
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)
