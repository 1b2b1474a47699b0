"""What one transaction at a time may change, over all replicas; SQLite has one writer anyway."""

from typing import Literal

from sqlalchemy import Connection, func, select

Resource = Literal["schema", "configuration", "overrides"]

FAMILY = 0x504D
"""Sets our locks apart from those of other programs in the same database."""

NUMBERS: dict[Resource, int] = {"schema": 1, "configuration": 2, "overrides": 3}


def take_lock(connection: Connection, resource: Resource) -> None:
    """Wait until no other transaction holds the resource, and hold it until this one ends.

    Take it before the first statement: those that follow see all that former holders have committed. A transaction
    that needs several takes them in the order of `NUMBERS`.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(FAMILY, NUMBERS[resource])))
