"""Doctor looks at a PostgreSQL database too: what keeps a gateway from it is told apart, and no password is shown."""

import asyncio
import secrets

import pytest
from examining import LOCAL, Site

from pointsman.control.keys import KeyRing
from pointsman.storage.database import open_database
from pointsman.storage.virtual_keys import VirtualKeys
from real_postgres import TEMPLATE, find_free_port, run_apart, use_server


def write(site: Site, url: str) -> None:
    """A document that stores at the URL."""
    site.write(f'{LOCAL}storage: {{url: "{url}"}}\n')


def make_key(url: str, pepper: bytes) -> None:
    """Store a virtual key."""

    async def make() -> None:
        database = await open_database(url)
        try:
            await KeyRing(pepper, VirtualKeys(database)).create("k", 1_790_000_000_000)
        finally:
            await database.close()

    asyncio.run(make())


def test_a_database_with_the_newest_schema_is_good_and_its_keys_are_compared(site: Site, postgres_url: str) -> None:
    write(site, postgres_url)
    pepper = site.folder / "shared_pepper"
    pepper.touch(mode=0o600)
    pepper.write_bytes(secrets.token_bytes(32))
    make_key(postgres_url, pepper.read_bytes())
    site.make_home()
    site.environ["POINTSMAN_PEPPER_FILE"] = str(pepper)
    found = site.examine()
    assert found.status_of("database") == "good" and "answers and has schema" in found["database"].message
    assert found.status_of("database rights") == "good"
    assert found.status_of("pepper") == "good"
    assert found["virtual keys"].message == "1 stored, and the pepper fits all of them"
    pepper.write_bytes(secrets.token_bytes(32))
    assert site.examine().status_of("virtual keys") == "warning"
    pepper.unlink()
    found = site.examine()
    assert found.status_of("pepper") == "wrong" and "is not there" in found["pepper"].message
    assert found.status_of("virtual keys") == "wrong"


def test_an_empty_database_is_good(site: Site, empty_postgres_url: str) -> None:
    write(site, empty_postgres_url)
    assert "is empty; the first start fills it" in site.examine()["database"].message


@pytest.mark.parametrize(
    ("statement", "check", "message"),
    [
        ("UPDATE alembic_version SET version_num = '9999'", "database", "written by a newer Pointsman"),
        ("UPDATE alembic_version SET version_num = '0007'", "database", "brings it to"),
        ("DROP TABLE alembic_version", "database", "is of another program"),
    ],
)
def test_other_schemas_are_told_apart(site: Site, postgres_url: str, statement: str, check: str, message: str) -> None:
    use_server().execute(postgres_url.rpartition("/")[2], statement)
    write(site, postgres_url)
    assert message in site.examine()[check].message


def test_a_user_without_rights_is_told(site: Site, postgres_url: str) -> None:
    server = use_server()
    user = f"reader_{secrets.token_hex(4)}"
    server.execute("postgres", f"CREATE USER {user}")
    write(site, postgres_url.replace("pointsman@", f"{user}@"))
    found = site.examine()["database rights"]
    assert found.status == "wrong" and "may not read and change" in found.message


def test_a_server_that_is_not_there_is_told_without_the_password(site: Site) -> None:
    write(site, f"postgresql://pointsman@127.0.0.1:{find_free_port()}/own")
    site.environ["PGPASSWORD"] = "a-hidden-word"
    found = site.examine()
    assert found.status_of("database") == "wrong"
    assert "start the server" in (found["database"].next or "")
    assert "hidden-word" not in repr(found.all)


def test_a_database_that_is_not_there_is_told(site: Site) -> None:
    write(site, use_server().url("nobody_made_this"))
    found = site.examine()["database"]
    assert found.status == "wrong" and "CREATE DATABASE" in (found.next or "")


def test_looking_changes_nothing(site: Site, postgres_url: str) -> None:
    async def count() -> list[tuple[object, ...]]:
        import asyncpg  # type: ignore[import-untyped]

        connection = await asyncpg.connect(postgres_url)
        try:
            return [tuple(row) for row in await connection.fetch("SELECT xmin::text FROM change_counters ORDER BY 1")]
        finally:
            await connection.close()

    write(site, postgres_url)
    before = run_apart(count())
    site.examine()
    assert run_apart(count()) == before and TEMPLATE not in postgres_url
