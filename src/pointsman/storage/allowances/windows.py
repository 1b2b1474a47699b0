"""Windows are opened with what the ledger holds for them, while nobody writes to it: nothing is missed or doubled."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pointsman.core.limits.scopes import ScopeKind
from pointsman.core.money_ports import AccountId, Share
from pointsman.storage.allowances.connections import Connection
from pointsman.storage.locks import FAMILY

LEDGER_LOCK = 101
"""Beside the numbers of `storage/locks.py`: shared by those who write to the ledger, alone for who opens windows."""

OPENING_MS = 60_000
"""At most, for sums over millions of rows; those who ask meanwhile are told to come back."""

MOST_STEPS = 100
"""Of a rolling limit."""

NOW_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

Window = tuple[AccountId, int, int]
"""Whose, its first millisecond, and the first one after it."""

_NAMES: Mapping[ScopeKind, str] = {
    "total": "''",
    "cloud": "''",
    "provider": "l.provider",
    "model": "l.model",
    "agent": "l.agent",
    "interaction": "l.interaction",
    "team": "l.team",
    "user": 'l."user"',
    "key": "l.key_id",
    "session": "l.session",
    "tag": "tag.name",
}
"""Where an entry says for which scope of a kind it counts."""

_ADD_ACCOUNTS = """
INSERT INTO allowance_accounts (scope, name, window_kind, time_zone)
SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS asked (a, b, c, d)
ORDER BY a, b, c, d ON CONFLICT DO NOTHING
"""

_FIND_MISSING = """
SELECT asked.number FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY
    AS asked (scope, name, kind, zone, start_ms, number)
JOIN allowance_accounts a
ON a.scope = asked.scope AND a.name = asked.name AND a.window_kind = asked.kind AND a.time_zone = asked.zone
WHERE NOT EXISTS (SELECT 1 FROM allowance_windows w WHERE w.account_id = a.id AND w.start_ms = asked.start_ms)
"""

_SUM = """
SELECT span.start_ms, span.end_ms, {name} AS name, sum(l.cost_nusd)::bigint AS spent
FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bigint[]) AS s (start_ms, end_ms)) span
JOIN ledger l ON l.at_ms >= span.start_ms AND l.at_ms < span.end_ms
{tags}
WHERE l.cost_nusd IS NOT NULL AND l.kind <> 'possibly_billed' AND {name} = ANY($3::text[]) {cloud}
GROUP BY 1, 2, 3
"""

_TAGS = "CROSS JOIN LATERAL (SELECT DISTINCT t.name FROM json_array_elements_text(l.tags::json) AS t (name)) tag"

_ADD_WINDOWS = """
INSERT INTO allowance_windows (account_id, start_ms, end_ms, spent, version)
SELECT a.id, asked.start_ms, asked.end_ms, asked.spent, 1
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
    AS asked (scope, name, kind, zone, start_ms, end_ms, spent)
JOIN allowance_accounts a
ON a.scope = asked.scope AND a.name = asked.name AND a.window_kind = asked.kind AND a.time_zone = asked.zone
ORDER BY a.id, asked.start_ms ON CONFLICT DO NOTHING
"""


def list_steps(share: Share) -> Iterator[Window]:
    """The windows that count together for a share, the oldest first; one, unless the limit is a rolling one.

    Raises:
        ValueError: when they cannot be the steps of a rolling limit.
    """
    step_ms = share.end_ms - share.start_ms
    length_ms = share.start_ms - share.since_ms
    if step_ms <= 0 or length_ms % step_ms or not 0 <= length_ms < MOST_STEPS * step_ms:
        raise ValueError("a rolling limit is counted in steps of one length, at most 100 of them")
    for start_ms in range(share.since_ms, share.end_ms, step_ms):
        yield share.account, start_ms, start_ms + step_ms


async def open_windows(connection: Connection, wanted: Iterable[Window]) -> None:
    """Open those of the windows that are not there; in a transaction of its own."""
    listed = list(dict.fromkeys(wanted))
    await connection.execute("BEGIN")
    await connection.execute("SELECT set_config('statement_timeout', $1, true)", str(OPENING_MS))
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", FAMILY, LEDGER_LOCK)
    accounts = to_columns(account for account, _, _ in listed)
    await connection.execute(_ADD_ACCOUNTS, *accounts)
    rows = await connection.fetch(_FIND_MISSING, *accounts, [start_ms for _, start_ms, _ in listed])
    missing = [listed[row["number"] - 1] for row in rows]
    if missing:
        spent = await _sum_ledger(connection, missing)
        starts_ends = [start_ms for _, start_ms, _ in missing], [end_ms for _, _, end_ms in missing]
        await connection.execute(_ADD_WINDOWS, *to_columns(account for account, _, _ in missing), *starts_ends, spent)
    await connection.execute("COMMIT")


def to_columns(accounts: Iterable[AccountId]) -> tuple[list[str], list[str], list[str], list[str]]:
    """Accounts as statements take them: an array per column."""
    scopes: list[str] = []
    names: list[str] = []
    kinds: list[str] = []
    zones: list[str] = []
    for scope, name, kind, zone in accounts:
        scopes.append(scope)
        names.append(name)
        kinds.append(kind)
        zones.append(zone)
    return scopes, names, kinds, zones


async def _sum_ledger(connection: Connection, wanted: Sequence[Window]) -> list[int]:
    """What the ledger holds for each window."""
    sums: dict[tuple[ScopeKind, str, int, int], int] = {}
    for kind in dict.fromkeys(account[0] for account, _, _ in wanted):
        of_kind = [window for window in wanted if window[0][0] == kind]
        statement = _SUM.format(
            name=_NAMES[kind],
            tags=_TAGS if kind == "tag" else "",
            cloud="AND l.location = 'cloud'" if kind == "cloud" else "",
        )
        spans = [start_ms for _, start_ms, _ in of_kind], [end_ms for _, _, end_ms in of_kind]
        names = list({account[1] for account, _, _ in of_kind})
        for row in await connection.fetch(statement, *spans, names):
            sums[kind, str(row["name"]), row["start_ms"], row["end_ms"]] = row["spent"]
    return [sums.get((account[0], account[1], start_ms, end_ms), 0) for account, start_ms, end_ms in wanted]
