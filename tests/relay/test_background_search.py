"""The search for private data: short bodies at once, long ones in threads that a stop, a deadline and a queue bound."""

import asyncio
import logging
import threading
from collections.abc import ItemsView, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import pytest

from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.snapshot import Settings
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.privacy.entities import ENTITIES
from pointsman.core.routing.gather_facts import Found
from pointsman.relay.search import (
    AT_ONCE_BYTES,
    FAILED,
    MOST_BYTES,
    NOT_READABLE,
    TOO_LATE,
    TOO_LONG,
    TOO_MANY,
    BackgroundSearch,
    Searched,
    search_request,
)

PATIENT = Settings(detect_entities=ENTITIES, detect_deadline_ms=60_000)
HASTY = Settings(detect_entities=ENTITIES, detect_deadline_ms=20)
NAMES = Settings(detect_entities=ENTITIES, detect_deadline_ms=60_000, detect_names=True)
LONG = "word " * AT_ONCE_BYTES
NOTHING = Found("")


def say(content: object) -> ChatRequest:
    return decode_request(msgspec.json.encode({"model": "m", "messages": [{"role": "user", "content": content}]}))


async def find_no_names(texts: Sequence[str]) -> frozenset[str]:
    return frozenset()


class Gated(dict[str, object]):
    """The fields of a body that are read one by one; each but the first waits at a gate while that is shut."""

    def __init__(self, *texts: str) -> None:
        super().__init__({f"field{place}": text for place, text in enumerate(texts)})
        self.read: list[str] = []
        self.threads: set[str] = set()
        self.has_begun = threading.Event()
        self.gate = threading.Event()

    def items(self) -> ItemsView[str, object]:
        return dict(self._list()).items() if self.gate.is_set() else _Slowly(self)

    def _list(self) -> Iterator[tuple[str, object]]:
        self.threads.add(threading.current_thread().name)
        for place, item in enumerate(super().items()):
            self.has_begun.set()
            if place:
                self.gate.wait()
            self.read.append(item[0])
            yield item


class _Slowly(ItemsView[str, object]):
    def __init__(self, fields: Gated) -> None:
        super().__init__(fields)
        self._fields = fields

    def __iter__(self) -> Iterator[tuple[str, object]]:
        return self._fields._list()


def gate(*texts: str) -> tuple[ChatRequest, Gated]:
    """A long request that is searched as far as its first text, until its gate is opened."""
    fields = Gated(*texts)
    return ChatRequest("m", False, False, b"x" * (AT_ONCE_BYTES + 1), fields), fields


@contextmanager
def searching(threads: int = 2, most_waiting: int = 64) -> Iterator[BackgroundSearch]:
    search = BackgroundSearch(threads=threads, most_waiting=most_waiting)
    try:
        yield search
    finally:
        search.close()


async def reach(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 60)


async def begin(search: BackgroundSearch, request: ChatRequest, settings: Settings = PATIENT) -> "asyncio.Task[Found]":
    """A search that waits for its thread, or is in it."""
    task = asyncio.create_task(search.find(request, settings, find_no_names))
    await asyncio.sleep(0)
    return task


@pytest.mark.parametrize("more", ["", LONG], ids=["short", "long"])
def test_what_is_found_is_told_by_kind_whatever_the_length(more: str) -> None:
    async def look() -> list[Found]:
        texts: list[object] = [
            f"Nothing private. {more}",
            f"{more} ada@example.com from 10.20.30.40",
            [{"type": "image_url", "image_url": {"url": "https://far.example/a.png"}}, {"type": "text", "text": more}],
        ]
        return [await search.find(say(text), PATIENT, find_no_names) for text in texts]

    with searching() as search:
        assert asyncio.run(look()) == [NOTHING, Found("ip_address, email found in it"), Found(NOT_READABLE)]


@pytest.mark.parametrize("more", ["", LONG], ids=["short", "long"])
def test_what_two_parts_hold_only_together_is_found(more: str) -> None:
    async def look() -> Found:
        parts = [{"type": "text", "text": f"{more}\n4111 1111"}, {"type": "text", "text": " 1111 1111"}]
        return await search.find(say(parts), PATIENT, find_no_names)

    with searching() as search:
        assert asyncio.run(look()) == Found("card found in it")


def test_a_short_body_is_searched_at_once_and_a_long_one_in_a_thread_of_the_search() -> None:
    async def look() -> None:
        long, fields = gate("one")
        assert await search.find(long, PATIENT, find_no_names) == NOTHING
        assert all(name.startswith("search for private data") for name in fields.threads) and fields.threads
        short, at_once = msgspec.structs.replace(long, body=b"x" * AT_ONCE_BYTES), Gated("one")
        searched = search.find(msgspec.structs.replace(short, fields=at_once), PATIENT, find_no_names)
        assert await searched == NOTHING
        assert at_once.threads == {threading.current_thread().name}

    with searching() as search:
        asyncio.run(look())


def test_what_is_longer_than_the_bound_is_not_read() -> None:
    async def look() -> Found:
        request, fields = gate("one")
        too_long = msgspec.structs.replace(request, body=b"x" * (MOST_BYTES + 1))
        found = await search.find(too_long, PATIENT, find_no_names)
        assert fields.read == []
        assert search_request(too_long, PATIENT, lambda: True) == Searched(TOO_LONG)
        return found

    with searching() as search:
        assert asyncio.run(look()) == Found(TOO_LONG)


def test_past_the_deadline_the_thread_stops_after_the_text_that_it_reads(caplog: pytest.LogCaptureFixture) -> None:
    async def look() -> None:
        late, fields = gate("one", "two", "three", "four")
        assert await search.find(late, HASTY, find_no_names) == Found(TOO_LATE)
        fields.gate.set()
        # The only thread is free again, and has not read the rest.
        assert await search.find(say(LONG), PATIENT, find_no_names) == NOTHING
        assert fields.read == ["field0", "field1"]

    with searching(threads=1) as search:
        asyncio.run(look())
    assert "longer than 20 ms" in caplog.text


def test_a_long_text_is_left_between_two_of_its_pieces() -> None:
    asked: list[bool] = []

    def goes_on() -> bool:
        asked.append(True)
        return len(asked) < 3

    assert search_request(say("0123456789 -." * 300_000), PATIENT, goes_on) == Searched(TOO_LATE)
    assert len(asked) == 3


def test_what_the_queue_cannot_hold_counts_at_once_and_a_place_is_free_again_afterwards() -> None:
    async def look() -> None:
        first, fields = gate("one", "two")
        running = await begin(search, first)
        await reach(fields.has_begun)
        waiting = await begin(search, say(LONG))
        assert await search.find(say(LONG), PATIENT, find_no_names) == Found(TOO_MANY)
        assert await search.find(say("short"), PATIENT, find_no_names) == NOTHING
        fields.gate.set()
        assert await asyncio.gather(running, waiting) == [NOTHING, NOTHING]
        for _ in range(5):
            assert await search.find(say(LONG), PATIENT, find_no_names) == NOTHING

    with searching(threads=1, most_waiting=1) as search:
        asyncio.run(look())


def test_a_search_that_nobody_waits_for_is_never_begun_and_keeps_its_place_until_then() -> None:
    async def look() -> None:
        first, fields = gate("one", "two")
        running = await begin(search, first)
        await reach(fields.has_begun)
        left, unread = gate("one")
        leaving = await begin(search, left)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert await search.find(say(LONG), PATIENT, find_no_names) == Found(TOO_MANY)
        fields.gate.set()
        assert await running == NOTHING
        assert await search.find(say(LONG), PATIENT, find_no_names) == NOTHING
        assert unread.read == []

    with searching(threads=1, most_waiting=1) as search:
        asyncio.run(look())


def test_others_are_not_kept_waiting_by_searches_that_hang() -> None:
    """Threads of the loop's own pool are free, though every thread of the search is taken and its queue is full."""

    async def look() -> None:
        requests = [gate("one", "two") for _ in range(6)]
        tasks = [await begin(search, request) for request, _ in requests]
        await reach(requests[0][1].has_begun)
        assert await asyncio.to_thread(threading.current_thread) is not threading.current_thread()
        for _, fields in requests:
            fields.gate.set()
        assert await asyncio.gather(*tasks) == [NOTHING] * 6

    with searching(threads=2, most_waiting=4) as search:
        asyncio.run(look())


class Broken(dict[str, object]):
    def items(self) -> ItemsView[str, object]:
        raise ValueError("cannot read ada@example.com")


@pytest.mark.parametrize("size", [1, AT_ONCE_BYTES + 1], ids=["short", "long"])
def test_a_search_that_fails_counts_and_its_words_are_not_repeated(size: int, caplog: pytest.LogCaptureFixture) -> None:
    request = ChatRequest("m", False, False, b"x" * size, Broken())
    with searching() as search:
        assert asyncio.run(search.find(request, PATIENT, find_no_names)) == Found(FAILED)
    assert "ValueError" in caplog.text and "ada" not in caplog.text


@pytest.mark.parametrize("size", [1, AT_ONCE_BYTES + 1], ids=["short", "long"])
def test_names_are_looked_for_in_the_same_texts_which_are_taken_once(size: int) -> None:
    asked: list[Sequence[str]] = []

    async def find_names(texts: Sequence[str]) -> frozenset[str]:
        asked.append(texts)
        return frozenset({"person", "address"})

    fields = Gated("Maria Schneider", "lives here")
    fields.gate.set()
    request = ChatRequest("m", False, False, b"x" * size, fields)
    with searching() as search:
        found = asyncio.run(search.find(request, NAMES, find_names))
        assert asyncio.run(search.find(request, PATIENT, find_names)) == NOTHING
    assert found == Found("address, person found in it")
    assert asked == [["field0", "Maria Schneider", "field1", "lives here"]]
    assert fields.read == ["field0", "field1"] * 2


def test_names_are_not_looked_for_where_something_was_found_and_their_failure_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(texts: Sequence[str]) -> frozenset[str]:
        raise RuntimeError("not loaded: Maria Schneider")

    async def look() -> list[Found]:
        texts = ("ada@example.com", "Maria Schneider", LONG + "ada@example.com", LONG)
        return [await search.find(say(text), NAMES, fail) for text in texts]

    with searching() as search:
        assert asyncio.run(look()) == [Found("email found in it"), Found(FAILED)] * 2
    assert "RuntimeError" in caplog.text and "Schneider" not in caplog.text


def test_after_closing_what_is_read_stops_and_everything_else_counts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)

    async def look() -> None:
        first, fields = gate("one", "two", "three")
        running = await begin(search, first)
        await reach(fields.has_begun)
        waiting = await begin(search, say(LONG))
        search.close()
        search.close()
        fields.gate.set()
        assert await asyncio.gather(running, waiting) == [Found(TOO_LATE), Found(TOO_LATE)]
        assert fields.read == ["field0", "field1"]
        assert await search.find(say(LONG), PATIENT, find_no_names) == Found(FAILED)

    with searching(threads=1) as search:
        asyncio.run(look())


def test_a_loop_that_closes_before_its_search_ends_leaves_the_threads_usable() -> None:
    request, fields = gate("one", "two")
    with searching(threads=1) as search:
        assert asyncio.run(search.find(request, HASTY, find_no_names)) == Found(TOO_LATE)
        fields.gate.set()
        assert asyncio.run(search.find(say(LONG), PATIENT, find_no_names)) == NOTHING
