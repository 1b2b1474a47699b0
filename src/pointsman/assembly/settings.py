"""How a gateway starts, and where: as the command line says, else the document, else as usual."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pointsman.control.configuration import Loaded
from pointsman.core.config.problems import Problem

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4100
SQLITE_FILE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How a gateway starts.

    Attributes:
        config: the document.
        home: where state lives; made if it is not there.
        host: the address to listen on; as the document says, or loopback, when `None`.
        port: 0 picks a free one; as the document says, or 4100, when `None`.
        environ: environment variables, as they were at the start.
        demo: keep local credentials even where the operator brought an admin key.
    """

    config: Path
    home: Path
    host: str | None
    port: int | None
    environ: Mapping[str, str]
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """What a started gateway tells about itself.

    Attributes:
        url: where it listens.
        local_file: the local credentials file, or `None` where none is kept.
        warnings: about the files as they are now.
        stands_in: whether those cannot be used, so that what was in force last is served.
        pending: keys of the document that are read and do not act yet, as sentences name them.
        target: something to ask for as `model`: the first agent, else the first model, or `""` without either.
    """

    url: str
    local_file: Path | None
    warnings: tuple[Problem, ...]
    stands_in: bool
    pending: tuple[str, ...]
    target: str


def choose_address(settings: ServeSettings, loaded: Loaded) -> tuple[str, int]:
    """Host and port as command line or environment say, else as the document does, else as usual."""
    written = loaded.snapshot.settings.listen if loaded.snapshot else None
    host, port = written or (DEFAULT_HOST, DEFAULT_PORT)
    return host if settings.host is None else settings.host, port if settings.port is None else settings.port


def choose_database(settings: ServeSettings, loaded: Loaded) -> str:
    """The URL that the document names, else that of a file in the home directory."""
    written = loaded.snapshot.settings.storage_url if loaded.snapshot else None
    return written or f"{SQLITE_FILE}{(settings.home / 'pointsman.db').absolute()}"


def find_database_file(url: str) -> Path | None:
    """The file that a URL names, which is one process's; `None` for a server's database, which many may use."""
    return Path(url.removeprefix(SQLITE_FILE)) if url.startswith(SQLITE_FILE) else None


def write_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
