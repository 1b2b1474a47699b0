"""Writes wait for the end of the loop's turn, keep their order, and never follow a close."""

import asyncio
from typing import cast

from pointsman.wire.outbox import Outbox


class NotedTransport(asyncio.WriteTransport):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[bytes | str] = []

    def write(self, data: object) -> None:
        self.seen.append(cast(bytes, data))

    def close(self) -> None:
        self.seen.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.seen


def test_writes_come_together_at_the_end_of_the_turn() -> None:
    async def scenario() -> None:
        outbox, one, two = Outbox(), NotedTransport(), NotedTransport()
        outbox.push(one, b"a")
        outbox.push(two, b"b")
        outbox.push(one, b"c", close=True)
        outbox.push(one, b"late")
        assert one.seen == two.seen == []
        await asyncio.sleep(0)
        assert one.seen == [b"a", b"c", "closed"]
        assert two.seen == [b"b"]

    asyncio.run(scenario())


def test_a_flush_by_hand_leaves_nothing_for_the_end_of_the_turn() -> None:
    async def scenario() -> None:
        outbox, transport = Outbox(), NotedTransport()
        outbox.push(transport, b"a")
        outbox.flush()
        outbox.push(transport, b"b")
        assert transport.seen == [b"a"]
        await asyncio.sleep(0)
        assert transport.seen == [b"a", b"b"]

    asyncio.run(scenario())
