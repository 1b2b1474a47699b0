"""Secrets come from variables and files, follow their changes, and show nowhere."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from pointsman.core.ports import Secrets
from pointsman.secrets.environment import EnvironmentSecrets

VALUE = "sk-canary-7f3a"


@dataclass
class Clock:
    """A monotonic clock that stands until it is moved."""

    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{VALUE}\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("env:FIRST", "one"),
        ("env:SECOND,FIRST", "two"),
        ("env:UNSET,FIRST", "one"),
        ("env:BLANK, SECOND", "two"),
        ("env:UNSET", None),
        ("env:BLANK", None),
        ("env:", None),
        ("FIRST", None),
        ("vault:FIRST", None),
        ("", None),
    ],
)
def test_variables(reference: str, value: str | None) -> None:
    secrets: Secrets = EnvironmentSecrets({"FIRST": "one", "SECOND": "two", "BLANK": "  "})
    assert secrets.reveal(reference) == value
    assert secrets.reveal(reference) == value


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("env:ID+SECRET+TOKEN?", "id:secret:token"),
        ("env:ID+SECRET+UNSET?", "id:secret"),
        ("env:ID+UNSET,SECRET", "secret"),
        ("env:ID+BLANK", None),
        ("env:UNSET,ID+SECRET", "id:secret"),
        ("env:SECRET,ID+TOKEN", "secret"),
    ],
)
def test_variables_that_make_one_secret_together(reference: str, value: str | None) -> None:
    secrets = EnvironmentSecrets({"ID": "id", "SECRET": "secret", "TOKEN": "token", "BLANK": " "})
    assert secrets.reveal(reference) == value


def test_a_variable_may_hold_the_path_of_a_file(file: Path) -> None:
    clock = Clock()
    secrets = EnvironmentSecrets({"PLACE": str(file), "GONE": str(file.with_name("gone"))}, clock)
    assert secrets.reveal("env:UNSET,@PLACE") == VALUE
    assert secrets.reveal("env:@GONE") is None
    assert secrets.reveal("env:@UNSET") is None
    file.write_text("sk-second\n")
    clock.now_s += 2
    assert secrets.reveal("env:UNSET,@PLACE") == "sk-second"


def test_a_json_object_is_brought_onto_one_line(file: Path) -> None:
    file.write_text('{\n  "private_key": "one\\ntwo",\n  "of": "Jos\u00e9"\n}\n', encoding="utf-8")
    found = EnvironmentSecrets({}).reveal(f"file:{file}")
    assert found == '{"private_key":"one\\ntwo","of":"Jos\\u00e9"}'
    assert EnvironmentSecrets({"KEY": '{"a":\t1}'}).reveal("env:KEY") == '{"a":1}'


def test_what_begins_like_a_json_object_and_is_none_is_unusable(caplog: pytest.LogCaptureFixture) -> None:
    assert EnvironmentSecrets({"KEY": f"{{{VALUE}"}).reveal("env:KEY") is None
    assert "is none" in caplog.text
    assert VALUE not in caplog.text


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", " padded", "padded\n", "schlüssel", "a\0b"])
def test_a_variable_that_cannot_travel_in_a_header_is_unusable(value: str, caplog: pytest.LogCaptureFixture) -> None:
    secrets = EnvironmentSecrets({"KEY": value})
    assert secrets.reveal("env:KEY") is None
    assert secrets.reveal("env:KEY") is None
    assert len(caplog.records) == 1
    assert 'the environment variable "KEY" cannot be used' in caplog.text
    assert value not in caplog.text


def test_nothing_shows_a_value(file: Path) -> None:
    secrets = EnvironmentSecrets({"KEY": VALUE})
    secrets.reveal("env:KEY")
    secrets.reveal(f"file:{file}")
    assert VALUE not in repr(secrets) + str(secrets) + f"{secrets}" + repr(secrets._files)


def test_a_file_is_read_anew_when_it_changes_and_looked_at_once_per_second(file: Path) -> None:
    clock = Clock()
    secrets = EnvironmentSecrets({}, clock)
    assert secrets.reveal(f"file:{file}") == VALUE
    file.write_text("sk-second")
    clock.now_s += 0.9
    assert secrets.reveal(f"file:{file}") == VALUE
    clock.now_s += 0.2
    assert secrets.reveal(f"file:{file}") == "sk-second"


def test_a_mounted_secret_may_be_swapped_and_may_vanish(file: Path) -> None:
    clock = Clock()
    secrets = EnvironmentSecrets({}, clock)
    assert secrets.reveal(f"file:{file}") == VALUE
    draft = file.with_name("draft")
    draft.write_text("sk-swapped")
    draft.replace(file)
    clock.now_s += 1
    assert secrets.reveal(f"file:{file}") == "sk-swapped"
    file.unlink()
    clock.now_s += 1
    assert secrets.reveal(f"file:{file}") is None
    file.write_text(VALUE)
    clock.now_s += 1
    assert secrets.reveal(f"file:{file}") == VALUE


@pytest.mark.parametrize("content", ["", "\n", "\r\n"])
def test_an_empty_file_is_no_secret(file: Path, content: str) -> None:
    file.write_text(content)
    assert EnvironmentSecrets({}).reveal(f"file:{file}") is None


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"x" * 8_193, 0o600, "more than 8192 bytes"),
        (b"sk-key", 0o622, "others may change it"),
        (b"one\ntwo\n", 0o600, "printable ASCII"),
        (b"sk-\xff", 0o600, "printable ASCII"),
        (b" sk-key\n", 0o600, "whitespace"),
    ],
)
def test_an_unusable_file_is_named_once(
    file: Path, content: bytes, mode: int, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(content)
    file.chmod(mode)
    clock = Clock()
    secrets = EnvironmentSecrets({}, clock)
    for _ in range(3):
        assert secrets.reveal(f"file:{file}") is None
        clock.now_s += 2
    (record,) = caplog.records
    assert str(file) in record.getMessage()
    assert reason in record.getMessage()


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert EnvironmentSecrets({}).reveal(f"file:{tmp_path}/pipe") is None
    assert "not a regular file" in caplog.text
