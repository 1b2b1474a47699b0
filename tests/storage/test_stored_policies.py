"""A stored policy is read as it was written, or its key opens nothing."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from both_databases import read_stored
from pointsman.core.ports import KeyRecord
from pointsman.core.routing.key_policy import (
    LONGEST_LABEL,
    LONGEST_NAME,
    MOST_MODELS,
    MOST_STRATEGIES,
    MOST_TAGS,
    NO_POLICY,
    UNREADABLE,
    KeyPolicy,
)
from pointsman.storage.database import open_database
from pointsman.storage.virtual_keys import MOST_POLICY_CHARACTERS, VirtualKeys, read_policy, write_policy

KEY = KeyRecord("key_1", "ci", "pm_ab12...wxyz", bytes(32), "0123abcd", 1_763_000_000_000)
FULL = KeyPolicy(
    team="billing",
    user="ada@example.com",
    tags=("nightly", "日本"),
    models=("gpt-4o", "agent:*"),
    privacy="medium",
    detect="always",
    strategies=("*",),
    budget_mode=True,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
POLICIES = st.builds(
    KeyPolicy,
    team=TEXTS | st.just(""),
    user=TEXTS | st.just(""),
    tags=st.lists(TEXTS, max_size=MOST_TAGS).map(tuple),
    models=st.lists(TEXTS, max_size=8).map(tuple),
    privacy=st.sampled_from([None, "low", "medium", "high"]),
    detect=st.sampled_from([None, "off", "rules", "always"]),
    strategies=st.lists(TEXTS, max_size=8).map(tuple),
    budget_mode=st.booleans(),
)


def with_store(url: str, work: Callable[[VirtualKeys], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await open_database(url)
        try:
            await work(VirtualKeys(database))
        finally:
            await database.close()

    asyncio.run(run())


@given(POLICIES)
def test_a_policy_is_read_as_it_was_written(policy: KeyPolicy) -> None:
    assert read_policy(write_policy(policy)) == policy


def test_the_largest_policy_fits() -> None:
    policy = KeyPolicy(
        team='"' * LONGEST_LABEL,
        user='"' * LONGEST_LABEL,
        tags=('"' * LONGEST_LABEL,) * MOST_TAGS,
        models=('"' * LONGEST_NAME,) * MOST_MODELS,
        strategies=('"' * LONGEST_NAME,) * MOST_STRATEGIES,
    )
    assert read_policy(write_policy(policy)) == policy


def test_keys_keep_their_policies(database_url: str) -> None:
    limited = replace(KEY, id="key_2", digest=bytes(31) + b"2", policy=FULL)

    async def work(store: VirtualKeys) -> None:
        await store.insert(KEY)
        await store.insert(limited)
        assert await store.list_live() == [KEY, limited]
        assert await store.list_all() == [KEY, limited]
        await store.revoke("key_2", KEY.created_at_ms + 1)
        assert (await store.list_all())[1].policy == FULL

    with_store(database_url, work)
    stored = dict(read_stored(database_url, "SELECT id, policy FROM virtual_keys"))
    assert stored["key_1"] is None and isinstance(stored["key_2"], str)


UNREADABLES: dict[str, str | bytes] = {
    "empty": "",
    "no JSON": "{",
    "null": "null",
    "a list": "[]",
    "deep": "[" * 60_000,
    "a field of a later version": '{"models": ["gpt-4o"], "hours": "9-17"}',
    "another type": '{"models": "gpt-4o"}',
    "an unknown label": '{"privacy": "utmost"}',
    "a number for a switch": '{"budget_mode": 1}',
    "an empty name": '{"models": [""]}',
    "too many names": '{"models": ["' + '","'.join(["gpt-4o"] * (MOST_MODELS + 1)) + '"]}',
    "too long a name": '{"models": ["' + "x" * (LONGEST_NAME + 1) + '"]}',
    "too long a text": '{"team": "x"' + " " * MOST_POLICY_CHARACTERS + "}",
    "no UTF-8": b'{"team": "\xff"}',
    "UTF-16": '{"team": "x"}'.encode("utf-16"),
}


@pytest.mark.parametrize("stored", UNREADABLES.values(), ids=UNREADABLES.keys())
def test_what_is_no_policy_makes_an_unreadable_one_and_no_error(tmp_path: Path, stored: str | bytes) -> None:
    """In SQLite, whose columns take bytes that are no text too."""
    path = tmp_path / "pointsman.db"

    async def insert(store: VirtualKeys) -> None:
        await store.insert(KEY)

    async def read(store: VirtualKeys) -> None:
        assert await store.list_live() == [replace(KEY, policy=UNREADABLE)]
        assert await store.revoke(KEY.id, KEY.created_at_ms + 1)

    with_store(f"sqlite:///{path}", insert)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE virtual_keys SET policy = ?", (stored,))
    with_store(f"sqlite:///{path}", read)


@pytest.mark.parametrize(
    "policy",
    [
        UNREADABLE,
        KeyPolicy(models=("",)),
        KeyPolicy(tags=("x",) * (MOST_TAGS + 1)),
        KeyPolicy(team="x" * (LONGEST_LABEL + 1)),
        KeyPolicy(user="\ud800"),
        KeyPolicy(privacy="utmost"),  # type: ignore[arg-type]
    ],
)
def test_a_policy_that_could_not_be_read_again_is_not_stored(database_url: str, policy: KeyPolicy) -> None:
    async def work(store: VirtualKeys) -> None:
        with pytest.raises(ValueError):
            await store.insert(replace(KEY, policy=policy))
        assert await store.list_all() == []

    with_store(database_url, work)


def test_no_policy_takes_no_place() -> None:
    assert write_policy(NO_POLICY) is None
    assert read_policy(None) == NO_POLICY
