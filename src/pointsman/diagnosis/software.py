"""The program's own ground: Python, the platform, and the packages that it needs, by really importing them."""

import importlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from importlib import metadata

from pointsman.diagnosis.finding import Finding, good, list_names, warn, wrong

OLDEST_PYTHON = (3, 11)
PLATFORMS = {"linux": "Linux", "darwin": "macOS"}
OLDEST_SQLITE = (3, 35)
"""The first one that knows RETURNING and can drop columns, which our statements and migrations may use."""

DEPENDENCIES = {
    "aiosqlite": ("aiosqlite", "0.22"),
    "alembic": ("alembic", "1.20"),
    "cryptography": ("cryptography", "46"),
    "fastapi": ("fastapi", "0.165"),
    "httptools": ("httptools", "0.9"),
    "msgspec": ("msgspec", "0.22"),
    "prometheus-client": ("prometheus_client", "0.26"),
    "pydantic": ("pydantic", "2.14"),
    "pyyaml": ("yaml", "6.0.3"),
    "rich": ("rich", "15"),
    "sqlalchemy": ("sqlalchemy", "2.1.9"),
    "typer": ("typer", "0.29"),
    "uvicorn": ("uvicorn", "0.54"),
    "uvloop": ("uvloop", "0.23"),
    "watchfiles": ("watchfiles", "1.3"),
}
"""What is needed to run, under which name it is imported, and from which version on; as `pyproject.toml` says."""


def check_software() -> Iterator[Finding]:
    """Python, platform, packages, the prover."""
    yield _check_python()
    yield _check_platform()
    yield _check_dependencies()
    yield _check_prover()


def _check_python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return wrong("python", f"this is Python {version}", "install Python 3.11 or newer, and Pointsman into that")
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        message = f"Python {version} comes with SQLite {sqlite3.sqlite_version}"
        return wrong("python", message, "install a Python with SQLite 3.35 or newer")
    return good("python", f"Python {version} with SQLite {sqlite3.sqlite_version}")


def _check_platform() -> Finding:
    name = PLATFORMS.get(sys.platform)
    if name is None:
        return wrong("platform", f"{sys.platform} cannot run a gateway", "run it on Linux or macOS, or in a container")
    return good("platform", f"{name}, {os.uname().machine}")


def _check_dependencies() -> Finding:
    bad = [fault for name, (module, oldest) in DEPENDENCIES.items() if (fault := _find_fault(name, module, oldest))]
    if not bad:
        return good("packages", f"all {len(DEPENDENCIES)} that are needed can be imported and are new enough")
    return wrong("packages", list_names(bad), "install them anew: pip install --upgrade --force-reinstall pointsman")


def _find_fault(name: str, module: str, oldest: str) -> str | None:
    """Why a package cannot be used, beginning with its name; `None` when it can."""
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        return f"{name} is missing" if error.name == module else f"{name} cannot be imported without {error.name}"
    except Exception as error:  # A package that is broken, or built for another machine, raises whatever it likes.
        return f"{name} cannot be imported ({type(error).__name__})"
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
    return f"{name} is {version}, but {oldest} is needed" if read_version(version) < read_version(oldest) else None


def read_version(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: `2.1.9rc1` is (2, 1)."""
    numbers: list[int] = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _check_prover() -> Finding:
    try:
        importlib.import_module("z3")
    except ModuleNotFoundError:
        message = "z3 is not installed, so `pointsman check` proves the simple cases of rules only"
        return good("prover", message, "pip install 'pointsman[prove]'")
    except Exception as error:  # Its own library may be missing or built for another machine.
        message = f"z3 is installed and cannot be imported ({type(error).__name__})"
        return warn("prover", message, "install it anew: pip install --force-reinstall z3-solver")
    return good("prover", "z3 is installed: `pointsman check` proves what rules can and cannot do")
