"""What PostgreSQL's errors mean and what to do about them; a message holds neither password nor statement."""

from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pointsman.core.ports import StorageUnavailable
from pointsman.storage.postgres_address import PostgresAddress

TO_DO_AGAIN = ("40001", "40P01")
"""Serialisation failures and deadlocks: the transaction has done nothing, and may well succeed the next time."""

PASSING_CLASSES = ("08", "53", "57")
"""The connection broke, the server has no room, an operator or a deadline ended the statement."""

LOCK_NOT_AVAILABLE = "55P03"
READ_ONLY = "25006"

ADVICE: dict[str, str] = {
    "28000": "the server refuses the user; correct storage.url, or the server's pg_hba.conf",
    "28P01": "the server refuses the password; correct what storage.password names",
    "3D000": "the server has no such database; make it with CREATE DATABASE, or correct storage.url",
    "42501": "the user may not do that; give it the database with ALTER DATABASE ... OWNER TO",
    "53100": "the server's disk is full; make room there",
    "53300": "the server has no connection left; raise its max_connections, or end other clients",
    "57014": "the server took too long; look at its load, and for locks in pg_stat_activity",
    "57P01": "the server is being stopped; start it again",
    "57P03": "the server is starting or stopping; wait, or start it",
    LOCK_NOT_AVAILABLE: "another transaction held a lock for too long; look for it in pg_stat_activity",
    READ_ONLY: "this server only reads, as a standby does; name the one that writes in storage.url",
}
"""What to do, by the code of the error."""

UNREACHABLE = "start the server, or correct host and port in storage.url"
SILENT = "look at its load and at the network"
UNKNOWN = "look into the log of the server"


class DatabaseUnavailable(StorageUnavailable):
    """The server did not do what it was asked for in time, and may the next time; the message says what to do."""


def find_code(error: BaseException) -> str:
    """The SQLSTATE of an error, or `""` where it has none."""
    source = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(source, "sqlstate", None) or "")


def is_passing(error: Exception) -> bool:
    """Whether an error tells of the server or the way to it, not of what it was asked."""
    if isinstance(error, OSError | PoolTimeout):
        return True
    code = find_code(error)
    if code:
        return code[:2] in PASSING_CLASSES or code in (*TO_DO_AGAIN, LOCK_NOT_AVAILABLE, READ_ONLY)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or "connection" in str(error.orig)
    # SQLAlchemy says so of a transaction whose connection was lost in between.
    return isinstance(error, InvalidRequestError) and "transaction" in str(error)


def explain(address: PostgresAddress, error: Exception) -> str:
    """What happened and what to do, in one line."""
    code = find_code(error)
    if isinstance(error, TimeoutError | PoolTimeout):
        return f"PostgreSQL at {address.shown} did not answer in time; {SILENT}"
    if isinstance(error, OSError) and not code:
        return f"PostgreSQL at {address.shown} cannot be reached: {_name(error)}; {UNREACHABLE}"
    if isinstance(error, InterfaceError | InvalidRequestError) and is_passing(error):
        return f"PostgreSQL at {address.shown} closed the connection; {UNREACHABLE}"
    if not code and isinstance(_find_cause(error), ValueError):
        return "the driver of PostgreSQL cannot use storage.url; write it as postgresql://user@host:5432/pointsman"
    advice = ADVICE.get(code) or ADVICE.get(f"{code[:4]}0") or UNKNOWN
    return f"PostgreSQL at {address.shown}: {_name(error)}; {advice}"


def _name(error: Exception) -> str:
    """The kind of an error and its code; its text may repeat what was asked, such as the values of a row."""
    code, cause = find_code(error), _find_cause(error)
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return f"{type(cause).__name__}{f' ({code})' if code else ''}"


def _find_cause(error: Exception) -> BaseException:
    """The driver's own error, behind those of SQLAlchemy and of its adapter."""
    adapted = error.orig if isinstance(error, DBAPIError) else None
    return error if adapted is None else adapted.__cause__ or adapted
