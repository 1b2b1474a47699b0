"""Where a gateway would listen: the key that this needs, and whether the port can be had."""

import os
import socket

import pytest
from examining import LOCAL, Site

STRONG = "q8Zt3vYp1Lk6Wn0Rb5Xs7Md2"


@pytest.mark.parametrize(
    ("key", "status"), [(None, "wrong"), ("password", "wrong"), ("a" * 40, "wrong"), (STRONG, "good")]
)
def test_beyond_loopback_an_own_strong_key_is_needed(site: Site, key: str | None, status: str) -> None:
    site.environ |= {"POINTSMAN_HOST": "0.0.0.0"} | ({"POINTSMAN_ADMIN_KEY": key} if key else {})
    found = site.examine()
    assert found.status_of("admin key") == status
    assert found.status_of("address") == "warning"
    assert not any(key and key in finding.message for finding in found.all if key != "password")


def test_the_document_says_where_unless_a_variable_does(site: Site) -> None:
    site.write(LOCAL + "server: {listen: '0.0.0.0:4999'}\n")
    site.environ["POINTSMAN_PORT"] = ""
    assert site.examine()["address"].message.startswith("0.0.0.0, port 4999, said by server.listen")
    site.environ |= {"POINTSMAN_HOST": "127.0.0.1", "POINTSMAN_PORT": "0"}
    found = site.examine()["address"]
    assert found.message.startswith("127.0.0.1, port 0, said by POINTSMAN_HOST and POINTSMAN_PORT")
    assert found.status == "good"


@pytest.mark.parametrize("port", ["x", "65536", "-1", "٣"])
def test_what_is_no_port_is_wrong(site: Site, port: str) -> None:
    site.environ["POINTSMAN_PORT"] = port
    assert site.examine().status_of("address") == "wrong"


def test_a_port_is_free_or_taken(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        site.environ["POINTSMAN_PORT"] = str(taken.getsockname()[1])
        found = site.examine()["port"]
        assert (found.status, "is taken by another program" in found.message) == ("wrong", True)
    assert site.examine().status_of("port") == "good"


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "not a host"])
def test_an_address_of_another_machine_cannot_be_listened_on(site: Site, host: str) -> None:
    site.environ |= {"POINTSMAN_HOST": host, "POINTSMAN_ADMIN_KEY": STRONG, "POINTSMAN_PORT": "4999"}
    found = site.examine()["port"]
    assert (found.status, "cannot be listened on" in found.message) == ("wrong", True)


def test_a_file_with_the_admin_key_is_judged(site: Site) -> None:
    path = site.write(f"{STRONG}\n", "admin", 0o644)
    site.environ["POINTSMAN_ADMIN_KEY_FILE"] = str(path)
    found = site.examine()
    assert (found.status_of("admin key"), found.status_of("admin key file")) == ("good", "warning")
    path.write_bytes(b"\xff\xfe")
    assert site.examine().status_of("admin key") == "wrong"
    path.unlink()
    assert site.examine().status_of("admin key") == "wrong"
    os.mkfifo(path)
    assert "is no file" in site.examine()["admin key"].message
