"""Names are looked for in a thread, with a queue and a deadline that hold; each failure is a `DetectorFailed`."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

import pytest

from pointsman.recognition.background import BackgroundNames, DetectorFailed
from pointsman.recognition.passages import MOST_CHARACTERS, PASSAGE_CHARACTERS

PRIVATE = "Maria Schneider"


class Reader:
    """Analyses in the thread that calls it, and waits at a gate while that is shut."""

    def __init__(self) -> None:
        self.passages: list[str] = []
        self.threads: set[str] = set()
        self.has_begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def analyse(self, passage: str) -> frozenset[str]:
        self.has_begun.set()
        self.gate.wait()
        self.passages.append(passage)
        self.threads.add(threading.current_thread().name)
        kinds = {"person": PRIVATE, "address": "Baker Street"}
        return frozenset(kind for kind, sign in kinds.items() if sign in passage)


@contextmanager
def looking(
    analyse: Callable[[str], frozenset[str]], deadline_ms: int = 60_000, most_waiting: int = 64
) -> Iterator[BackgroundNames]:
    names = BackgroundNames(analyse, deadline_ms=deadline_ms, most_waiting=most_waiting)
    try:
        yield names
    finally:
        names.close()


async def reach(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 60)


async def fail(search: Coroutine[object, object, frozenset[str]]) -> str:
    with pytest.raises(DetectorFailed) as failed:
        await search
    return str(failed.value)


def test_the_kinds_of_all_texts_come_together_from_another_thread() -> None:
    reader = Reader()
    with looking(reader.analyse) as names:
        texts = ["nothing here", PRIVATE, "x " * PASSAGE_CHARACTERS, "12 Baker Street"]
        assert asyncio.run(names.find(texts)) == {"person", "address"}
        assert asyncio.run(names.find(["nothing"])) == frozenset()
    assert reader.threads == {"names"}


def test_blank_texts_are_answered_without_the_thread() -> None:
    reader = Reader()
    with looking(reader.analyse) as names:
        assert asyncio.run(names.find(["", " "])) == frozenset()
    assert reader.passages == []


def test_nothing_more_is_read_once_everything_was_found() -> None:
    reader = Reader()
    with looking(reader.analyse) as names:
        text = f"{PRIVATE} of 12 Baker Street " + "word " * (3 * PASSAGE_CHARACTERS // 5)
        assert asyncio.run(names.find([text])) == {"person", "address"}
    assert len(reader.passages) == 1


def test_past_the_deadline_the_answer_is_unknown_and_the_late_one_is_dropped() -> None:
    reader = Reader()

    async def look(names: BackgroundNames) -> None:
        reader.gate.clear()
        text = "late " * PASSAGE_CHARACTERS
        assert "took over 20 ms; privacy.deadline" in await fail(names.find([text[: 2 * PASSAGE_CHARACTERS]]))
        reader.gate.set()
        names.deadline_ms = 60_000
        assert await names.find([PRIVATE]) == {"person"}

    with looking(reader.analyse, deadline_ms=20) as names:
        asyncio.run(look(names))
    assert [passage[:5] for passage in reader.passages] == ["late ", "Maria"]


def test_a_search_that_nobody_waits_for_is_never_begun() -> None:
    reader = Reader()

    async def look(names: BackgroundNames) -> None:
        reader.gate.clear()
        first = asyncio.create_task(names.find(["first"]))
        await reach(reader.has_begun)
        second = asyncio.create_task(names.find(["second"]))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        reader.gate.set()
        assert await first == frozenset()
        assert await names.find(["third"]) == frozenset()

    with looking(reader.analyse) as names:
        asyncio.run(look(names))
    assert reader.passages == ["first", "third"]


def test_what_the_queue_cannot_hold_fails_at_once() -> None:
    reader = Reader()

    async def look(names: BackgroundNames) -> None:
        reader.gate.clear()
        first = asyncio.create_task(names.find(["first"]))
        await reach(reader.has_begun)
        second = asyncio.create_task(names.find(["second"]))
        await asyncio.sleep(0)
        assert "1 requests wait" in await fail(names.find(["third"]))
        reader.gate.set()
        assert await asyncio.gather(first, second) == [frozenset(), frozenset()]

    with looking(reader.analyse, most_waiting=1) as names:
        asyncio.run(look(names))


def test_too_much_text_fails_before_any_of_it_is_read() -> None:
    reader = Reader()
    with looking(reader.analyse) as names:
        message = asyncio.run(fail(names.find(["x" * MOST_CHARACTERS, "x"])))
    assert f"at most {MOST_CHARACTERS:,} characters" in message
    assert reader.passages == []


@pytest.mark.parametrize("error", [ValueError, MemoryError, SystemExit, TimeoutError])
def test_a_library_that_fails_tells_nothing_of_the_text_and_the_next_request_is_served(
    error: type[BaseException],
) -> None:
    reader = Reader()

    def analyse(passage: str) -> frozenset[str]:
        if "fail" in passage:
            raise error(f"cannot read {passage}")
        return reader.analyse(passage)

    async def look(names: BackgroundNames) -> None:
        with pytest.raises(DetectorFailed) as failed:
            await names.find([f"fail {PRIVATE}"])
        assert str(failed.value) == f"looking for names failed with {error.__name__}"
        assert failed.value.__cause__ is failed.value.__context__ is None
        assert await names.find([PRIVATE]) == {"person"}

    with looking(analyse) as names:
        asyncio.run(look(names))


def test_after_closing_what_waits_and_what_comes_fails() -> None:
    reader = Reader()

    async def look(names: BackgroundNames) -> None:
        reader.gate.clear()
        first = asyncio.create_task(names.find([PRIVATE]))
        await reach(reader.has_begun)
        second = asyncio.create_task(names.find(["second"]))
        await asyncio.sleep(0)
        names.close()
        names.close()
        assert "stopping" in await fail(names.find(["third"]))
        with pytest.raises(DetectorFailed, match="stopping"):
            await second
        reader.gate.set()
        assert await first == {"person"}

    with looking(reader.analyse) as names:
        asyncio.run(look(names))


def test_an_answer_for_a_loop_that_has_closed_does_not_end_the_thread() -> None:
    reader = Reader()
    with looking(reader.analyse, deadline_ms=20) as names:
        reader.gate.clear()
        assert "took over" in asyncio.run(fail(names.find(["first"])))
        reader.gate.set()
        names.deadline_ms = 60_000
        assert asyncio.run(names.find([PRIVATE])) == {"person"}
