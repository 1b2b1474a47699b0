"""Keys prove themselves by shape, checksum and digest; every way of not being let in looks the same."""

import asyncio
import os
import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.control.admin_key import AdminKey, weak_reason
from pointsman.control.key_changes import KeyChanges
from pointsman.control.key_texts import create_key, display_key, looks_like_key
from pointsman.control.keys import KeyRing, UnusablePepper, WeakKey, load_or_create_pepper
from pointsman.core.routing.key_policy import NO_POLICY, UNREADABLE, KeyPolicy
from pointsman.core.tenant_ports import ChangeNote
from pointsman.storage.database import open_database
from pointsman.storage.virtual_keys import VirtualKeys

PEPPER = bytes(range(32))
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
NOW_MS = 1_763_000_000_000

Work = Callable[[VirtualKeys], Awaitable[None]]


def _with_store(directory: Path, work: Work) -> None:
    async def run() -> None:
        database = await open_database(f"sqlite:///{directory}/pointsman.db")
        try:
            await work(VirtualKeys(database))
        finally:
            await database.close()

    asyncio.run(run())


def test_a_new_key_has_the_promised_shape() -> None:
    keys = {create_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(re.fullmatch(r"pm_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", key) and looks_like_key(key) for key in keys)


@given(st.integers(0, 51), st.sampled_from(BASE62))
def test_any_one_wrong_character_is_noticed(place: int, character: str) -> None:
    key = create_key()
    wrong = key[:place] + character + key[place + 1 :]
    assert looks_like_key(wrong) == (wrong == key)


@given(st.integers(3, 50))
def test_two_swapped_characters_are_noticed(place: int) -> None:
    key = create_key()
    swapped = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    assert looks_like_key(swapped) == (swapped == key)


@given(st.text() | st.text(alphabet=BASE62, min_size=49, max_size=49).map("pm_{}".format))
def test_other_texts_are_no_keys(text: str) -> None:
    assert not looks_like_key(text)


@pytest.mark.parametrize("change", ["{0}\n", " {0}", "{0}{0}", "{0}\0", "%70m_{0}", "{0}é"])
def test_a_key_with_anything_around_it_is_refused(change: str) -> None:
    assert not looks_like_key(change.format(create_key()))


def test_what_is_shown_of_a_key() -> None:
    key = create_key()
    assert display_key(key) == f"pm_{key[3:7]}...{key[-4:]}"


def test_a_created_key_is_let_in_now_and_after_a_restart(tmp_path: Path) -> None:
    async def work(store: VirtualKeys) -> None:
        ring = KeyRing(PEPPER, store)
        created = await ring.create("ci", NOW_MS)
        assert ring.authenticate(created.key) is created.record
        restarted = KeyRing(PEPPER, store)
        assert restarted.authenticate(created.key) is None
        assert await restarted.load() == 0
        assert restarted.authenticate(created.key) == created.record

    _with_store(tmp_path, work)


def test_a_revoked_key_is_refused_now_and_after_a_restart(tmp_path: Path) -> None:
    async def work(store: VirtualKeys) -> None:
        ring = KeyRing(PEPPER, store)
        created, kept = await ring.create("old", NOW_MS), await ring.create("kept", NOW_MS)
        changes = KeyChanges(ring, store)
        assert await changes.revoke(created.record.id, ChangeNote("ada", NOW_MS + 1))
        assert not await changes.revoke(created.record.id, ChangeNote("ada", NOW_MS + 2))
        assert ring.authenticate(created.key) is None
        assert ring.authenticate(kept.key) is kept.record
        await ring.load()
        assert ring.authenticate(created.key) is None
        assert [(key.name, key.revoked_at_ms) for key in await store.list_all()] in (
            [("old", NOW_MS + 1), ("kept", None)],
            [("kept", None), ("old", NOW_MS + 1)],
        )

    _with_store(tmp_path, work)


def test_a_key_made_before_can_be_added_once(tmp_path: Path) -> None:
    async def work(store: VirtualKeys) -> None:
        ring = KeyRing(PEPPER, store)
        key = create_key()
        record = await ring.add(key, "demo", NOW_MS)
        assert await ring.add(key, "demo", NOW_MS + 1) is record
        assert len(await store.list_live()) == 1
        with pytest.raises(WeakKey):
            await ring.add("sk-1234", "imported", NOW_MS)

    _with_store(tmp_path, work)


def test_the_store_holds_no_key_and_its_digest_opens_nothing(tmp_path: Path) -> None:
    async def work(store: VirtualKeys) -> None:
        ring = KeyRing(PEPPER, store)
        created = await ring.create("ci", NOW_MS)
        (stored,) = await store.list_live()
        assert ring.authenticate(stored.digest.hex()) is None
        assert created.key not in repr(created)
        assert stored.digest.hex() not in repr(stored) + repr(created.record)
        secret_part = created.key[7:-4].encode()
        assert all(secret_part not in file.read_bytes() for file in tmp_path.iterdir())

    _with_store(tmp_path, work)


def test_keys_of_another_pepper_match_nothing_and_are_counted(tmp_path: Path) -> None:
    async def work(store: VirtualKeys) -> None:
        created = await KeyRing(PEPPER, store).create("ci", NOW_MS)
        other = KeyRing(bytes(32), store)
        assert await other.load() == 1
        assert other.authenticate(created.key) is None

    _with_store(tmp_path, work)


def test_a_key_brings_its_policy_along_now_and_after_a_restart(tmp_path: Path) -> None:
    policy = KeyPolicy(team="billing", models=("agent:writer",), privacy="high")

    async def work(store: VirtualKeys) -> None:
        ring = KeyRing(PEPPER, store)
        limited, open_key = await ring.create("limited", NOW_MS, policy), await ring.create("open", NOW_MS)
        for each in (ring, KeyRing(PEPPER, store)):
            await each.load()
            found = [each.authenticate(created.key) for created in (limited, open_key)]
            assert [record.policy for record in found if record is not None] == [policy, NO_POLICY]
            assert each.unreadable == ()

    _with_store(tmp_path, work)


def test_a_key_whose_policy_cannot_be_read_is_refused_named_and_can_be_revoked(tmp_path: Path) -> None:
    async def work(store: VirtualKeys) -> None:
        ring = KeyRing(PEPPER, store)
        broken, good = await ring.create("broken", NOW_MS, KeyPolicy(user="ada")), await ring.create("good", NOW_MS)
        with closing(sqlite3.connect(tmp_path / "pointsman.db")) as connection, connection:
            connection.execute("UPDATE virtual_keys SET policy = '{}{}' WHERE name = 'broken'")
        assert await ring.load() == 0
        assert ring.unreadable == (broken.record.id,)
        assert ring.authenticate(broken.key) is None
        assert ring.authenticate(good.key) == good.record
        assert await KeyChanges(ring, store).revoke(broken.record.id, ChangeNote("ada", NOW_MS + 1))
        await ring.load()
        assert ring.unreadable == ()

    _with_store(tmp_path, work)


def test_a_key_with_a_policy_that_is_none_is_not_made(tmp_path: Path) -> None:
    async def work(store: VirtualKeys) -> None:
        ring = KeyRing(PEPPER, store)
        with pytest.raises(ValueError, match="policy is not valid"):
            await ring.create("broken", NOW_MS, UNREADABLE)
        assert await store.list_all() == []

    _with_store(tmp_path, work)


def test_unknown_and_malformed_keys_get_the_same_answer(tmp_path: Path) -> None:
    async def work(store: VirtualKeys) -> None:
        ring = KeyRing(PEPPER, store)
        assert {ring.authenticate(text) for text in (create_key(), "", "pm_", "x" * 10_000, "pm_é", "\ud800")} == {None}

    _with_store(tmp_path, work)


def test_the_pepper_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    pepper = load_or_create_pepper(path)
    assert len(pepper) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_pepper(path) == pepper
    assert [file.name for file in tmp_path.iterdir()] == ["pepper"]


def test_starts_at_the_same_time_agree_on_the_pepper(tmp_path: Path) -> None:
    peppers: list[bytes] = []
    threads = [Thread(target=lambda: peppers.append(load_or_create_pepper(tmp_path / "pepper"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(peppers) == 8
    assert len(set(peppers)) == 1


def test_a_pepper_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    load_or_create_pepper(path)
    path.chmod(0o640)
    with pytest.raises(UnusablePepper, match="others may read"):
        load_or_create_pepper(path)


def test_a_pepper_that_was_cut_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(UnusablePepper, match="must hold 32 bytes"):
        load_or_create_pepper(path)


def test_the_admin_key_matches_itself_only() -> None:
    admin = AdminKey("correct horse battery staple 1234")
    assert admin.matches("correct horse battery staple 1234")
    assert not any(
        admin.matches(text) for text in ("", "correct horse battery staple 123", "é", "\ud800", "x" * 10_000)
    )


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "fewer than 22 characters"),
        ("sk-1234", "well-known"),
        ("ChangeMe", "well-known"),
        ("pointsman-admin-2026", "well-known"),
        ("k7Q!x92mPz", "fewer than 22 characters"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "different characters"),
        ("abcdefgh1abcdefgh1abcdefgh1", "repeats itself"),
        ("48213907561284730916", "fewer than 22 characters"),
        ("482139075612847309165", "fewer than 22 characters"),
        ("4821390756128473091650", "fewer than 128 bits"),
        ("0f3a9c27be5d1846a0c3", "fewer than 22 characters"),
        ("0f3a9c27be5d1846a0c3f791", "fewer than 128 bits"),
    ],
)
def test_weak_admin_keys(key: str, reason: str) -> None:
    assert reason in str(weak_reason(key))


def test_random_admin_keys_are_strong() -> None:
    for _ in range(200):
        assert weak_reason(os.urandom(16).hex()) is None
        assert weak_reason(create_key()) is None
