"""The port `AllowanceStore` on Redis or Valkey: one script for all that is asked for at once.

What is spent is the ledger's figure, passed on with its version, and what is given back is told as what is left: so
nothing is counted twice. A cost may be in `spent` a moment before its part is lowered, never after.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from pointsman.core.limits.parts import HeldPlaces, Parts, WindowId
from pointsman.core.limits.shared_rates import MOST_PER_MINUTE, find_burst, find_lateness_ms
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
from pointsman.valkey.connection import ScriptServer
from pointsman.valkey.generation import Ledger, Membership, Question
from pointsman.valkey.keys import Keys, read_window, write_window

LARGEST_LIMIT = 9_000_000_000_000_000
"""In nano-dollars; scripts compute with doubles, which are exact up to here."""

DAY_MS = 86_400_000
KEPT_DAYS = 62
MOST_ROUNDS = 3
LONGEST_MS = 2_000
"""Of a call, waiting for others and for the ledger included."""
MINUTE_US = 60_000_000


class LimitTooLarge(StoreUnavailable):
    """A limit that this store cannot compute with."""


class ValkeyAllowances:
    """What one replica shares with others; belongs to one event loop.

    Args:
        server: where the store is.
        ledger: where the ledger is.
        node: this replica; the same after a restart with the same journal.
        lease_ms: how long it is believed to live after it was last heard of.
    """

    def __init__(self, server: ScriptServer, ledger: Ledger, node: str, lease_ms: int = 120_000) -> None:
        self._ledger = ledger
        self._node = node
        self._lease_ms = lease_ms
        self._parts = Parts()
        self._places = HeldPlaces()
        self._membership = Membership(server, ledger, node, lease_ms, (self._parts, self._places))
        # What a replica holds is reported when the store was lost, so nothing may be changing at that moment.
        self._turn = asyncio.Lock()

    async def acquire(self, wishes: Sequence[Share]) -> Sequence[Granted]:
        """Take parts of several windows; see the port.

        Raises:
            LimitTooLarge: when a limit is above `LARGEST_LIMIT`.
        """
        for wish in wishes:
            check_limit(wish.limit)
        windows = [((wish.account, wish.start_ms), wish.end_ms) for wish in wishes]
        async with self._take_turn():
            await self._mend()
            try:
                granted = await self._acquire(wishes)
            except BaseException:
                self._parts.doubt(windows)
                raise
            for (window, end_ms), each in zip(windows, granted, strict=True):
                self._parts.add(window, end_ms, each.amount)
        return granted

    async def give_back(self, parts: Mapping[tuple[AccountId, int], int]) -> None:
        """Give back what is not needed; see the port."""
        ends = {window: end_ms for window, end_ms, _ in self._parts.list_all()}
        for window, amount in parts.items():
            self._parts.take(window, amount)
        try:
            async with self._take_turn():
                await self._mend()
                left = [(write_window(window), window[1], self._parts.count_unknown(window)) for window in parts]
                await self._membership.ask(
                    Question(
                        "give_back",
                        lambda keys: [keys.parts(self._node), *(keys.windows(window[0]) for window in parts)],
                        [each for part in left for each in part],
                    )
                )
        except BaseException:
            self._parts.doubt((window, ends.get(window, window[1] + 1)) for window in parts)
            raise

    async def read(self, windows: Sequence[Share]) -> Sequence[WindowState]:
        """How windows stand; see the port."""
        asked = [Share(w.account, w.start_ms, w.end_ms, w.since_ms, w.limit, 0, 0) for w in windows]
        async with self._take_turn():
            return [each.state for each in await self._acquire(asked)]

    async def renew(self) -> bool:
        """Prolong this replica's lease; see the port."""
        async with self._take_turn():
            try:
                await self._mend()
                is_known = (await self._renew(begins=False))[0] == "1"
            except ReplicaForgotten:
                is_known = False
            if not is_known:
                self._parts.clear()
                self._places.clear()
        return is_known

    async def join(self) -> None:
        """Begin this replica's lease; the database has it in its list of replicas already."""
        async with self._take_turn():
            await self._renew(begins=True)

    async def note_spent(self, windows: Sequence[Spent]) -> None:
        """Pass on what the ledger holds; see the port."""
        for each in windows:
            self._parts.owe((each.account, each.start_ms), each.end_ms, each.version, each.taken)
        async with self._take_turn():
            try:
                await self._put(windows, self._node)
            except StoreUnavailable:
                # The parts that were spent from stay counted until this is made good.
                self._parts.doubt(((each.account, each.start_ms), each.end_ms) for each in windows)

    async def come_back(self) -> None:
        """Release all parts and places that a former process of this node held.

        Call it before the first request is admitted, and after all of its journal is in the ledger.
        """
        async with self._take_turn():
            await self._release(self._node, is_forgotten=False)
            self._parts.clear()
            self._places.clear()

    async def forget_node(self, node: str) -> None:
        """Release the parts of a replica that will never be back."""
        async with self._take_turn():
            await self._release(node, is_forgotten=True)

    async def take_rates(self, wishes: Sequence[RateWish]) -> Sequence[RateGrant]:
        """Take permits or places; see the port."""
        bursts = [find_burst(wish.unit, min(wish.limit, MOST_PER_MINUTE)) for wish in wishes]
        lates_ms = [find_lateness_ms(burst) for burst in bursts]
        values: list[str | int] = []
        for wish, burst, late_ms in zip(wishes, bursts, lates_ms, strict=True):
            limit = min(wish.limit, MOST_PER_MINUTE)
            values += (wish.name, wish.unit, limit, burst, late_ms * 1_000, wish.least, wish.wish)
        async with self._take_turn():
            await self._mend()
            try:
                numbers = [int(each) for each in await self._take_rates(wishes, values)]
            except BaseException:
                self._places.doubt(wish.name for wish in wishes if wish.unit == "calls")
                raise
            grants = [
                RateGrant(
                    numbers[3 * place],
                    self._lease_ms if wish.unit == "calls" else lates_ms[place],
                    -(-numbers[3 * place + 1] // 1_000),
                    numbers[3 * place + 2],
                )
                for place, wish in enumerate(wishes)
            ]
            for wish, grant in zip(wishes, grants, strict=True):
                if wish.unit == "calls":
                    self._places.add(wish.name, grant.permits)
        return grants

    async def return_permits(self, wish: RateWish, permits: int, stamp: int) -> None:
        """Give back permits; see the port."""
        back_us = permits * MINUTE_US // min(wish.limit, MOST_PER_MINUTE)
        values = [wish.unit, back_us, stamp]
        async with self._take_turn():
            await self._membership.ask(Question("return_rates", lambda keys: [keys.rate(wish.name, wish.unit)], values))

    async def return_places(self, name: str, places: int) -> None:
        """Give back places; see the port."""
        self._places.add(name, -places)
        self._places.doubt([name])
        async with self._take_turn():
            # It is told how many are left, as after an answer that did not come.
            await self._mend()

    @asynccontextmanager
    async def _take_turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(LONGEST_MS / 1_000), self._turn:
                yield
        except TimeoutError as error:
            raise StoreUnavailable("the shared store takes too long; look at its load and at the network") from error

    async def _acquire(self, wishes: Sequence[Share]) -> list[Granted]:
        answers: dict[int, Granted] = {}
        for _ in range(MOST_ROUNDS):
            missing = [place for place in range(len(wishes)) if place not in answers]
            asked = [wishes[place] for place in missing]
            numbers = [int(each) for each in await self._ask_for(asked)]
            for number, place in enumerate(missing):
                granted, spent, shared_out = numbers[3 * number : 3 * number + 3]
                if granted >= 0:
                    answers[place] = Granted(granted, WindowState(spent, shared_out))
            if len(answers) == len(wishes):
                return [answers[place] for place in range(len(wishes))]
            unknown = [wish for place, wish in zip(missing, asked, strict=True) if place not in answers]
            steps = {(step.account, step.start_ms): step for wish in unknown for step in _list_steps(wish)}
            await self._put(await self._ledger.read_spent(list(steps.values())), None, _find_oldest(unknown))
        raise StoreUnavailable("windows of the shared store vanish as they are opened; look at its memory limit")

    async def _ask_for(self, wishes: Sequence[Share]) -> list[str]:
        values: list[str | int] = []
        for wish in wishes:
            field = write_window((wish.account, wish.start_ms))
            values += (field, wish.start_ms, wish.end_ms, wish.since_ms, wish.limit, wish.least, wish.wish)
        return await self._membership.ask(
            Question(
                "acquire",
                lambda keys: [keys.leases, keys.parts(self._node), *(keys.windows(wish.account) for wish in wishes)],
                values,
            )
        )

    async def _put(
        self,
        windows: Sequence[Spent],
        node: str | None,
        oldest: Mapping[AccountId, int] | None = None,
        *,
        all_gone: bool = False,
    ) -> None:
        """Pass on what the ledger holds, and with a node how much it has of the windows at most."""
        if not windows:
            return
        values: list[str | int] = []
        for each in windows:
            window = (each.account, each.start_ms)
            at_most = "-" if node is None else str(0 if all_gone else self._parts.count_unknown(window, each.version))
            too_old = (oldest or {}).get(each.account, each.start_ms - KEPT_DAYS * DAY_MS)
            values += (write_window(window), each.start_ms, each.end_ms, each.spent, each.version, at_most, too_old)
        await self._membership.ask(
            Question(
                "put",
                lambda keys: [keys.parts(node or self._node), *(keys.windows(each.account) for each in windows)],
                values,
            )
        )
        if node == self._node:
            for each in windows:
                self._parts.settle((each.account, each.start_ms), each.version)

    async def _mend(self) -> None:
        """Tell the store how much there is at most of windows of which nobody knows; after what the ledger has."""
        windows, places = self._parts.doubted, self._places.list_doubted()
        # What becomes doubtful meanwhile stays so.
        self._parts.trust(windows)
        self._places.trust(name for name, _ in places)
        try:
            if windows:
                await self._put(await self._ledger.read_spent(_as_shares(windows)), self._node)
            for name, held in places:
                values: list[str | int] = ["calls", held, 0]
                await self._membership.ask(Question("return_rates", partial(_name_places, name), values))
        except BaseException:
            self._parts.doubt(windows.items())
            self._places.doubt(name for name, _ in places)
            raise

    async def _take_rates(self, wishes: Sequence[RateWish], values: Sequence[str | int]) -> list[str]:
        return await self._membership.ask(
            Question(
                "take_rates",
                lambda keys: [
                    keys.leases,
                    keys.place_names(self._node),
                    *(keys.rate(wish.name, wish.unit) for wish in wishes),
                ],
                values,
            )
        )

    async def _release(self, node: str, *, is_forgotten: bool) -> None:
        listed = await self._membership.ask(Question("list_parts", lambda keys: [keys.parts(node)], []))
        ends = {
            read_window(field): int(part.partition("|")[2])
            for field, part in zip(listed[::2], listed[1::2], strict=True)
        }
        if ends:
            # First what it has spent, then the parts that it spent from.
            await self._put(await self._ledger.read_spent(_as_shares(ends)), node, all_gone=True)
        await self._membership.ask(
            Question(
                "leave",
                lambda keys: [keys.leases, keys.place_names(node), keys.all_places],
                [node, int(is_forgotten)],
            )
        )

    async def _renew(self, *, begins: bool) -> list[str]:
        return await self._membership.ask(Question("renew", lambda keys: [keys.leases], [self._lease_ms, int(begins)]))


def check_limit(limit: int) -> None:
    """Refuse a limit that scripts would round.

    Raises:
        LimitTooLarge: when it is above `LARGEST_LIMIT`.
    """
    if limit > LARGEST_LIMIT:
        raise LimitTooLarge(
            "a budget above 9,000,000 dollars cannot be kept by Redis; lower it, or set hard_budget.store: postgresql"
        )


def _list_steps(share: Share) -> Iterable[Share]:
    """The windows that count together for a share."""
    step_ms = share.end_ms - share.start_ms
    for start_ms in range(share.since_ms, share.end_ms, step_ms):
        yield Share(share.account, start_ms, start_ms + step_ms, start_ms, share.limit, 0, 0)


def _find_oldest(shares: Iterable[Share]) -> dict[AccountId, int]:
    """From when on steps of rolling limits still matter; a day more, for replicas whose clocks are behind."""
    return {
        share.account: share.since_ms - (share.start_ms - share.since_ms) - DAY_MS
        for share in shares
        if share.since_ms < share.start_ms
    }


def _as_shares(windows: Mapping[WindowId, int]) -> list[Share]:
    return [Share(account, start_ms, end_ms, start_ms, 0, 0, 0) for (account, start_ms), end_ms in windows.items()]


def _name_places(name: str, keys: Keys) -> list[str]:
    return [keys.rate(name, "calls")]
