"""The home directory: modes, who holds it, room, and what lies in it; judged by mode, since tests may run as root."""

import os
import secrets
from pathlib import Path

import pytest
from examining import LOCAL, Site

from pointsman.control.home import hold_home
from pointsman.control.last_good import keep_last_good
from pointsman.core.config.source import Source
from pointsman.diagnosis import holder
from pointsman.diagnosis.permissions import is_read_only_disk


def test_a_home_that_is_not_there_yet_is_good(site: Site) -> None:
    found = site.examine()
    assert found.status_of("home") == "good"
    assert found.list_of("lock") == []


@pytest.mark.parametrize(
    ("mode", "status"), [(0o700, "good"), (0o755, "warning"), (0o750, "warning"), (0o770, "wrong"), (0o500, "wrong")]
)
def test_a_home_is_judged_by_its_mode(site: Site, mode: int, status: str) -> None:
    site.make_home(mode)
    found = site.examine()["home"]
    assert found.status == status
    assert status == "good" or (f"{mode:04o}" in found.message and found.next == f"chmod 700 {site.home}")


def test_a_home_that_cannot_be_made_is_wrong(site: Site) -> None:
    site.folder.chmod(0o500)
    assert site.examine().status_of("home") == "wrong"
    site.folder.chmod(0o700)
    site.write("", "file")
    site.environ["POINTSMAN_HOME"] = "file/home"
    assert "is no folder" in site.examine()["home"].message
    site.environ["POINTSMAN_HOME"] = "file"
    assert "is no folder" in site.examine()["home"].message


def test_a_disk_that_is_mounted_read_only_is_wrong(site: Site) -> None:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    read_only = [Path(words[1]) for words in mounts if "ro" in words[3].split(",") and Path(words[1]).is_dir()]
    if not read_only:
        pytest.skip("nothing is mounted read-only here")
    assert is_read_only_disk(read_only[0])
    site.environ["POINTSMAN_HOME"] = str(read_only[0] / "pointsman")
    assert site.examine().status_of("home") == "wrong"
    assert not is_read_only_disk(site.folder)


def test_who_holds_the_home_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.make_home()
    with hold_home(site.home):
        assert f"process {os.getpid()}" in site.examine()["lock"].message
        monkeypatch.setattr(holder, "LOCKS", site.folder / "no such list")
        assert "cannot be seen from here" in site.examine()["lock"].message
    assert site.examine()["lock"].message == "no gateway holds the home directory"
    with hold_home(site.home):
        assert True, "looking has left the lock free"


@pytest.mark.parametrize(
    ("size", "mode", "status"), [(32, 0o600, "good"), (32, 0o640, "wrong"), (31, 0o600, "wrong"), (32, 0o000, "wrong")]
)
def test_the_pepper_is_whole_and_private_or_it_is_wrong(site: Site, size: int, mode: int, status: str) -> None:
    path = site.make_home() / "pepper"
    path.write_bytes(secrets.token_bytes(size))
    path.chmod(mode)
    assert site.examine().status_of("pepper") == status


def test_local_keys_that_others_may_read_are_wrong(site: Site) -> None:
    path = site.make_home() / "demo.env"
    path.write_text("POINTSMAN_ADMIN_KEY=planted-admin-key-0123456789\n")
    path.chmod(0o644)
    found = site.examine()["local keys"]
    assert found.status == "wrong"
    assert found.next and "chmod 600" in found.next
    path.chmod(0o600)
    assert site.examine().status_of("local keys") == "good"


def test_the_last_good_configuration_is_whole_damaged_or_not_there(site: Site) -> None:
    path = site.write(LOCAL)
    site.make_home()
    assert site.examine().status_of("last good") == "skipped"
    keep_last_good(site.home, path, "production", [Source("pointsman.yaml", LOCAL.encode())])
    assert site.examine().status_of("last good") == "good"
    kept = site.home / "last_good.json"
    kept.write_bytes(kept.read_bytes()[:-5])
    found = site.examine()["last good"]
    assert found.status == "warning"
    assert "damaged" in found.message


def test_room_is_counted(site: Site) -> None:
    found = site.examine()["disk"]
    assert "MiB are free" in found.message
