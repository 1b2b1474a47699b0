"""The last good files are there after a restart: the older ones or the newer, whenever the process was killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.control.last_good import FILE_NAME, LastGood, keep_last_good, read_last_good
from pointsman.core.config.source import Source

PATH = Path("/etc/pointsman/pointsman.yaml")
KILLS = 20

OLD = (Source("pointsman.yaml", b"old: 1\n" * 20_000), Source("environments/dev.yaml", b"x: 1\n", "dev"))
NEW = (Source("pointsman.yaml", b"new: 2\n" * 20_000),)

WRITER = """
import sys
from pathlib import Path
from pointsman.control.last_good import keep_last_good
from pointsman.core.config.source import Source

old = (Source("pointsman.yaml", b"old: 1\\n" * 20_000), Source("environments/dev.yaml", b"x: 1\\n", "dev"))
new = (Source("pointsman.yaml", b"new: 2\\n" * 20_000),)
print("ready", flush=True)
while True:
    for files in (old, new):
        keep_last_good(Path(sys.argv[1]), Path(sys.argv[2]), "production", files)
"""


def read(home: Path, path: Path = PATH, environment: str = "production") -> LastGood:
    return read_last_good(home, path, environment)


@given(
    st.lists(
        st.builds(
            Source,
            st.text(st.characters(codec="utf-8")),
            st.binary(),
            st.none() | st.text(st.characters(codec="utf-8")),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_kept_is_read_again_to_the_byte(tmp_path_factory: pytest.TempPathFactory, files: list[Source]) -> None:
    home = tmp_path_factory.mktemp("home")
    keep_last_good(home, PATH, "production", files)
    assert read(home) == LastGood(tuple(files))


def test_only_the_owner_may_read_it_and_nothing_else_is_left(tmp_path: Path) -> None:
    for files in (OLD, NEW, NEW):
        keep_last_good(tmp_path, PATH, "production", files)
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_the_same_files_are_written_once(tmp_path: Path) -> None:
    keep_last_good(tmp_path, PATH, "production", OLD)
    before = (tmp_path / FILE_NAME).stat().st_ino
    keep_last_good(tmp_path, PATH, "production", OLD)
    assert (tmp_path / FILE_NAME).stat().st_ino == before


def test_nothing_kept_is_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path) == LastGood()


def test_files_of_another_path_or_environment_are_not_used(tmp_path: Path) -> None:
    keep_last_good(tmp_path, PATH, "production", OLD)
    assert "another path, /etc/pointsman/pointsman.yaml" in read(tmp_path, Path("/etc/other.yaml")).reason
    assert "another environment, production" in read(tmp_path, environment="staging").reason
    assert read(tmp_path, Path("/etc/other.yaml")).files == ()


def test_the_path_is_the_same_wherever_it_is_named_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep_last_good(tmp_path, Path("pointsman.yaml"), "production", OLD)
    assert read(tmp_path, tmp_path / "pointsman.yaml").files == OLD


@given(st.data())
def test_whatever_is_damaged_is_not_used(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    home = tmp_path_factory.mktemp("home")
    keep_last_good(home, PATH, "production", (Source("a.yaml", b"version: 1\n"),))
    whole = (home / FILE_NAME).read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = data.draw(
        st.sampled_from((whole[:at], whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :], whole + whole[at:]))
    )
    (home / FILE_NAME).write_bytes(damaged)
    found = read(home)
    assert (found.files, found.reason != "") in (((), True), ((Source("a.yaml", b"version: 1\n"),), False))
    if found.files:
        # Case of a digest's letters and whitespace at the end aside, only the whole file is taken.
        assert damaged == whole


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"sha256":"","kept":{}}', b"[" * 9_999])
def test_other_content_is_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    found = read(tmp_path)
    assert found.files == ()
    assert FILE_NAME in found.reason


def test_what_everybody_may_change_or_nobody_can_read_is_not_used(tmp_path: Path) -> None:
    keep_last_good(tmp_path, PATH, "production", OLD)
    (tmp_path / FILE_NAME).chmod(0o666)
    assert "every account may change" in read(tmp_path).reason
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()
    assert "is not a file" in read(tmp_path).reason
    with pytest.raises(OSError, match="Is a directory"):
        keep_last_good(tmp_path, PATH, "production", NEW)
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]


def test_a_kill_at_any_moment_leaves_the_older_files_or_the_newer(tmp_path: Path) -> None:
    keep_last_good(tmp_path, PATH, "production", OLD)
    seen = set()
    for kill in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(PATH)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        with writer.stdout:
            assert writer.stdout.readline() == "ready\n"
            time.sleep(kill * 0.0007)
            writer.send_signal(signal.SIGKILL)
            writer.wait(10)
        found = read(tmp_path)
        assert found.files in (OLD, NEW), found.reason
        seen.add(found.files)
        assert len(list(tmp_path.iterdir())) <= 2
    keep_last_good(tmp_path, PATH, "production", OLD)
    keep_last_good(tmp_path, PATH, "production", NEW)
    assert [file.name for file in tmp_path.iterdir()] == [FILE_NAME]
    assert seen
