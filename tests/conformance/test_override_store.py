"""`OverrideStore`: live until the time has come or somebody ends them; few of them; an audit row for each change."""

import asyncio
from dataclasses import replace

import pytest

from conformance.backends import Backend, Stores
from pointsman.core.ports import MOST_LISTED, MOST_LIVE_OVERRIDES, OverrideRecord, TooManyOverrides

NOW_MS = 1_763_000_000_000
HOUR_MS = 3_600_000
EXAMPLE = OverrideRecord(
    id="ovr_1",
    kind="agent",
    target="writer",
    value={"model": "gpt-4o"},
    author="ada",
    reason="the other one is slow today",
    created_at_ms=NOW_MS,
    expires_at_ms=NOW_MS + 2 * HOUR_MS,
)


async def list_ids(stores: Stores, now_ms: int = NOW_MS) -> list[str]:
    return [each.id for each in await stores.overrides.list_live(now_ms)]


def test_a_new_store_has_no_overrides(backend: Backend) -> None:
    async def look(stores: Stores) -> None:
        assert await stores.overrides.list_live(NOW_MS) == []
        assert await stores.overrides.list_recent(10) == []

    backend.run(look)


def test_an_override_comes_back_after_a_restart(backend: Backend) -> None:
    backend.run(lambda stores: stores.overrides.add(EXAMPLE))

    async def look(stores: Stores) -> None:
        assert await stores.overrides.list_live(NOW_MS) == [EXAMPLE]
        assert await stores.overrides.list_recent(10) == [EXAMPLE]

    backend.run(look)


def test_an_override_ends_by_itself_to_the_millisecond(backend: Backend) -> None:
    async def wait(stores: Stores) -> None:
        await stores.overrides.add(EXAMPLE)
        await stores.overrides.add(replace(EXAMPLE, id="ovr_2", target="reader", expires_at_ms=None))
        end_ms = EXAMPLE.expires_at_ms or 0
        assert await list_ids(stores, end_ms - 1) == ["ovr_1", "ovr_2"]
        assert await list_ids(stores, end_ms) == ["ovr_2"]
        assert await list_ids(stores, end_ms * 2) == ["ovr_2"]
        assert [each.id for each in await stores.overrides.list_recent(10)] == ["ovr_2", "ovr_1"]

    backend.run(wait)


def test_a_cancelled_override_tells_who_ended_it(backend: Backend) -> None:
    async def cancel(stores: Stores) -> None:
        await stores.overrides.add(EXAMPLE)
        assert await stores.overrides.cancel("ovr_1", "bob", NOW_MS + 5, "it is fast again")
        assert await list_ids(stores) == []
        (ended,) = await stores.overrides.list_recent(10)
        assert ended == replace(EXAMPLE, ended_at_ms=NOW_MS + 5, ended_by="bob", end_reason="it is fast again")

    backend.run(cancel)


@pytest.mark.parametrize(
    ("override_id", "at_ms"), [("ovr_2", NOW_MS), ("", NOW_MS), ("\ud800\0", NOW_MS), ("ovr_1", NOW_MS + 2 * HOUR_MS)]
)
def test_what_is_not_live_cannot_be_cancelled(backend: Backend, override_id: str, at_ms: int) -> None:
    async def cancel(stores: Stores) -> None:
        await stores.overrides.add(EXAMPLE)
        assert not await stores.overrides.cancel(override_id, "bob", at_ms)
        assert await stores.overrides.list_recent(10) == [EXAMPLE]
        assert len(await stores.configurations.list_audit(10)) == 1

    backend.run(cancel)


def test_of_two_who_cancel_at_once_one_is_told_that_it_did(backend: Backend) -> None:
    async def race() -> None:
        async with backend.open() as one, backend.open() as another:
            await one.overrides.add(EXAMPLE)
            cancels = (each.overrides.cancel("ovr_1", "bob", NOW_MS) for each in (one, another, one, another))
            assert sorted(await asyncio.gather(*cancels)) == [False, False, False, True]
            assert len(await one.configurations.list_audit(10)) == 2

    asyncio.run(race())


@pytest.mark.parametrize("kind", ["agent", "strategy", "task"])
def test_a_new_override_of_an_agent_strategy_or_task_ends_the_former(backend: Backend, kind: str) -> None:
    async def replace_it(stores: Stores) -> None:
        first = replace(EXAMPLE, kind=kind)
        await stores.overrides.add(first)
        await stores.overrides.add(replace(first, id="ovr_2", target="reader"))
        await stores.overrides.add(replace(first, id="ovr_3", author="bob", created_at_ms=NOW_MS + 9))
        assert await list_ids(stores, NOW_MS + 9) == ["ovr_2", "ovr_3"]
        recent = await stores.overrides.list_recent(10)
        assert recent[2] == replace(first, ended_at_ms=NOW_MS + 9, ended_by="bob", end_reason="replaced by ovr_3")

    backend.run(replace_it)


def test_other_kinds_may_have_several_for_one_target(backend: Backend) -> None:
    async def add(stores: Stores) -> None:
        for number in (1, 2, 3):
            await stores.overrides.add(replace(EXAMPLE, kind="interaction_user", id=f"ovr_{number}"))
        assert await list_ids(stores) == ["ovr_1", "ovr_2", "ovr_3"]

    backend.run(add)


def test_ended_ones_are_listed_by_when_they_ended(backend: Backend) -> None:
    async def end(stores: Stores) -> None:
        await stores.overrides.add(replace(EXAMPLE, expires_at_ms=NOW_MS + 20))
        await stores.overrides.add(replace(EXAMPLE, id="ovr_2", target="reader", expires_at_ms=None))
        await stores.overrides.add(replace(EXAMPLE, id="ovr_3", target="editor"))
        assert await stores.overrides.list_ended(NOW_MS, 10) == []
        assert await stores.overrides.cancel("ovr_3", "bob", NOW_MS + 10, "over")
        listed = await stores.overrides.list_ended(NOW_MS + 20, 10)
        assert [(each.id, each.ended_by, each.end_reason) for each in listed] == [
            ("ovr_1", None, None),
            ("ovr_3", "bob", "over"),
        ]
        assert [each.id for each in await stores.overrides.list_ended(NOW_MS + 19, 10)] == ["ovr_3"]
        assert [each.id for each in await stores.overrides.list_ended(NOW_MS + 20, 1)] == ["ovr_1"]

    backend.run(end)


def test_one_that_ended_by_itself_is_not_ended_again(backend: Backend) -> None:
    async def outlive(stores: Stores) -> None:
        await stores.overrides.add(EXAMPLE)
        await stores.overrides.add(replace(EXAMPLE, id="ovr_2", created_at_ms=NOW_MS + 3 * HOUR_MS, expires_at_ms=None))
        assert (await stores.overrides.list_recent(10))[1] == EXAMPLE

    backend.run(outlive)


def test_each_end_is_put_down_once_with_its_own_time(backend: Backend) -> None:
    async def end(stores: Stores) -> None:
        end_ms = EXAMPLE.expires_at_ms or 0
        await stores.overrides.add(EXAMPLE)
        await stores.overrides.add(replace(EXAMPLE, id="ovr_2", kind="task", target="t-1", expires_at_ms=end_ms - 7))
        await stores.overrides.add(replace(EXAMPLE, id="ovr_3", kind="strategy", expires_at_ms=end_ms + 1))
        await stores.overrides.add(replace(EXAMPLE, id="ovr_4", target="reader", expires_at_ms=None))
        await stores.overrides.add(replace(EXAMPLE, id="ovr_5", target="editor"))
        assert await stores.overrides.cancel("ovr_5", "bob", NOW_MS + 5)
        assert await stores.overrides.end_due(NOW_MS, "clock", "over") == end_ms - 7
        assert len(await stores.configurations.list_audit(50)) == 6
        for _ in range(2):
            assert await stores.overrides.end_due(end_ms, "clock", "over") == end_ms + 1
        rows = await stores.configurations.list_audit(50)
        assert [(row.action, row.at_ms, row.author, row.subject, row.reason, row.details) for row in rows[:-6]] == [
            ("override.end", end_ms, "clock", "agent:writer", "over", {"id": "ovr_1"}),
            ("override.end", end_ms - 7, "clock", "task:t-1", "over", {"id": "ovr_2"}),
        ]
        assert await list_ids(stores, end_ms) == ["ovr_3", "ovr_4"]
        ended = (await stores.overrides.list_ended(end_ms, 10))[0]
        assert ended == replace(EXAMPLE, ended_at_ms=end_ms, ended_by="clock", end_reason="over")
        assert await stores.overrides.end_due(end_ms + 1, "clock", "over") is None
        assert not await stores.overrides.cancel("ovr_1", "bob", NOW_MS), "though the clock was set back"

    backend.run(end)


def test_however_many_end_at_once_all_ends_are_put_down(backend: Backend) -> None:
    async def end(stores: Stores) -> None:
        assert await stores.overrides.end_due(NOW_MS, "clock", "over") is None
        for number in range(130):
            await stores.overrides.add(replace(EXAMPLE, id=f"ovr_{number}", target=f"agent-{number}"))
        end_ms = EXAMPLE.expires_at_ms or 0
        assert await stores.overrides.end_due(end_ms, "clock", "over") == end_ms, "some are left for the next time"
        assert await stores.overrides.end_due(end_ms, "clock", "over") is None
        rows = [row for row in await stores.configurations.list_audit(200) if row.action == "override.end"]
        assert sorted(str(row.details["id"]) for row in rows) == sorted(f"ovr_{number}" for number in range(130))

    backend.run(end)


def test_two_processes_put_an_end_down_once(backend: Backend) -> None:
    async def race() -> None:
        async with backend.open() as one, backend.open() as another:
            await one.overrides.add(EXAMPLE)
            ends = (each.overrides.end_due(NOW_MS * 2, "clock", "over") for each in (one, another, one, another))
            assert await asyncio.gather(*ends) == [None] * 4
            assert len(await one.configurations.list_audit(10)) == 2

    asyncio.run(race())


def test_two_processes_leave_one_override_for_an_agent(backend: Backend) -> None:
    async def race() -> None:
        async with backend.open() as one, backend.open() as another:
            additions = (
                (one, another)[number % 2].overrides.add(replace(EXAMPLE, id=f"ovr_{number}")) for number in range(10)
            )
            await asyncio.gather(*additions)
            assert len(await one.overrides.list_live(NOW_MS)) == 1
            assert len(await one.overrides.list_recent(50)) == 10

    asyncio.run(race())


def test_each_change_has_its_audit_row(backend: Backend) -> None:
    async def change(stores: Stores) -> None:
        await stores.overrides.add(EXAMPLE)
        await stores.overrides.add(replace(EXAMPLE, id="ovr_2", expires_at_ms=None))
        await stores.overrides.cancel("ovr_2", "bob", NOW_MS + 5, "enough")
        rows = await stores.configurations.list_audit(10)
        assert [(row.action, row.subject, row.author) for row in rows] == [
            ("override.cancel", "agent:writer", "bob"),
            ("override.add", "agent:writer", "ada"),
            ("override.add", "agent:writer", "ada"),
        ]
        assert [row.reason for row in rows] == ["enough", EXAMPLE.reason, EXAMPLE.reason]
        assert rows[0].details == {"id": "ovr_2"}
        assert rows[1].details == {
            "id": "ovr_2",
            "value": {"model": "gpt-4o"},
            "expires_at_ms": None,
            "replaced": ["ovr_1"],
        }

    backend.run(change)


def test_live_overrides_are_bounded_and_one_that_takes_anothers_place_still_fits(backend: Backend) -> None:
    async def fill(stores: Stores) -> None:
        for number in range(MOST_LIVE_OVERRIDES):
            await stores.overrides.add(replace(EXAMPLE, id=f"ovr_{number}", target=f"agent-{number}"))
        extra = replace(EXAMPLE, id="extra")
        with pytest.raises(TooManyOverrides, match="cancel some"):
            await stores.overrides.add(extra)
        assert len(await stores.overrides.list_live(NOW_MS)) == MOST_LIVE_OVERRIDES
        assert (await stores.configurations.list_audit(1))[0].subject == f"agent:agent-{MOST_LIVE_OVERRIDES - 1}"
        await stores.overrides.add(replace(extra, target="agent-0"))
        assert "extra" in await list_ids(stores)
        await stores.overrides.cancel("extra", "bob", NOW_MS)
        await stores.overrides.add(replace(extra, id="fits"))
        assert len(await stores.overrides.list_live(NOW_MS)) == MOST_LIVE_OVERRIDES
        late_ms = NOW_MS + 2 * HOUR_MS
        await stores.overrides.add(replace(extra, id="late", created_at_ms=late_ms, expires_at_ms=None))
        assert await list_ids(stores, late_ms) == ["late"]

    backend.run(fill)


def test_one_kind_does_not_take_the_place_of_another(backend: Backend) -> None:
    async def fill(stores: Stores) -> None:
        for number in range(MOST_LIVE_OVERRIDES):
            await stores.overrides.add(replace(EXAMPLE, kind="task", id=f"ovr_{number}", target=f"task-{number}"))
        with pytest.raises(TooManyOverrides, match="of this kind"):
            await stores.overrides.add(replace(EXAMPLE, kind="task", id="extra"))
        await stores.overrides.add(replace(EXAMPLE, kind="strategy", id="strategy", target="routing"))
        assert len(await stores.overrides.list_live(NOW_MS)) == MOST_LIVE_OVERRIDES + 1

    backend.run(fill)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reason": "x" * 5_000}, "shorten it"),
        ({"author": "x" * 5_000}, "shorten it"),
        ({"target": "x" * 5_000}, "shorten it"),
        ({"id": "x" * 5_000}, "shorten it"),
        ({"value": {"model": "x" * 5_000}}, "put it into the configuration"),
        ({"value": {"weight": float("nan")}}, "not JSON compliant"),
    ],
)
def test_what_has_no_end_is_refused_and_leaves_nothing(
    backend: Backend, change: dict[str, object], message: str
) -> None:
    async def refuse(stores: Stores) -> None:
        with pytest.raises(ValueError, match=message):
            await stores.overrides.add(replace(EXAMPLE, **change))
        assert await stores.overrides.list_recent(1) == []
        assert await stores.configurations.list_audit(1) == []

    backend.run(refuse)


def test_odd_text_is_kept_as_any_store_can_keep_it(backend: Backend) -> None:
    async def keep(stores: Stores) -> None:
        odd = replace(EXAMPLE, target="a\0b", reason="'; DROP TABLE audit --\ud800", value={"user": "\ud800\0é"})
        await stores.overrides.add(odd)
        await stores.overrides.add(replace(odd, id="ovr_2"))
        (kept,) = await stores.overrides.list_live(NOW_MS)
        assert kept == replace(odd, id="ovr_2", target="a\ufffdb", reason="'; DROP TABLE audit --\ufffd")

    backend.run(keep)


@pytest.mark.parametrize("limit", [-1, 0, MOST_LISTED + 1])
def test_lists_are_bounded(backend: Backend, limit: int) -> None:
    async def ask(stores: Stores) -> None:
        with pytest.raises(ValueError, match="1 to 200"):
            await stores.overrides.list_recent(limit)
        with pytest.raises(ValueError, match="1 to 200"):
            await stores.overrides.list_ended(NOW_MS, limit)

    backend.run(ask)
