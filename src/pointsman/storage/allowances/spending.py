"""What is new in the ledger moves from the parts of replicas to `spent`, in the ledger's own transaction.

Locks are taken in one order: the ledger's, windows by number, parts by window and replica.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import ARRAY, BigInteger, Connection, Text, bindparam, text

from pointsman.core.limits.scopes import Scope
from pointsman.core.money_ports import Spent
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.storage.allowances.windows import LEDGER_LOCK
from pointsman.storage.locks import FAMILY
from pointsman.storage.usage_rows import storable_text

_NUMBERS = ARRAY(BigInteger)
_TEXTS = ARRAY(Text)

_LOCK = text("SELECT pg_advisory_xact_lock_shared(:family, :number)")

_FIND = text("""
SELECT w.id, a.scope, a.name, w.start_ms, w.end_ms FROM allowance_accounts a
JOIN unnest(:scopes, :names) AS asked (scope, name) ON a.scope = asked.scope AND a.name = asked.name
JOIN allowance_windows w ON w.account_id = a.id AND w.start_ms <= :last_ms AND w.end_ms > :first_ms
""").bindparams(bindparam("scopes", type_=_TEXTS), bindparam("names", type_=_TEXTS))

_MOVE = text("""
WITH locked AS MATERIALIZED (
    SELECT w.id FROM allowance_windows w WHERE w.id = ANY(:ids) ORDER BY w.id FOR NO KEY UPDATE
), used AS (
    SELECT s.window_id, s.node, u.cost FROM unnest(:used_ids, :nodes, :used_costs) AS u (id, node, cost)
    JOIN allowance_slices s ON s.window_id = u.id AND s.node = u.node
    ORDER BY s.window_id, s.node FOR NO KEY UPDATE OF s
), taken AS (
    UPDATE allowance_slices s SET amount = greatest(0, s.amount - used.cost)
    FROM used WHERE s.window_id = used.window_id AND s.node = used.node
)
UPDATE allowance_windows w SET spent = w.spent + added.cost, version = w.version + 1
FROM locked JOIN unnest(:ids, :costs) AS added (id, cost) USING (id), allowance_accounts a
WHERE w.id = locked.id AND a.id = w.account_id
RETURNING w.id, a.scope, a.name, a.window_kind, a.time_zone, w.start_ms, w.end_ms, w.spent, w.version
""").bindparams(
    *(bindparam(name, type_=_NUMBERS) for name in ("ids", "costs", "used_ids", "used_costs")),
    bindparam("nodes", type_=_TEXTS),
)
"""One statement, so that windows are locked for as short as can be; it changes parts after windows."""


def move_to_spent(
    connection: Connection, node: str, entries: Sequence[LedgerEntry], others: Mapping[str, str] | None = None
) -> list[Spent]:
    """Count entries that are new in the ledger in all shared windows that they belong to.

    Call it last in the transaction: nothing else that others may hold is waited for behind its locks. The transaction
    is READ COMMITTED; when the server asks for it, whoever owns it does it again.

    Args:
        connection: of the transaction that has booked them; PostgreSQL.
        node: from whose parts they were spent.
        entries: only those that were not there before.
        others: the nodes of requests that other replicas had begun, by request: what is booked for a dead one.

    Returns:
        The windows that changed, for `AllowanceStore.note_spent` once the transaction is committed.
    """
    counted = [entry for entry in entries if entry.counts and entry.cost_nusd]
    if not counted:
        return []
    connection.execute(_LOCK, {"family": FAMILY, "number": LEDGER_LOCK})
    windows = _find_windows(connection, counted)
    added: defaultdict[int, int] = defaultdict(int)
    used: defaultdict[tuple[int, str], int] = defaultdict(int)
    owners = others or {}
    for entry in counted:
        cost_nusd = entry.cost_nusd or 0
        owner = owners.get(entry.request_id, node)
        for scope in _list_scopes(entry):
            for window_id, start_ms, end_ms in windows.get(scope, ()):
                if start_ms <= entry.at_ms < end_ms:
                    added[window_id] += cost_nusd
                    # What a correction gives back is nobody's part.
                    used[window_id, owner] += max(0, cost_nusd)
    return _write(connection, added, used, node) if added else []


def _find_windows(connection: Connection, entries: Iterable[LedgerEntry]) -> dict[Scope, list[tuple[int, int, int]]]:
    """Numbers and ends of the shared windows of each scope that entries count in."""
    times = [entry.at_ms for entry in entries]
    scopes = list({scope for entry in entries for scope in _list_scopes(entry)})
    values = {
        "scopes": [kind for kind, _ in scopes],
        "names": [name for _, name in scopes],
        "first_ms": min(times),
        "last_ms": max(times),
    }
    windows: dict[Scope, list[tuple[int, int, int]]] = {}
    for window_id, kind, name, start_ms, end_ms in connection.execute(_FIND, values):
        windows.setdefault((kind, name), []).append((window_id, start_ms, end_ms))
    return windows


def _write(
    connection: Connection, added: Mapping[int, int], used: Mapping[tuple[int, str], int], node: str
) -> list[Spent]:
    ids, parts = sorted(added), sorted(used)
    values = {
        "ids": ids,
        "costs": [added[window_id] for window_id in ids],
        "used_ids": [window_id for window_id, _ in parts],
        "nodes": [owner for _, owner in parts],
        "used_costs": [used[part] for part in parts],
    }
    changed = connection.execute(_MOVE, values).all()
    return [
        Spent((scope, name, kind, zone), start_ms, end_ms, spent, version, used.get((window_id, node), 0))
        for window_id, scope, name, kind, zone, start_ms, end_ms, spent, version in changed
    ]


def _list_scopes(entry: LedgerEntry) -> Iterator[Scope]:
    """Whose spending an entry is."""
    yield "total", ""
    if entry.location == "cloud":
        yield "cloud", ""
    for tag in dict.fromkeys(entry.tags):
        yield "tag", storable_text(tag)
    named: tuple[Scope, ...] = (
        ("provider", entry.provider),
        ("model", entry.model),
        ("agent", entry.agent),
        ("interaction", entry.interaction),
        ("team", entry.team),
        ("user", entry.user),
        ("key", entry.key_id),
        ("session", entry.session),
    )
    for kind, name in named:
        if name:
            yield kind, storable_text(name)
