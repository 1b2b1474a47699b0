"""`ConfigStore`: numbers without gaps, one winner per base, documents as they were, an audit row for each change."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from both_databases import DATABASES
from conformance.backends import Backend, Stores, new_backend
from pointsman.core.ports import MOST_LISTED, NewRevision, RevisionRecord, StaleRevision

FIRST = NewRevision(
    author="ada",
    reason="the first one",
    at_ms=1_763_000_000_000,
    id="0123456789ab",
    origin="start",
    file_document='{"agents":{"writer":{"model":"gpt-4o"}}}',
    stored_layer="{}",
    environment="production",
)


async def commit_many(stores: Stores, count: int, base: int | None = None) -> list[RevisionRecord]:
    """So many revisions, one on top of the other, each with a stored layer of its own."""
    made = []
    for number in range((base or 0) + 1, (base or 0) + count + 1):
        revision = replace(FIRST, stored_layer=f'{{"number":{number}}}', at_ms=FIRST.at_ms + number)
        made.append(await stores.configurations.commit(base, revision))
        base = number
    return made


def test_a_new_store_is_empty(backend: Backend) -> None:
    async def look(stores: Stores) -> tuple[Any, ...]:
        store = stores.configurations
        return await store.newest(), await store.get(1), await store.list_revisions(10), await store.list_audit(10)

    assert backend.run(look) == (None, None, [], [])


def test_what_is_committed_comes_back_after_a_restart(backend: Backend) -> None:
    made = backend.run(lambda stores: commit_many(stores, 3))
    assert [(record.number, record.parent) for record in made] == [(1, None), (2, 1), (3, 2)]
    assert made[0] == RevisionRecord(
        number=1,
        parent=None,
        author="ada",
        reason="the first one",
        at_ms=FIRST.at_ms + 1,
        id="0123456789ab",
        origin="start",
        environment="production",
        file_document=FIRST.file_document,
        stored_layer='{"number":1}',
    )

    async def read(stores: Stores) -> None:
        assert await stores.configurations.newest() == made[2]
        assert [await stores.configurations.get(number) for number in (1, 2, 3)] == made

    backend.run(read)


@pytest.mark.parametrize("number", [-1, 0, 4, 2**63, 10**30, -(10**30)])
def test_there_is_no_revision_of_another_number(backend: Backend, number: int) -> None:
    async def look(stores: Stores) -> None:
        await commit_many(stores, 3)
        assert await stores.configurations.get(number) is None

    backend.run(look)


@pytest.mark.parametrize(
    ("stored", "base"), [(0, 1), (0, 7), (1, None), (3, None), (3, 1), (3, 2), (3, 4), (3, 10**30)]
)
def test_a_change_on_top_of_another_revision_is_refused_and_leaves_nothing(
    backend: Backend, stored: int, base: int | None
) -> None:
    async def try_it(stores: Stores) -> None:
        await commit_many(stores, stored)
        with pytest.raises(StaleRevision, match="read it again") as refusal:
            await stores.configurations.commit(base, replace(FIRST, stored_layer='{"lost":true}'))
        assert refusal.value.current == (stored or None)
        assert len(await stores.configurations.list_revisions(10)) == stored
        assert len(await stores.configurations.list_audit(10)) == stored

    backend.run(try_it)


@pytest.mark.parametrize("processes", [1, 2])
def test_of_changes_made_at_once_on_one_base_exactly_one_wins(backend: Backend, processes: int) -> None:
    async def race() -> None:
        async with backend.open() as one, backend.open() as another:
            await commit_many(one, 1)
            for base in range(1, 20):
                stores = (one, another if processes == 2 else one)
                attempts = (each.configurations.commit(base, FIRST) for each in stores)
                winner, loser = sorted(
                    await asyncio.gather(*attempts, return_exceptions=True),
                    key=lambda answer: isinstance(answer, Exception),
                )
                assert isinstance(winner, RevisionRecord) and winner.number == base + 1
                assert isinstance(loser, StaleRevision) and loser.current == base + 1
            assert [each.number for each in await another.configurations.list_revisions(50)] == list(range(20, 0, -1))

    asyncio.run(race())


def test_many_writers_that_try_again_leave_no_gap(backend: Backend) -> None:
    async def insist(stores: Stores) -> None:
        base = None
        for _ in range(10):
            while True:
                try:
                    base = (await stores.configurations.commit(base, FIRST)).number
                    break
                except StaleRevision as stale:
                    base = stale.current

    async def crowd() -> None:
        async with backend.open() as one, backend.open() as another:
            await asyncio.gather(*(insist(each) for each in (one, another, one, another)))
            made = await one.configurations.list_revisions(MOST_LISTED)
        assert [(each.number, each.parent) for each in made] == [(n, n - 1 or None) for n in range(40, 0, -1)]

    asyncio.run(crowd())


def test_revisions_are_listed_newest_first_and_paged_on(backend: Backend) -> None:
    async def page(stores: Stores) -> None:
        await commit_many(stores, 5)
        store = stores.configurations
        newest = await store.list_revisions(2)
        assert [each.number for each in newest] == [5, 4]
        assert [each.number for each in await store.list_revisions(2, before=4)] == [3, 2]
        assert [each.number for each in await store.list_revisions(200, before=2)] == [1]
        assert [each.number for each in await store.list_revisions(200, before=10**30)] == [5, 4, 3, 2, 1]
        assert await store.list_revisions(200, before=1) == []
        assert (newest[0].author, newest[0].reason, newest[0].origin) == ("ada", "the first one", "start")
        assert not hasattr(newest[0], "file_document")

    backend.run(page)


@pytest.mark.parametrize("limit", [-1, 0, MOST_LISTED + 1])
def test_lists_are_bounded(backend: Backend, limit: int) -> None:
    async def ask(stores: Stores) -> None:
        with pytest.raises(ValueError, match="1 to 200"):
            await stores.configurations.list_revisions(limit)
        with pytest.raises(ValueError, match="1 to 200"):
            await stores.configurations.list_audit(limit)

    backend.run(ask)


def test_each_revision_has_its_audit_row(backend: Backend) -> None:
    async def look(stores: Stores) -> None:
        details = {"changed": ["agents.writer.model"], "left": None}
        await stores.configurations.commit(None, replace(FIRST, details=details | {"origin": "elsewhere"}))
        await stores.configurations.commit(1, replace(FIRST, author="bob", reason="better", origin="api", at_ms=5))
        newest, oldest = await stores.configurations.list_audit(10)
        assert (newest.at_ms, newest.author, newest.reason) == (5, "bob", "better")
        assert (newest.action, newest.subject) == ("revision.commit", "revision:2")
        assert newest.details == {"id": "0123456789ab", "origin": "api", "environment": "production"}
        assert oldest.details == newest.details | {"origin": "start"} | details
        assert await stores.configurations.list_audit(10, before=newest.seq) == [oldest]

    backend.run(look)


def test_details_that_are_too_large_for_the_audit_are_left_out_and_counted(backend: Backend) -> None:
    async def look(stores: Stores) -> None:
        details = {"small": 1, "large": ["agents.writer"] * 10_000, "larger": "x" * 100_000, "last": "kept"}
        await stores.configurations.commit(None, replace(FIRST, details=details))
        (row,) = await stores.configurations.list_audit(10)
        assert row.details["left_out"] == 2
        assert "large" not in row.details and "larger" not in row.details
        assert (row.details["small"], row.details["last"]) == (1, "kept")

    backend.run(look)


def test_pruning_keeps_the_newest_and_the_numbering(backend: Backend) -> None:
    async def prune(stores: Stores) -> None:
        store = stores.configurations
        made = await commit_many(stores, 10)
        assert await store.prune(keep=10) == 0
        assert await store.prune(keep=3) == 7
        assert [each.number for each in await store.list_revisions(50)] == [10, 9, 8]
        assert await store.get(7) is None
        assert await store.get(8) == made[7]
        assert (await store.commit(10, FIRST)).number == 11
        assert await store.prune(keep=1) == 3
        assert [each.number for each in await store.list_revisions(50)] == [11]
        assert (await store.commit(11, FIRST)).parent == 11
        assert len(await store.list_audit(50)) == 12

    backend.run(prune)


@pytest.mark.parametrize("keep", [0, -1])
def test_the_newest_revision_is_never_pruned(backend: Backend, keep: int) -> None:
    async def prune(stores: Stores) -> None:
        await commit_many(stores, 2)
        with pytest.raises(ValueError, match="newest"):
            await stores.configurations.prune(keep)
        assert len(await stores.configurations.list_revisions(50)) == 2

    backend.run(prune)


def test_an_empty_store_has_nothing_to_prune(backend: Backend) -> None:
    assert backend.run(lambda stores: stores.configurations.prune(1)) == 0


def test_a_document_that_is_dropped_can_come_again(backend: Backend) -> None:
    async def come_and_go(stores: Stores) -> None:
        store = stores.configurations
        for number in range(1, 7):
            document = '{"odd":true}' if number % 2 else '{"even":true}'
            made = await store.commit(number - 1 or None, replace(FIRST, file_document=document))
            await store.prune(keep=1)
            assert await store.newest() == made

    backend.run(come_and_go)


def test_odd_text_is_kept_as_any_store_can_keep_it(backend: Backend) -> None:
    odd = "nul \0 alone \ud800 emoji \U0001f980 quote ' end"
    document = '{"odd":"' + odd.replace("\0", "\\u0000") + '"}'

    async def keep(stores: Stores) -> None:
        revision = replace(FIRST, author=odd, reason=odd, file_document=document, details={odd: odd})
        made = await stores.configurations.commit(None, revision)
        assert made.author == made.reason == odd.replace("\0", "\ufffd").replace("\ud800", "\ufffd")
        assert made.file_document == document
        assert await stores.configurations.newest() == made
        (row,) = await stores.configurations.list_audit(1)
        assert row.author == made.author
        assert row.details[odd] == odd

    backend.run(keep)


@pytest.mark.parametrize("name", ["author", "reason", "environment"])
def test_a_text_without_end_is_refused(backend: Backend, name: str) -> None:
    async def refuse(stores: Stores) -> None:
        with pytest.raises(ValueError, match="shorten it"):
            await stores.configurations.commit(None, replace(FIRST, **{name: "x" * 5_000}))
        assert await stores.configurations.newest() is None
        assert await stores.configurations.list_audit(1) == []

    backend.run(refuse)


documents = st.text(max_size=20) | st.sampled_from(["{}", '{"a":1}'])
steps = st.lists(st.tuples(documents, documents) | st.integers(1, 4), max_size=12)


@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("database", DATABASES)
@given(steps=steps)
def test_whatever_is_committed_and_pruned_the_kept_ones_are_the_last_and_whole(
    database: str, steps: list[tuple[str, str] | int]
) -> None:
    async def follow(stores: Stores) -> None:
        store = stores.configurations
        made: list[RevisionRecord] = []
        kept = 0
        for step in steps:
            if isinstance(step, int):
                assert await store.prune(step) == max(kept - step, 0)
                kept = min(kept, step)
            else:
                base = made[-1].number if made else None
                revision = replace(FIRST, file_document=step[0], stored_layer=step[1])
                made.append(await store.commit(base, revision))
                kept += 1
        assert [record.number for record in made] == list(range(1, len(made) + 1))
        wanted = made[len(made) - kept :]
        assert [each.number for each in await store.list_revisions(200)] == [each.number for each in reversed(wanted)]
        assert [await store.get(each.number) for each in wanted] == wanted

    with new_backend(database) as backend:
        backend.run(follow)
