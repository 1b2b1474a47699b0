"""Whatever a check does, an answer comes: one that is stuck is left alone, one that fails is named without words."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from examining import LOCAL, Site

from pointsman.diagnosis import examine, installation
from pointsman.diagnosis.examine import CHECKS, CHECKS_S, LOAD_S
from pointsman.diagnosis.finding import Finding, good
from pointsman.diagnosis.gateway import ANSWER_S
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.stored_state import BUSY_S, LOOK_S
from pointsman.upstream.discovery import PROBE_S


def test_every_module_of_a_check_is_in_the_table() -> None:
    folder = Path(examine.__file__).parent
    defined = {path.stem for path in folder.glob("*.py") if f"def check_{path.stem}(" in path.read_text()}
    assert defined == {*CHECKS, "software"}


def test_the_deadlines_fit_into_fifteen_seconds() -> None:
    assert LOAD_S + CHECKS_S < 15
    # A gateway is asked twice, a provider's key too, each within one deadline of the probe.
    assert max(2 * ANSWER_S, PROBE_S, LOOK_S + BUSY_S) < CHECKS_S


def test_a_check_that_is_stuck_is_left_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()

    def get_stuck(_: Installation) -> Iterator[Finding]:
        never.wait()
        yield good("stuck", "it came back")

    monkeypatch.setattr(examine, "CHECKS_S", 0.3)
    monkeypatch.setattr(examine, "_import_look", lambda name: get_stuck if name == "home" else list)
    monkeypatch.setattr(examine, "CHECKS", ("home",))
    found = site.examine()
    never.set()
    assert found["home"].status == "skipped"
    assert "was left alone" in found["home"].message


def test_a_configuration_that_cannot_be_read_in_time_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(examine, "LOAD_S", 0.1)
    monkeypatch.setattr(installation, "load", lambda *_: never.wait())
    site.write(LOCAL)
    found = site.examine(compliance=True)
    never.set()
    assert "took more than 0.1 s" in found["configuration"].message
    assert found.status_of("providers") == "skipped"
    assert found.status_of("watching") == "good"


def test_a_check_that_fails_is_named_without_the_words_of_its_error(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Installation) -> list[Finding]:
        raise KeyError("planted-secret")

    monkeypatch.setattr(examine, "_import_look", lambda _: fail)
    found = site.examine()
    assert found.status_of("provider keys") == "warning"
    assert found["provider keys"].message.startswith("it could not be looked at: KeyError at test_doctor_in_time.py:")
    assert not any("planted" in one.message for one in found.all)


def test_a_check_whose_module_cannot_be_imported_is_skipped(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "CHECKS", ("home", "no_such_module"))
    found = site.examine()
    assert (found.status_of("home"), found.status_of("no such module")) == ("good", "skipped")


def test_a_survey_that_fails_leaves_what_was_found_before(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "survey", lambda _: replace(None))  # type: ignore[type-var]
    found = site.examine()
    assert found.status_of("python") == "good"
    assert found.status_of("configuration") == "warning"


@pytest.mark.parametrize("name", ["POINTSMAN_HOME", "POINTSMAN_CONFIG", "POINTSMAN_ADMIN_KEY_FILE", "XDG_CONFIG_HOME"])
@pytest.mark.parametrize("value", ["/dev/null/x", "/proc/self/mem", "a" * 5_000, "\udcff", ".", "/nonexistent"])
def test_odd_paths_are_no_reason_to_fail(site: Site, name: str, value: str) -> None:
    site.environ[name] = value
    assert not any("fault of Pointsman" in one.message for one in site.examine().all)
