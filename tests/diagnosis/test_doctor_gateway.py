"""A running gateway, found as other commands find it: good, refusing, on old files, silent, or something else."""

import json
from collections.abc import Iterator

import pytest
from examining import Site, list_state
from small_server import serve

from pointsman.control.home import hold_home
from pointsman.diagnosis.gateway import measure_difference_s
from running import RunningGateway, await_value, run_gateway

DOCUMENT = "providers: {simulated: {}}\nagents: {orchestrator: {model: simulated-large}}\n"
VIEW = json.dumps({"revision": "0123456789ab", "number": 3, "environment": "production", "drift": 2, "overrides": 1})


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("gateway"), DOCUMENT) as running:
        yield running


@pytest.fixture
def running_site(gateway: RunningGateway) -> Site:
    gateway.config.write_text(DOCUMENT)
    return Site(gateway.config.parent, {"POINTSMAN_HOME": str(gateway.home)})


def list_quiet_files(site: Site) -> dict[str, object]:
    """All but the database, which the gateway itself may write to at any time."""
    return {name: state for name, state in list_state(site.folder).items() if "pointsman.db" not in name}


def test_a_running_gateway_is_found_by_its_home_directory(running_site: Site, gateway: RunningGateway) -> None:
    await_value(lambda: not gateway.get("/api/v1/configuration")["rejected"] or None)
    before = list_quiet_files(running_site)
    found = running_site.examine()
    revision = gateway.get("/api/v1/configuration")["revision"]
    assert found["gateway"].message.startswith(f"{gateway.url}, named by demo.env, runs revision {revision} (")
    checks = (
        "clock",
        "running files",
        "running drift",
        "database",
        "pepper",
        "local keys",
        "virtual keys",
        "last good",
    )
    assert {check: found.status_of(check) for check in checks} == dict.fromkeys(checks, "good")
    assert f"process {gateway.process.pid}" in found["lock"].message
    assert found.status_of("port") == "skipped"
    assert list_quiet_files(running_site) == before


def test_files_that_the_gateway_has_refused_are_said(running_site: Site, gateway: RunningGateway) -> None:
    gateway.config.write_text(DOCUMENT.replace("simulated-large", "simulated-larg"))
    await_value(lambda: gateway.get("/api/v1/configuration")["rejected"] or None)
    found = running_site.examine()["running files"]
    assert found.status == "wrong"
    assert "agents.orchestrator.model (unknown_reference)" in found.message


def test_a_wrong_admin_key_is_said_and_not_shown(running_site: Site) -> None:
    running_site.environ["POINTSMAN_ADMIN_KEY"] = "planted-admin-key-that-is-not-the-one"
    found = running_site.examine()["gateway"]
    assert found.status == "wrong"
    assert "refuses the admin key that POINTSMAN_ADMIN_KEY has" in found.message


def test_a_gateway_that_is_named_and_silent_is_wrong(site: Site) -> None:
    site.environ |= {"POINTSMAN_URL": "http://user:planted-password@127.0.0.1:1/x", "POINTSMAN_ADMIN_KEY": "k" * 30}
    found = site.examine()["gateway"]
    assert found.status == "wrong"
    assert found.message.startswith("http://127.0.0.1:1, named by POINTSMAN_URL, does not answer:")


@pytest.mark.parametrize("url", ["nonsense", "http://[::1", "http://127.0.0.1:99999", "ftp://127.0.0.1", "http://"])
def test_what_is_no_url_is_wrong(site: Site, url: str) -> None:
    site.environ["POINTSMAN_URL"] = url
    assert site.examine().status_of("gateway") == "wrong"


def test_an_old_credentials_file_of_a_gateway_that_has_ended_is_no_fault(site: Site) -> None:
    path = site.make_home() / "demo.env"
    path.touch(0o600)
    path.write_text("POINTSMAN_URL=http://127.0.0.1:1\nPOINTSMAN_ADMIN_KEY=planted\n")
    assert site.examine().status_of("gateway") == "skipped"
    with hold_home(site.home):
        found = site.examine()["gateway"]
    assert found.status == "wrong"
    assert "although a gateway holds the home directory" in found.message


def test_drift_and_another_environment_are_said(site: Site) -> None:
    site.write(DOCUMENT)
    site.environ |= {"POINTSMAN_ADMIN_KEY": "planted-admin-key-0123456789", "POINTSMAN_ENV": "development"}
    with serve({"GET /health": (200, "{}"), "GET /api/v1/configuration": (200, VIEW)}) as server:
        site.environ["POINTSMAN_URL"] = f"http://127.0.0.1:{server.port}"
        found = site.examine()
    assert found["running drift"].message == "2 values differ from the files and 1 overrides are live"
    assert found.status_of("running environment") == "warning"


@pytest.mark.parametrize("body", ["[]", "not json", '{"revision": 3}'])
def test_what_is_no_gateway_is_said(site: Site, body: str) -> None:
    site.environ["POINTSMAN_ADMIN_KEY"] = "planted-admin-key-0123456789"
    with serve({"GET /health": (200, "{}"), "GET /api/v1/configuration": (200, body)}) as server:
        site.environ["POINTSMAN_URL"] = f"http://127.0.0.1:{server.port}"
        assert "is no Pointsman gateway" in site.examine()["gateway"].message


def test_a_clock_that_is_years_off_is_noticed(site: Site) -> None:
    with serve({"GET /health": (200, "{}")}, date="Thu, 01 Jan 2015 00:00:00 GMT") as server:
        site.environ["POINTSMAN_URL"] = f"http://127.0.0.1:{server.port}"
        found = site.examine()
    assert found.status_of("clock") == "warning"
    assert "behind" in found["clock"].message
    assert found.status_of("gateway") == "skipped"


@pytest.mark.parametrize(
    ("told_s", "difference_s"), [(100.0, 0.0), (99.0, 0.0), (104.0, 3.5), (95.0, -3.0), (97.5, -0.5)]
)
def test_a_clock_is_only_as_wrong_as_it_must_be(told_s: float, difference_s: float) -> None:
    assert measure_difference_s(told_s, started_s=100.0, ended_s=100.5) == difference_s
