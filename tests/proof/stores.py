"""The stores that replicas may share budgets in, as a document names them; each a real server of the test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from proving import Stored

from real_postgres import new_database
from real_valkey import ValkeyServer, start_valkey

StoreKind = Literal["postgresql", "redis"]

STORAGE = 'storage: {{url: "{url}", lease: {lease}}}\n'
WITH_REDIS = 'storage: {{url: "{url}", lease: {lease}, redis: {{env: POINTSMAN_REDIS}}, hard_budgets: redis}}\n'


@dataclass(frozen=True)
class SharedStore:
    """Where replicas share what they may spend.

    Attributes:
        stored: the database.
        storage: that part of a document.
        environ: what its gateways need to know besides.
        valkey: the other server, or `None`.
    """

    stored: Stored
    storage: str
    environ: dict[str, str]
    valkey: ValkeyServer | None = None


@contextmanager
def serve_store(kind: StoreKind, lease: str = "120s") -> Iterator[SharedStore]:
    """Start what there has to be."""
    with new_database() as url:
        if kind == "postgresql":
            yield SharedStore(Stored(url), STORAGE.format(url=url, lease=lease), {})
            return
        with start_valkey() as valkey:
            environ = {"POINTSMAN_REDIS": valkey.url}
            yield SharedStore(Stored(url), WITH_REDIS.format(url=url, lease=lease), environ, valkey)


def check_shares(stored: Stored, spent_nusd: int) -> None:
    """Once all replicas have left: nothing is held, and every window that calls counted in has what they cost."""
    shares = stored.sum_shares()
    assert {held for _, held in shares} == {0}, shares
    # Beside the two budgets there are sums of the day, one of them of clouds.
    spent = [each[0] for each in shares]
    assert set(spent) <= {0, spent_nusd} and spent.count(spent_nusd) >= 2, (shares, spent_nusd)
