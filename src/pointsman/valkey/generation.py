"""Which generation of the store there is: a server that was replaced or emptied begins a new one.

It gives nothing before every replica that lives has said what it still holds, and windows are summed up anew.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from pointsman.core.limits.parts import HeldPlaces, Parts
from pointsman.core.money_ports import ReplicaForgotten, Share, Spent, StoreUnavailable
from pointsman.valkey.connection import ANSWER_MS, ScriptName, ScriptServer
from pointsman.valkey.keys import STATE, Keys, write_window

PAUSE_MS = 50
"""Before it is looked again whether all replicas have reported."""

REBUILDING = (
    "the shared store was replaced and is being rebuilt; this takes a few seconds once all replicas are heard of"
)

OUTCASTS = {
    "forgotten": "this replica was forgotten by the shared store; it joins anew",
    "late": "another process runs as this replica; end one of them, or give them folders of their own",
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the store takes from the database, where the ledger is.

    Attributes:
        read_spent: what the ledger holds for windows, one by one.
        list_live: the nodes of all replicas whose leases last.
    """

    read_spent: Callable[[Sequence[Share]], Awaitable[Sequence[Spent]]]
    list_live: Callable[[], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Question:
    """A script with what it needs, whatever the generation is.

    Attributes:
        script: its name.
        name_keys: the keys after that of the state.
        values: those after generation and node.
    """

    script: ScriptName
    name_keys: Callable[[Keys], Iterable[str]]
    values: Sequence[str | int]


class Membership:
    """A replica's part in the current generation; what is asked must not overlap in time.

    Args:
        server: where the store is.
        ledger: where the ledger is.
        node: the replica.
        lease_ms: of its lease.
        held: what it holds.
    """

    def __init__(
        self, server: ScriptServer, ledger: Ledger, node: str, lease_ms: int, held: tuple[Parts, HeldPlaces]
    ) -> None:
        self._server = server
        self._ledger = ledger
        self._node = node
        self._lease_ms = lease_ms
        self._parts, self._places = held
        self._keys: Keys | None = None
        self._was_here = False
        self._asked = 0

    async def ask(self, question: Question) -> list[str]:
        """Run a script in the current generation, which is entered first where that is needed.

        Raises:
            StoreUnavailable: when there is no answer in time, or other replicas have yet to report.
            ReplicaForgotten: when an operator had this replica forgotten.
        """
        try:
            async with asyncio.timeout(ANSWER_MS / 1_000):
                while True:
                    keys = self._keys or await self._enter()
                    self._asked += 1
                    answer = await self._server.run(
                        question.script,
                        [STATE, *question.name_keys(keys)],
                        [keys.generation, self._node, *question.values, self._asked],
                    )
                    if answer[0] == "ok":
                        return answer[1:]
                    if answer[0] in OUTCASTS:
                        raise ReplicaForgotten(OUTCASTS[answer[0]])
                    if answer[0] != "building":
                        self._keys = None
                    elif not await self._finish(keys):
                        await asyncio.sleep(PAUSE_MS / 1_000)
        except TimeoutError as error:
            raise StoreUnavailable(REBUILDING) from error

    async def _enter(self) -> Keys:
        answer = await self._server.run("begin", [STATE], [secrets.token_hex(8), self._node])
        keys = Keys(answer[1])
        parts = list(self._parts.list_all())
        places = self._places.list_all()
        held: list[str | int] = [len(places), *(each for named in places for each in named)]
        for window, end_ms, amount in parts:
            held += (write_window(window), window[1], end_ms, amount)
        own = [keys.leases, keys.reports, keys.parts(self._node), keys.place_names(self._node), keys.all_places]
        windows = [keys.windows(window[0]) for window, _, _ in parts]
        values = [keys.generation, self._node, self._lease_ms, int(self._was_here), *held]
        reported = await self._server.run("report", [STATE, *own, *windows], values)
        if reported[0] == "ok":
            self._asked = int(reported[1])
            self._keys = keys
            self._was_here = True
            await self._finish(keys)
        return keys

    async def _finish(self, keys: Keys) -> bool:
        """Whether the store gives parts again."""
        live = await self._ledger.list_live()
        answer = await self._server.run("finish", [STATE, keys.reports], [keys.generation, self._node, *live])
        return answer[0] == "ok"
