"""What the system grants, and what local models need of it."""

import resource

import pytest
from examining import Site

from pointsman.diagnosis import machine, resources

HOUSE = "providers: {house: {base_url: 'http://127.0.0.1:1/v1', location: local}}\n"
NEEDS = HOUSE + "models: {big: {provider: house, resources: {gpu_memory_gb: 48, memory_gb: 2}}}\n"


def test_few_open_files_are_a_warning(site: Site) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        found = site.examine()["open files"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert found.status == "warning"
    assert found.message.startswith("at most 512 at a time")


def test_watching_is_tried_and_low_limits_are_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LIMITS", site.folder / "none")
    assert site.examine()["watching"].message == f"{site.folder} can be watched"
    limits = site.folder / "limits"
    site.write("100000\n", "limits/max_user_watches")
    site.write("8\n", "limits/max_user_instances")
    monkeypatch.setattr(machine, "LIMITS", limits)
    found = site.examine()["watching"]
    assert found.status == "warning"
    assert found.message.endswith("max_user_instances is 8")


def test_a_folder_that_is_not_there_is_watched_by_the_one_above(site: Site) -> None:
    found = site.examine(config=site.folder / "no" / "such" / "pointsman.yaml")["watching"]
    assert found.status in ("good", "warning")
    assert str(site.folder) in found.message or "limits" not in found.message


@pytest.mark.parametrize(
    ("granted", "status"),
    [("", "warning"), ("gpu_memory_gb: 24", "warning"), ("gpu_memory_gb: 48, memory_gb: 2", "good")],
)
def test_models_are_compared_with_what_is_granted(site: Site, granted: str, status: str) -> None:
    site.write(NEEDS + f"server: {{local_resources: {{{granted}}}}}\n")
    assert site.examine().status_of("resources") == status


def test_what_is_granted_is_compared_with_the_machine(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write(NEEDS + "server: {local_resources: {gpu_memory_gb: 48, cpu_cores: 100000, memory_gb: 2}}\n")
    [fits, claimed] = site.examine().list_of("resources")
    assert (fits.status, claimed.status) == ("good", "warning")
    assert claimed.message.startswith("server.local_resources.cpu_cores says 100000 cores;")
    monkeypatch.setattr(resources, "_measure_memory_gb", lambda: 1.0)
    assert len(site.examine().list_of("resources")) == 3


def test_a_document_that_says_nothing_of_resources_is_good(site: Site) -> None:
    site.write(HOUSE + "models: {big: {provider: house}}\n")
    assert site.examine().status_of("resources") == "good"
