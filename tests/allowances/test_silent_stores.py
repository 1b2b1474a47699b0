"""A store that does not answer: nobody waits for long, nobody is asked in vain, and nothing stays given by mistake."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from shared_money import Where, entry, key, open_replica, share

from pointsman.core.limits.breaker import FAILURES_IN_ROW, PAUSE_MS, Breaker
from pointsman.core.money_ports import StoreUnavailable, WindowState
from pointsman.storage.allowances.connections import Connections
from pointsman.storage.allowances.replicas import ReplicaList
from pointsman.storage.postgres_address import read_address
from pointsman.valkey.connection import ScriptServer, UnusableAddress
from real_postgres import new_database, start_server
from real_valkey import start_valkey


def test_a_breaker_lets_one_question_through_after_each_pause() -> None:
    breaker = Breaker()
    for _ in range(FAILURES_IN_ROW):
        assert breaker.may_ask(5)
        breaker.note_failure(5)
    assert not breaker.may_ask(4 + PAUSE_MS)
    assert breaker.may_ask(5 + PAUSE_MS)
    assert not breaker.may_ask(5 + PAUSE_MS)
    breaker.note_answer()
    assert breaker.may_ask(5 + PAUSE_MS)


def test_servers_that_are_not_there_are_told_without_a_password() -> None:
    async def check() -> None:
        connections = Connections(read_address("postgresql://me:hidden@127.0.0.1:1/db", None))
        with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/db.*storage\.url") as told:
            await ReplicaList(connections).list_all()
        assert "hidden" not in str(told.value)
        server = ScriptServer("redis://me:hidden@127.0.0.1:1/0")
        for _ in range(FAILURES_IN_ROW):
            with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1.*redis\.url") as told:
                await server.run("begin", ["x"], ["1", "a"])
            assert "hidden" not in str(told.value)
        with pytest.raises(StoreUnavailable, match="again in a moment"):
            await server.run("begin", ["x"], ["1", "a"])
        await server.close()
        with pytest.raises(UnusableAddress) as refused:
            ScriptServer("http://me:hidden@host")
        assert "hidden" not in str(refused.value)

    asyncio.run(check())


def test_a_frozen_postgresql_is_given_up_and_what_it_did_late_is_undone() -> None:
    async def check(where: Where, freeze: "Freezer") -> None:
        async with open_replica(where, "a") as a, open_replica(where, "b") as b:
            await a.store.acquire([share(wish=500)])
            freeze.stop()
            try:
                with pytest.raises(StoreUnavailable):
                    await a.store.acquire([share(wish=300)])
                with pytest.raises(StoreUnavailable):
                    await a.store.give_back({key(share()): 200})
            finally:
                freeze.go_on()
            await try_patiently(a.others.list_all)
            # Now that it answers, what was given up is made good first, and nothing is given back twice.
            await a.store.give_back({key(share()): 100})
            assert await b.store.read([share()]) == [WindowState(0, 200)]
            assert await a.store.renew()
            assert await b.store.read([share()]) == [WindowState(0, 200)]

    with start_server() as server:
        server.execute("postgres", "CREATE DATABASE own")
        where = Where("postgresql", server.url("own"))
        asyncio.run(check(where, Freezer(server.pid)))


def test_a_frozen_valkey_is_given_up_and_what_it_did_late_is_undone() -> None:
    async def check(where: Where, freeze: "Freezer") -> None:
        async with open_replica(where, "a") as a, open_replica(where, "b") as b:
            await a.store.acquire([share(wish=500)])
            freeze.stop()
            try:
                with pytest.raises(StoreUnavailable):
                    await a.store.acquire([share(wish=300)])
                with pytest.raises(StoreUnavailable):
                    await a.store.give_back({key(share()): 200})
                await a.book([entry("1", 50)])
            finally:
                freeze.go_on()
            await try_patiently(a.store.renew)
            assert await b.store.read([share()]) == [WindowState(50, 250)]

    with new_database() as database, start_valkey() as server:
        freezer = Freezer(int((server.folder / "pid").read_text()))
        asyncio.run(check(Where("valkey", database, server.url), freezer))


class Freezer:
    """A process and its children."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._frozen: list[int] = []

    def stop(self) -> None:
        """Freeze them."""
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        self._frozen = [self._pid, *map(int, children)]
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let them run again."""
        for pid in self._frozen:
            os.kill(pid, signal.SIGCONT)


async def try_patiently(question: Callable[[], Awaitable[object]]) -> None:
    """Until the store is asked again."""
    while True:
        try:
            assert await question()
            return
        except StoreUnavailable:
            await asyncio.sleep(0.05)
