"""Python, platform and packages: the table is `pyproject.toml`'s, and a package that cannot be used is named."""

import re
import tomllib
from pathlib import Path

import pytest
from examining import Site

from pointsman.diagnosis import software
from pointsman.diagnosis.software import DEPENDENCIES, check_software, read_version

ROOT = Path(__file__).parents[2]


def test_the_table_of_packages_is_the_one_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = {re.split(r"[\[>]", line)[0]: line.partition(">=")[2].split(";")[0] for line in project["dependencies"]}
    assert {name: oldest for name, (_, oldest) in DEPENDENCIES.items()} == stated
    oldest_python = re.fullmatch(r">=(\d+)\.(\d+)", project["requires-python"])
    assert oldest_python and tuple(map(int, oldest_python.groups())) == software.OLDEST_PYTHON


def test_what_runs_these_tests_is_sound(site: Site) -> None:
    found = site.examine()
    assert [found.status_of(check) for check in ("python", "platform", "packages", "prover")] == ["good"] * 4


def test_missing_broken_and_old_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_part.py").write_text("raise OSError('libbroken.so: wrong ELF class')")
    (tmp_path / "old_part.py").write_text("")
    (tmp_path / "old_part-1.9.dist-info").mkdir()
    (tmp_path / "old_part-1.9.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: old-part\nVersion: 1.9\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    wanted = {"no-part": ("no_part", "1"), "broken-part": ("broken_part", "1"), "old-part": ("old_part", "1.10")}
    monkeypatch.setattr(software, "DEPENDENCIES", wanted)
    [found] = [finding for finding in check_software() if finding.check == "packages"]
    assert found.status == "wrong"
    assert found.message == (
        "no-part is missing, broken-part cannot be imported (OSError), old-part is 1.9, but 1.10 is needed"
    )
    assert found.next and "pip install" in found.next


@pytest.mark.parametrize(
    ("older", "newer"), [("1.9", "1.10"), ("2.1", "2.1.1"), ("6.0.2", "6.0.3"), ("15", "15.0.1"), ("0.22", "1")]
)
def test_versions_are_compared_by_number(older: str, newer: str) -> None:
    assert read_version(older) < read_version(newer)
    assert read_version(f"{older}.0") == read_version(older)
