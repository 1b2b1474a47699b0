"""The database: every state is told from every other, and nothing of it or beside it changes by being looked at."""

import secrets
import sqlite3
from contextlib import closing

import pytest
from examining import LOCAL, Site, list_state
from stored import change, crash_writer, damage, make_database, run_writer

from pointsman.diagnosis import stored_state
from pointsman.storage.schema import known_revisions


def test_a_sound_database_is_good(site: Site) -> None:
    make_database(site.make_home(), keys=2)
    before = list_state(site.folder)
    found = site.examine()
    assert found.status_of("database") == "good"
    assert found.status_of("soundness") == "good"
    assert found["virtual keys"].message == "2 stored, and the pepper fits all of them"
    assert list_state(site.folder) == before


def test_a_database_of_a_newer_program_is_wrong(site: Site) -> None:
    make_database(site.make_home())
    change(site.home, "UPDATE alembic_version SET version_num = '9999'")
    found = site.examine()["database"]
    assert found.status == "wrong"
    assert '"9999", written by a newer Pointsman' in found.message


def test_a_database_of_an_older_program_is_brought_up_to_date_by_the_next_start(site: Site) -> None:
    make_database(site.make_home())
    change(site.home, f"UPDATE alembic_version SET version_num = '{known_revisions()[0]}'")
    assert site.examine().status_of("database") == "warning"


def test_a_damaged_database_is_wrong(site: Site) -> None:
    make_database(site.make_home(), keys=1)
    damage(site.home / "pointsman.db")
    found = site.examine()
    assert any(one.status == "wrong" for one in [*found.list_of("database"), *found.list_of("soundness")])


def test_an_index_that_lacks_a_row_is_found(site: Site) -> None:
    make_database(site.make_home(), keys=1)
    change(site.home, "CREATE TABLE plain (a)")
    with closing(sqlite3.connect(site.home / "pointsman.db")) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        # A page that two tables share: neither can be trusted any more.
        connection.execute(
            "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = 'audit')"
            " WHERE name = 'plain'"
        )
        connection.commit()
    found = site.examine()["soundness"]
    assert found.status == "wrong"
    assert found.next and "restore a backup" in found.next


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (secrets.token_bytes(9_000), "is no database"), (b"text\n" * 99, "is no database")],
)
def test_what_is_no_database_is_said(site: Site, content: bytes, said: str) -> None:
    (site.make_home() / "pointsman.db").write_bytes(content)
    found = site.examine()["database"]
    assert said in found.message
    assert found.status == ("wrong" if content else "good")


def test_a_database_of_another_program_is_left_alone(site: Site) -> None:
    site.make_home()
    change(site.home, "CREATE TABLE theirs (a)")
    assert "of another program" in site.examine()["database"].message


def test_a_locked_database_is_said_to_be_locked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_state, "BUSY_S", 0.05)
    site.make_home()
    change(site.home, "CREATE TABLE theirs (a)")
    with closing(sqlite3.connect(site.home / "pointsman.db", isolation_level=None)) as connection:
        # Its index makes it look like one that is in use, so that it is not read as one that nobody writes to.
        (site.home / "pointsman.db-wal").touch()
        (site.home / "pointsman.db-shm").touch()
        connection.execute("BEGIN EXCLUSIVE")
        found = site.examine()["database"]
    assert found.status == "warning"
    assert "is locked by another program" in found.message


def test_a_database_in_use_is_read_with_its_log_and_not_changed(site: Site) -> None:
    make_database(site.make_home())
    site.write(LOCAL + "security: {compliance: [SOC2_security_controls]}\n")
    with run_writer(site.home):
        before = list_state(site.folder)
        found = site.examine(compliance=True)
        assert list_state(site.folder) == before
    assert found.status_of("database") == "good"
    assert found["soc2.audit"].message.startswith("1 changes are on record")


def test_a_crash_leaves_a_log_that_is_read_and_not_folded_in(site: Site) -> None:
    make_database(site.make_home())
    crash_writer(site.home)
    before = list_state(site.folder)
    found = site.examine()
    assert found.status_of("database") == "good"
    assert found.status_of("soundness") == "good"
    (site.home / "pointsman.db-shm").unlink()
    found = site.examine()
    assert found.status_of("database") == "skipped"
    assert found["database"].next == "start the gateway, which mends it"
    assert before.keys() - list_state(site.folder).keys() == {".pointsman/pointsman.db-shm"}


def test_a_database_that_is_too_large_to_look_through_in_time_is_skipped(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_database(site.make_home())
    monkeypatch.setattr(stored_state, "LOOK_S", -1.0)
    monkeypatch.setattr(stored_state, "STEPS_BETWEEN_LOOKS", 1)
    assert site.examine().status_of("database") == "skipped"


def test_keys_of_another_pepper_open_nothing(site: Site) -> None:
    make_database(site.make_home(), keys=3)
    pepper = site.home / "pepper"
    pepper.write_bytes(secrets.token_bytes(32))
    found = site.examine()["virtual keys"]
    assert (found.status, found.message[:6]) == ("warning", "3 of 3")
    pepper.unlink()
    assert site.examine().status_of("virtual keys") == "wrong"


def test_a_local_key_that_is_not_stored_is_noticed(site: Site) -> None:
    [key] = make_database(site.make_home(), keys=1)
    local = site.home / "demo.env"
    local.touch(0o600)
    local.write_text(f"POINTSMAN_API_KEY={key}\n")
    assert site.examine().status_of("local keys") == "good"
    change(site.home, "UPDATE virtual_keys SET revoked_at_ms = 2")
    make_database(site.home, keys=1)
    assert [one.status for one in site.examine().list_of("local keys")] == ["good", "warning"]


@pytest.mark.parametrize(("mode", "status"), [(0o644, "warning"), (0o666, "wrong"), (0o400, "wrong")])
def test_a_database_file_is_judged_by_its_mode(site: Site, mode: int, status: str) -> None:
    make_database(site.make_home())
    (site.home / "pointsman.db").chmod(mode)
    assert site.examine().status_of("database file") == status


def test_the_database_is_where_the_document_says(site: Site) -> None:
    site.write(LOCAL + f"storage: {{url: 'sqlite:///{site.folder}/other.db'}}\n")
    assert site.examine()["database"].message.startswith(f"{site.folder}/other.db is not there yet")
