"""The library is loaded beside the requests, tried again when that fails, and looked through as is wanted by then."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from pointsman.recognition.background import DetectorFailed
from pointsman.recognition.library import Analyse, NamesUnavailable
from pointsman.recognition.on_demand import FIRST_PAUSE_S, LONGEST_PAUSE_S, NamesOnDemand


def find_person(passage: str) -> frozenset[str]:
    return frozenset({"person"} if "Maria Schneider" in passage else ())


class Library:
    """Fails as it is told, one load after the other, and then loads; waits at a gate while that is shut."""

    def __init__(self, *failures: BaseException) -> None:
        self.failures: Iterator[BaseException] = iter(failures)
        self.loads = 0
        self.has_begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def load(self) -> Analyse:
        self.loads += 1
        self.has_begun.set()
        self.gate.wait()
        failure = next(self.failures, None)
        if failure is not None:
            raise failure
        return find_person


class Pauses:
    """Pauses that last until they are told to end; writes down how long each was meant to be."""

    def __init__(self) -> None:
        self.lengths_s: list[float] = []
        self.begun = asyncio.Event()
        self._over = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        self.lengths_s.append(seconds)
        self.begun.set()
        await self._over.wait()
        self._over.clear()

    async def end(self) -> None:
        await self.begun.wait()
        self.begun.clear()
        self._over.set()


async def find_after(is_there: Callable[[], bool]) -> None:
    """Let others go on until something is so."""
    async with asyncio.timeout(60):
        while not is_there():
            await asyncio.sleep(0)


async def finds(names: NamesOnDemand) -> bool:
    try:
        return await names.find(["Maria Schneider"]) == {"person"}
    except DetectorFailed:
        return False


def test_a_load_that_fails_is_tried_again_after_longer_and_longer_pauses(caplog: pytest.LogCaptureFixture) -> None:
    library = Library(NamesUnavailable("run pip"), ValueError("a bad model"), SystemExit(1), MemoryError())

    async def look() -> list[float]:
        pauses = Pauses()
        names = NamesOnDemand(library.load, pauses.wait)
        names.follow(True, 60_000)
        for _ in range(4):
            assert not await finds(names)
            await pauses.end()
        await find_after(lambda: library.loads == 5)
        while not await finds(names):
            await asyncio.sleep(0)
        await names.close()
        return pauses.lengths_s

    assert asyncio.run(look()) == [FIRST_PAUSE_S * factor for factor in (1, 2, 4, 8)]
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(messages) == 4
    assert "run pip" in messages[0] and "ValueError" in messages[1] and "SystemExit" in messages[2]
    assert all("set privacy.names to false" in message for message in messages[1:])


def test_pauses_do_not_grow_without_end() -> None:
    library = Library(*(NamesUnavailable("missing") for _ in range(12)))

    async def look() -> float:
        pauses = Pauses()
        names = NamesOnDemand(library.load, pauses.wait)
        names.follow(True, 1_000)
        for _ in range(11):
            await pauses.end()
        await pauses.begun.wait()
        await names.close()
        return max(pauses.lengths_s)

    assert asyncio.run(look()) == LONGEST_PAUSE_S


def test_a_new_configuration_ends_the_pause_and_one_without_names_ends_the_tries() -> None:
    library = Library(NamesUnavailable("missing"), NamesUnavailable("missing"))

    async def look() -> None:
        pauses = Pauses()
        names = NamesOnDemand(library.load, pauses.wait)
        names.follow(True, 1_000)
        await pauses.begun.wait()
        pauses.begun.clear()
        names.follow(True, 1_000)
        await find_after(lambda: library.loads == 2)
        names.follow(False, 1_000)
        await pauses.end()
        for _ in range(20):
            await asyncio.sleep(0)
        assert library.loads == 2 and not await finds(names)
        names.follow(True, 60_000)
        while not await finds(names):
            await asyncio.sleep(0)
        assert library.loads == 3
        await names.close()

    asyncio.run(look())


def test_a_deadline_that_changes_while_the_library_loads_is_the_one_that_counts() -> None:
    library = Library()
    library.gate.clear()

    async def look() -> str:
        names = NamesOnDemand(library.load)
        names.follow(True, 60_000)
        assert await asyncio.to_thread(library.has_begun.wait, 60)
        names.follow(True, 0)
        library.gate.set()
        while True:
            with pytest.raises(DetectorFailed) as failed:
                await names.find(["Maria Schneider"])
            if "not loaded" not in str(failed.value):
                await names.close()
                return str(failed.value)
            await asyncio.sleep(0)

    assert "took over 0 ms" in asyncio.run(look())
    assert library.loads == 1


def test_a_deadline_that_changes_later_is_taken_over() -> None:
    async def look() -> None:
        names = NamesOnDemand(Library().load)
        await names.load(60_000)
        assert await finds(names)
        names.follow(True, 0)
        assert not await finds(names)
        names.follow(True, 60_000)
        assert await finds(names)
        await names.close()

    asyncio.run(look())


@pytest.mark.parametrize("failure", [NamesUnavailable("run pip"), OSError("x" * 5_000), SystemExit(1)], ids=repr)
def test_at_the_start_whatever_fails_says_what_to_do(failure: BaseException) -> None:
    async def start() -> None:
        names = NamesOnDemand(Library(failure).load)
        with pytest.raises(NamesUnavailable, match="pip") as missing:
            await names.load(1_000)
        assert len(str(missing.value)) < 500
        await names.close()

    asyncio.run(start())
