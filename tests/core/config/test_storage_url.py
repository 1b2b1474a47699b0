"""`storage.url` names a file or a server's database, and never holds a password."""

import pytest
from compiling import GOOD, compile_good, compile_text

URLS = [
    "sqlite:////var/lib/pointsman.db",
    "postgresql://ada@db.example:5432/pointsman",
    "postgres://db.example/pointsman",
    "postgresql://db1.example,db2.example:5433/pointsman?target_session_attrs=read-write",
    "postgresql://ada@[::1]:5432/pointsman?sslmode=verify-full&sslrootcert=/etc/ca.pem",
    "postgresql:///pointsman?host=/run/postgresql",
]


@pytest.mark.parametrize("url", URLS)
def test_a_place_to_store_in(url: str) -> None:
    assert compile_good(f"{GOOD}storage: {{url: '{url}'}}\n").settings.storage_url == url


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ada@db.example/pointsman",
        "postgresql+asyncpg://ada@db.example/pointsman",
        "POSTGRESQL://ada@db.example/pointsman",
        "postgresql://ada@db.example",
        "postgresql://ada@db.example/",
        "postgresql://ada@db.example/one/two",
        "postgresql://ada@db.example/pointsman#first",
        "sqlite://",
    ],
)
def test_what_names_no_such_place(url: str) -> None:
    compiled = compile_text(f"{GOOD}storage: {{url: '{url}'}}\n")
    (problem,) = [problem for problem in compiled.problems if problem.path.startswith("storage")]
    assert (problem.path, problem.code) == ("storage.url", "invalid_value")
    assert "postgresql://user@host/database" in problem.message and "PGPASSWORD" in problem.message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hunter2@db.example/pointsman",
        "postgresql://:hunter2@db.example/pointsman",
        "postgresql://ada@db.example/pointsman?password=hunter2",
        "postgresql://ada@db.example/pointsman?sslmode=require&PassWord=hunter2",
        "postgresql://ada@db.example/pointsman?sslpassword=hunter2",
    ],
)
def test_a_password_is_refused_and_not_repeated(url: str) -> None:
    compiled = compile_text(f"{GOOD}storage: {{url: '{url}'}}\n")
    (problem,) = [problem for problem in compiled.problems if problem.path.startswith("storage")]
    assert problem.severity == "error" and problem.path == "storage.url"
    assert problem.code in ("inline_secret", "invalid_value")
    assert "hunter2" not in str(problem)
