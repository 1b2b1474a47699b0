"""deploy/ as far as it can be checked without Docker: what compose.yaml promises, names and mounts is there."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from pointsman.control.configuration import load_configuration

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TEXT = (DEPLOY / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
GATEWAYS = ("gateway-1", "gateway-2")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


def test_the_services_are_those_that_were_promised() -> None:
    assert set(SERVICES) == {"proxy", *GATEWAYS, "postgres", "valkey"}
    assert SERVICES["postgres"]["image"].endswith(":-18}")
    assert SERVICES["valkey"]["image"].endswith(":-9-alpine}")
    for name in GATEWAYS:
        waits_for = SERVICES[name]["depends_on"]
        assert {each: of["condition"] for each, of in waits_for.items()} == dict.fromkeys(
            ("postgres", "valkey"), "service_healthy"
        )
        assert "/readyz" in " ".join(SERVICES[name]["healthcheck"]["test"])
    assert all("healthcheck" in SERVICES[name] for name in ("postgres", "valkey"))


def test_nothing_but_the_proxy_is_published_and_that_on_loopback() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "proxy": ["${POINTSMAN_PUBLISH:-127.0.0.1:4100}:8080"]
    }
    assert "listen 8080;" in (DEPLOY / "nginx.conf").read_text()
    for name in GATEWAYS:
        assert f"server {name}:4100" in (DEPLOY / "nginx.conf").read_text()
        assert SERVICES[name]["environment"]["POINTSMAN_PORT"] == "4100"


def test_no_secret_stands_in_the_file_or_has_a_default() -> None:
    defaults = dict(re.findall(r"\$\{([A-Z_]+):?-([^}]*)\}", TEXT))
    assert set(re.findall(r"\$\{([A-Z_]+)", TEXT)) == set(defaults)
    assert not [name for name in defaults if re.search("(?:^|_)(KEY|PASSWORD|SECRET|TOKEN|PEPPER)", name)]
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("KEY|PASSW|SECRET|TOKEN|PEPPER|PASSFILE", name):
                assert name.endswith("FILE") and value.removeprefix("/run/secrets/") in service["secrets"], name
    written = {each["file"] for each in COMPOSE["secrets"].values()}
    readme = (DEPLOY / "README.md").read_text()
    assert all(file.removeprefix("./") in readme for file in written)
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text()


def test_each_replica_has_a_home_of_its_own_that_outlasts_it() -> None:
    homes = [
        volume.partition(":")[0]
        for name in GATEWAYS
        for volume in SERVICES[name]["volumes"]
        if volume.endswith(f":{SERVICES[name]['environment']['POINTSMAN_HOME']}")
    ]
    assert len(set(homes)) == len(GATEWAYS)
    assert set(homes) < set(COMPOSE["volumes"])
    assert len({SERVICES[name]["hostname"] for name in GATEWAYS}) == len(GATEWAYS)


def test_what_is_mounted_and_used_is_there() -> None:
    used = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith("./") else source in COMPOSE["volumes"], volume


@pytest.mark.parametrize("name", GATEWAYS)
def test_gateways_may_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]


def test_the_image_runs_our_command_as_nobody_special() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    (entry,) = re.findall(r'^ENTRYPOINT \["(.+)"\]$', DOCKERFILE, re.M)
    assert entry in scripts
    assert re.findall(r'^CMD \["(.+)"\]$', DOCKERFILE, re.M) == ["serve"]
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.M) == ["10001:10001"]
    build = SERVICES["gateway-1"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M)
    assert all((ROOT / source).exists() for line in copied for source in line.split())
    drivers = (ROOT / "requirements" / "dev.txt").read_text()
    assert all(re.search(rf"^{driver}==", drivers, re.M) for driver in ("asyncpg", "redis"))


def test_the_document_compiles_and_names_the_services() -> None:
    loaded = load_configuration(DEPLOY / "pointsman.yaml", {"POINTSMAN_REDIS_URL": "redis://valkey:6379/0"})
    assert loaded.snapshot is not None and list(loaded.problems) == []
    assert loaded.snapshot.settings.storage_url == "postgresql://pointsman@postgres:5432/pointsman"
    document = yaml.safe_load((DEPLOY / "pointsman.yaml").read_text())
    named = document["storage"]["redis"]["env"]
    for name in GATEWAYS:
        assert SERVICES[name]["environment"][named] == "redis://valkey:6379/0"
    for provider in document["providers"].values():
        assert provider["api_key"]["file"].removeprefix("/run/secrets/") in SERVICES["gateway-1"]["secrets"]
