"""Where a PostgreSQL database is; the URL may hold a password, so only parts without one are ever shown."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from pointsman.storage.schema import UnusableDatabase

SCHEMES = ("postgresql", "postgres")
USUAL_PORT = 5_432


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """How to reach a database.

    Attributes:
        url: as the driver reads it: several hosts, sockets, `sslmode` and more are its business.
        password: beside the URL; else it is the URL's, else that of `PGPASSWORD` or of the password file.
        database: its name.
        shown: host, port and database, for messages.
    """

    url: str = field(repr=False)
    password: str | None = field(repr=False)
    database: str
    shown: str


def is_postgres(url: str) -> bool:
    """Whether a URL is meant for PostgreSQL."""
    return url.partition("://")[0] in SCHEMES


def read_address(url: str, password: str | None) -> PostgresAddress:
    """Take a URL apart as far as messages need it.

    Raises:
        UnusableDatabase: when it names no database.
    """
    try:
        parts = urlsplit(url)
        database = unquote(parts.path.removeprefix("/"))
        host = parts.netloc.rpartition("@")[2] or "".join(parse_qs(parts.query).get("host", ["the usual place"]))
    except ValueError:
        database, host = "", ""
    if not database or "/" in database:
        # The URL itself stays out of the message: it may hold a password.
        raise UnusableDatabase("storage.url names no database; write it as postgresql://user@host:5432/pointsman")
    return PostgresAddress(url, password, database, f"{unquote(host)}/{database}")
