"""The port `AllowanceStore` on PostgreSQL: one statement for all that is asked for at once."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from pointsman.core.limits.parts import HeldPlaces, Parts
from pointsman.core.money_ports import (
    AccountId,
    Granted,
    RateGrant,
    RateWish,
    ReplicaForgotten,
    Share,
    Spent,
    StoreUnavailable,
    WindowState,
)
from pointsman.storage.allowances import rates, replicas
from pointsman.storage.allowances.connections import ANSWER_MS, Connection, Connections
from pointsman.storage.allowances.windows import OPENING_MS, Window, list_steps, open_windows, to_columns

_ACQUIRE = """
SELECT place, granted, spent_sum, shared_sum FROM acquire_allowances(
    $1, $2, $3::text[], $4::text[], $5::text[], $6::text[],
    $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[]
)
"""

_CHANGE = """
WITH me AS MATERIALIZED (
    SELECT node FROM replicas WHERE node = $1 AND turn = $2 FOR SHARE
), asked AS (
    SELECT w.id, given.amount FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
        AS given (scope, name, kind, zone, start_ms, amount)
    JOIN allowance_accounts a
    ON a.scope = given.scope AND a.name = given.name AND a.window_kind = given.kind AND a.time_zone = given.zone
    JOIN allowance_windows w ON w.account_id = a.id AND w.start_ms = given.start_ms
), locked AS MATERIALIZED (
    SELECT s.window_id, s.node, asked.amount FROM me JOIN allowance_slices s ON s.node = me.node
    JOIN asked ON s.window_id = asked.id ORDER BY s.window_id FOR NO KEY UPDATE OF s
)
UPDATE allowance_slices s SET amount = {amount} FROM locked
WHERE s.window_id = locked.window_id AND s.node = locked.node
"""
_GIVE_BACK = _CHANGE.format(amount="greatest(0, s.amount - locked.amount)")
_LOWER = _CHANGE.format(amount="least(s.amount, locked.amount)")

_READ_SPENT = """
SELECT asked.number, w.spent, w.version FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
    WITH ORDINALITY AS asked (scope, name, kind, zone, start_ms, number)
JOIN allowance_accounts a
ON a.scope = asked.scope AND a.name = asked.name AND a.window_kind = asked.kind AND a.time_zone = asked.zone
JOIN allowance_windows w ON w.account_id = a.id AND w.start_ms = asked.start_ms
"""

MOST_ROUNDS = 3
LONGEST_MS = 2_000
"""Of a call, waiting for others included."""
MOST_OPENINGS = 16
"""At the same time."""

SUMMING = "the ledger is being summed up for a new window; try again in a moment"
VANISHING = "windows of the shared store vanish as they are opened; look at its clock"


class PostgresAllowances:
    """What one replica shares with others; belongs to one event loop.

    Args:
        connections: to the server.
        node: this replica; the same after a restart with the same journal.
        lease_ms: how long it is believed to live after it was last heard of.
    """

    def __init__(self, connections: Connections, node: str, lease_ms: int = 120_000) -> None:
        self._connections = connections
        self._node = node
        self._lease_ms = lease_ms
        self._turn = 0
        self._parts = Parts()
        self._places = HeldPlaces()
        self._under_way = 0
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._mending = asyncio.Lock()
        self._openings: set[asyncio.Task[None]] = set()
        self._opening_turn = asyncio.Lock()

    async def acquire(self, wishes: Sequence[Share]) -> Sequence[Granted]:
        """Take parts of several windows; see the port."""
        windows = [((wish.account, wish.start_ms), wish.end_ms) for wish in wishes]
        async with self._count_in(windows):
            granted = await self._acquire_all(wishes)
            for (window, end_ms), each in zip(windows, granted, strict=True):
                self._parts.add(window, end_ms, each.amount)
        return granted

    async def give_back(self, parts: Mapping[tuple[AccountId, int], int]) -> None:
        """Give back what is not needed; see the port."""
        windows = [(window, window[1]) for window in parts]
        is_counted = False
        try:
            async with self._count_in(windows):
                # Not sooner: what is made good before this counts it as held yet.
                self._take_all(parts)
                is_counted = True
                await self._connections.ask(partial(self._change, _GIVE_BACK, parts))
        finally:
            if not is_counted:
                self._take_all(parts)
                self._parts.doubt(windows)

    async def read(self, windows: Sequence[Share]) -> Sequence[WindowState]:
        """How windows stand; see the port."""
        asked = [Share(w.account, w.start_ms, w.end_ms, w.since_ms, w.limit, 0, 0) for w in windows]
        async with self._count_in(()):
            return [each.state for each in await self._acquire_all(asked)]

    async def read_spent(self, windows: Sequence[Share]) -> Sequence[Spent]:
        """What the ledger holds for windows, one by one: for a store that has lost that."""
        for _ in range(MOST_ROUNDS):
            columns = (*to_columns(window.account for window in windows), [window.start_ms for window in windows])
            rows = await self._connections.ask(partial(_fetch, statement=_READ_SPENT, columns=columns))
            found = {row["number"] - 1: (row["spent"], row["version"]) for row in rows}
            if len(found) == len(windows):
                return [Spent(w.account, w.start_ms, w.end_ms, *found[place]) for place, w in enumerate(windows)]
            await self._open(windows)
        raise StoreUnavailable(VANISHING)

    async def note_spent(self, windows: Sequence[Spent]) -> None:
        """A transaction of the ledger is committed; the store knows that already."""
        for each in windows:
            self._parts.take((each.account, each.start_ms), each.taken)

    async def join(self, name: str, revision: str) -> None:
        """Begin this replica's lease.

        Args:
            name: for people, such as its host's.
            revision: of the configuration that it runs.
        """
        joining = replicas.Joining(self._node, name, revision, self._lease_ms)
        self._turn = await self._connections.ask(partial(replicas.join, joining=joining))

    async def renew(self) -> bool:
        """Prolong this replica's lease; see the port."""
        try:
            async with self._count_in(()):
                ask = partial(replicas.renew, node=self._node, turn=self._turn)
                is_known = await self._connections.ask(ask)
        except ReplicaForgotten:
            is_known = False
        if not is_known:
            self._parts.clear()
            self._places.clear()
        return is_known

    async def come_back(self) -> None:
        """Release all parts and places that a former process of this node held.

        Call it before the first request is admitted, and after all of its journal is in the ledger.
        """
        await self._connections.ask(partial(replicas.release, node=self._node))
        self._parts.clear()
        self._places.clear()

    async def take_rates(self, wishes: Sequence[RateWish]) -> Sequence[RateGrant]:
        """Take permits or places; see the port."""
        async with self._count_in((), [wish.name for wish in wishes if wish.unit == "calls"]):
            ask = partial(rates.take_rates, me=(self._node, self._turn), wishes=wishes, lease_ms=self._lease_ms)
            grants = await self._connections.ask(ask)
            for wish, grant in zip(wishes, grants, strict=True):
                if wish.unit == "calls":
                    self._places.add(wish.name, grant.permits)
        return grants

    async def return_permits(self, wish: RateWish, permits: int, stamp: int) -> None:
        """Give back permits; see the port."""
        await self._connections.ask(partial(rates.return_permits, wish=wish, permits=permits, stamp=stamp))

    async def return_places(self, name: str, places: int) -> None:
        """Give back places; see the port."""
        is_counted = False
        try:
            async with self._count_in((), [name]):
                self._places.add(name, -places)
                is_counted = True
                me = self._node, self._turn
                await self._connections.ask(partial(rates.return_places, me=me, name=name, places=places))
        finally:
            if not is_counted:
                self._places.add(name, -places)
                self._places.doubt([name])

    async def close(self) -> None:
        """Stop what runs in the background; the connections are closed by whoever made them."""
        openings = list(self._openings)
        for opening in openings:
            opening.cancel()
        if openings:
            await asyncio.wait(openings)

    @asynccontextmanager
    async def _count_in(
        self, windows: Iterable[tuple[tuple[AccountId, int], int]], names: Iterable[str] = ()
    ) -> AsyncIterator[None]:
        """While parts change. Those of which nobody knows whether they did are cleared up before the next ones."""
        try:
            async with asyncio.timeout(LONGEST_MS / 1_000):
                await self._mend()
                self._under_way += 1
                self._is_quiet.clear()
                try:
                    yield
                except BaseException:
                    self._parts.doubt(windows)
                    self._places.doubt(names)
                    raise
                finally:
                    self._under_way -= 1
                    if self._under_way == 0:
                        self._is_quiet.set()
        except TimeoutError as error:
            raise StoreUnavailable("the shared store takes too long; look at its load and at the network") from error

    async def _mend(self) -> None:
        """Tell the store how much there is at most of what is in doubt; nothing else begins before that is done."""
        async with self._mending:
            if not self._parts.doubted and not self._places.list_doubted():
                return
            await self._is_quiet.wait()
            # What was given up may be done yet, which must not undo what follows.
            self._turn += 1
            await self._connections.ask(partial(replicas.begin_turn, node=self._node, turn=self._turn))
            windows, places = self._parts.doubted, self._places.list_doubted()
            known = {window: self._parts.count(window) for window in windows}
            # What becomes doubtful meanwhile stays so.
            self._parts.trust(windows)
            self._places.trust(name for name, _ in places)
            try:
                await self._connections.ask(partial(self._change, _LOWER, known))
                await self._connections.ask(partial(rates.lower_places, me=(self._node, self._turn), places=places))
            except BaseException:
                self._parts.doubt(windows.items())
                self._places.doubt(name for name, _ in places)
                raise

    def _take_all(self, parts: Mapping[tuple[AccountId, int], int]) -> None:
        for window, amount in parts.items():
            self._parts.take(window, amount)

    async def _acquire_all(self, wishes: Sequence[Share]) -> list[Granted]:
        answers: dict[int, Granted] = {}
        for _ in range(MOST_ROUNDS):
            missing = [place for place in range(len(wishes)) if place not in answers]
            asked = [wishes[place] for place in missing]
            found = await self._connections.ask(partial(self._acquire, asked))
            answers.update((missing[place], granted) for place, granted in found.items())
            if len(answers) == len(wishes):
                return [answers[place] for place in range(len(wishes))]
            await self._open(asked)
        raise StoreUnavailable(VANISHING)

    async def _acquire(self, wishes: Sequence[Share], connection: Connection) -> dict[int, Granted]:
        columns = to_columns(wish.account for wish in wishes)
        amounts = zip(*((w.start_ms, w.end_ms, w.since_ms, w.limit, w.least, w.wish) for w in wishes), strict=True)
        rows = await connection.fetch(_ACQUIRE, self._node, self._turn, *columns, *(list(column) for column in amounts))
        return {
            row["place"] - 1: Granted(row["granted"], WindowState(row["spent_sum"], row["shared_sum"])) for row in rows
        }

    async def _change(self, statement: str, parts: Mapping[tuple[AccountId, int], int], connection: Connection) -> None:
        columns = to_columns(account for account, _ in parts)
        await connection.execute(
            statement, self._node, self._turn, *columns, [start_ms for _, start_ms in parts], list(parts.values())
        )

    async def _open(self, shares: Iterable[Share]) -> None:
        """Open windows; who waits too long for it comes back, and it goes on meanwhile."""
        wanted = [window for share in shares for window in list_steps(share)]
        if len(self._openings) >= MOST_OPENINGS:
            raise StoreUnavailable(SUMMING)
        opening = asyncio.create_task(self._open_in_turn(wanted), name="opening windows")
        self._openings.add(opening)
        opening.add_done_callback(self._end_opening)
        await asyncio.wait([opening], timeout=ANSWER_MS / 1_000)
        if not opening.done():
            raise StoreUnavailable(SUMMING)
        await opening

    async def _open_in_turn(self, wanted: Sequence[Window]) -> None:
        async with self._opening_turn:
            await self._connections.ask(partial(open_windows, wanted=wanted), OPENING_MS)

    def _end_opening(self, opening: asyncio.Task[None]) -> None:
        self._openings.discard(opening)
        if not opening.cancelled():
            # Whoever waited was told; nobody may have.
            opening.exception()


async def _fetch(connection: Connection, statement: str, columns: Sequence[object]) -> Sequence[Mapping[str, Any]]:
    return await connection.fetch(statement, *columns)
