"""`include` leads to files of the configuration's own folder, and to nothing else by whatever way."""

import os
from pathlib import Path

import pytest
from following import PROVIDERS, agents
from hypothesis import given
from hypothesis import strategies as st

from pointsman.control.configuration import load_configuration
from pointsman.control.gathering import MOST_DEPTH, MOST_FILES
from pointsman.control.include_paths import Named, find_paths
from pointsman.control.sources import gather


def put(path: Path, text: str | bytes = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def list_files(path: Path) -> list[str]:
    gathered = gather(path)
    assert gathered.problems == ()
    return [str(Path(source.file).relative_to(path.parent)) for source in gathered.files]


def list_told(path: Path) -> list[str]:
    return [str(problem).replace(f"{path.parent}/", "") for problem in gather(path).problems]


@pytest.fixture
def main(tmp_path: Path) -> Path:
    return put(tmp_path / "etc/main.yaml")


def test_files_and_patterns_are_followed_from_the_file_they_stand_in(main: Path) -> None:
    put(main, "include: [b.yaml, 'parts/*.yaml', '*/deep.yaml']\n")
    put(main.parent / "b.yaml", "version: 1\n")
    put(main.parent / "parts/y.yaml", "include: [../shared/z.yaml, x.yaml]\n")
    for name in ("parts/x.yaml", "shared/z.yaml", "shared/deep.yaml", "parts/.hidden.yaml", "parts/x.yaml~"):
        put(main.parent / name, "version: 1\n")
    assert list_files(main) == [
        "main.yaml",
        "b.yaml",
        "parts/x.yaml",
        "parts/y.yaml",
        "shared/z.yaml",
        "shared/deep.yaml",
    ]


def test_what_is_included_is_part_of_the_document(main: Path) -> None:
    put(main, f"include: [agents.yaml, environments/staging.yaml]\n{PROVIDERS}")
    put(main.parent / "agents.yaml", agents("large"))
    put(main.parent / "environments/staging.yaml", "include: [more.yaml]\n")
    put(main.parent / "environments/more.yaml", agents("small"))
    models = [load_configuration(main, {}, name).snapshot for name in ("production", "staging")]
    assert [model and model.agents["a"].model for model in models] == ["simulated-large", "simulated-small"]


def test_a_name_in_two_files_is_told_with_both_places(main: Path) -> None:
    put(main, f"include: [b.yaml]\n{PROVIDERS}{agents('large')}")
    put(main.parent / "b.yaml", agents("small"))
    (problem,) = load_configuration(main, {}).problems
    told = str(problem).replace(f"{main.parent}/", "")
    assert problem.code == "duplicate_name"
    assert told.startswith("b.yaml:1:10 ")
    assert "main.yaml:3:10" in told


def test_a_key_that_is_spelt_with_escapes_is_followed_too(main: Path) -> None:
    put(main, '"incl\\u0075de": [b.yaml]\n')
    put(main.parent / "b.yaml", "version: 1\n")
    assert list_files(main) == ["main.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("/etc/passwd", '"/etc/passwd" is an absolute path; write it relative to this file'),
        ("../../etc/passwd", '"../../etc/passwd" leads outside of the configuration\'s folder; move the file into it'),
        ("parts/../../x.yaml", "leads outside of the configuration's folder"),
        ("..", "leads outside of the configuration's folder"),
        ("missing.yaml", '"missing.yaml" is not there'),
        ("missing/a.yaml", '"missing/a.yaml" is not there'),
        ("none/*.yaml", 'nothing matches "none/*.yaml"'),
        ("**/a.yaml", "holds `**`; name the folders one by one"),
        ("parts", '"parts" is not a file but a folder, a pipe or a device'),
        ("part*", '"parts" is not a file but a folder, a pipe or a device'),
        (".", '"." is not a file but a folder, a pipe or a device'),
        ("pipe", '"pipe" is not a file but a folder, a pipe or a device'),
        ("out.yaml", '"out.yaml" leads outside of the configuration\'s folder by a symbolic link'),
        ("out*.yaml", '"out.yaml" leads outside of the configuration\'s folder by a symbolic link'),
        ("away/secret.yaml", '"away/secret.yaml" leads outside of the configuration\'s folder by a symbolic link'),
        ("away/*.yaml", 'nothing matches "away/*.yaml"'),
        ("away/nowhere.yaml", '"away/nowhere.yaml" leads outside of the configuration\'s folder by a symbolic link'),
        ("loop.yaml", '"loop.yaml" cannot be read: Too many levels of symbolic links'),
        ("main.yaml", '"main.yaml" includes this file again; take one of the two entries out'),
        ("self.yaml", '"self.yaml" includes this file again; take one of the two entries out'),
        ("", "this names no file"),
        ("\\0", "this names no file"),
        ("a\\nb.yaml", "this names no file"),
        ("x" * 300, "cannot be read: File name too long"),
        ("x" * 5_000, "this names no file"),
        ("a/" * 20 + "x", "leads through more than 16 folders"),
    ],
)
def test_an_entry_that_leads_elsewhere_or_nowhere_is_refused(main: Path, entry: str, told: str) -> None:
    folder = main.parent
    put(folder.parent / "secret.yaml", "version: 1\n")
    (folder / "parts").mkdir()
    os.mkfifo(folder / "pipe")
    for name, target in (
        ("out.yaml", "../secret.yaml"),
        ("away", ".."),
        ("loop.yaml", "loop.yaml"),
        ("self.yaml", "main.yaml"),
    ):
        (folder / name).symlink_to(target)
    put(main, f'version: 1\ninclude: ["{entry}"]\n')
    (said,) = list_told(main)
    assert said.startswith("main.yaml:2:11 include[0]: ")
    assert said.endswith("(invalid_include)")
    assert told in said
    assert load_configuration(main, {}).snapshot is None


def test_each_entry_is_told_at_its_own_place(main: Path) -> None:
    put(main, "include:\n  - parts/a.yaml\n  - nowhere.yaml\n")
    put(main.parent / "parts/a.yaml", "version: 1\ninclude:\n  -   ../gone.yaml\n")
    assert list_told(main) == [
        'main.yaml:3:5 include[1]: "nowhere.yaml" is not there (invalid_include)',
        'parts/a.yaml:3:7 include[0]: "gone.yaml" is not there (invalid_include)',
    ]


def test_files_that_include_one_another_are_told_and_end(main: Path) -> None:
    put(main, "include: [b.yaml]\n")
    put(main.parent / "b.yaml", "include: [c.yaml]\n")
    put(main.parent / "c.yaml", "include: [main.yaml]\n")
    (told,) = list_told(main)
    assert told.startswith('c.yaml:1:11 include[0]: "main.yaml" includes this file again; ')
    assert told.endswith("(invalid_include)")


def test_a_file_that_two_others_include_is_read_once_and_a_pattern_never_means_its_own_file(main: Path) -> None:
    put(main, "include: ['*.yaml', b.yaml]\n")
    for name in ("b.yaml", "c.yaml"):
        put(main.parent / name, "include: ['*.yaml', d.yaml]\n")
    put(main.parent / "d.yaml", "version: 1\n")
    assert list_files(main) == ["main.yaml", "b.yaml", "c.yaml", "d.yaml"]


def test_a_hundred_files_are_enough(main: Path) -> None:
    for number in range(MOST_FILES):
        put(main.parent / f"parts/{number:03}.yaml", "version: 1\n")
    put(main, "include: ['parts/*.yaml']\n")
    told = gather(main).problems
    assert [(problem.code, problem.path) for problem in told] == [("too_large", "include[0]")]
    (main.parent / "parts/000.yaml").unlink()
    assert len(list_files(main)) == MOST_FILES


def test_patterns_that_would_go_round_in_circles_come_to_an_end(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.control.gathering.MOST_ENTRIES", 500)
    for name in "abcd":
        (main.parent / name).symlink_to(".")
    put(main, f"include: ['{'*/' * 12}x.yaml', b.yaml]\n")
    assert "too_large" in [problem.code for problem in gather(main).problems]


def test_files_nest_eight_levels_deep(main: Path) -> None:
    put(main, "include: [f1.yaml]\n")
    for level in range(1, MOST_DEPTH):
        put(main.parent / f"f{level}.yaml", f"include: [f{level + 1}.yaml]\n")
    put(main.parent / f"f{MOST_DEPTH}.yaml", "version: 1\n")
    assert len(list_files(main)) == MOST_DEPTH + 1
    put(main.parent / f"f{MOST_DEPTH}.yaml", "include: [last.yaml]\n")
    put(main.parent / "last.yaml", "version: 1\n")
    assert [problem.code for problem in gather(main).problems] == ["too_deep"]


@pytest.mark.parametrize("include", ["b.yaml", "{b: c}", "[1, [x], {y: z}, null]", "[", "&a [*a]", "!!str b.yaml"])
def test_an_include_of_another_form_is_left_to_the_compiler(main: Path, include: str) -> None:
    put(main, f"include: {include}\n{PROVIDERS}{agents('large')}")
    assert [source.file for source in gather(main).files] == [str(main)]
    loaded = load_configuration(main, {})
    assert loaded.snapshot is None
    assert loaded.problems


def test_a_link_within_the_folder_may_be_followed(main: Path) -> None:
    put(main.parent / "..v1/b.yaml", "version: 1\n")
    (main.parent / "..data").symlink_to("..v1")
    (main.parent / "b.yaml").symlink_to("..data/b.yaml")
    put(main, "include: [b.yaml]\n")
    assert list_files(main) == ["main.yaml", "b.yaml"]


@pytest.mark.parametrize("text", ["\0", "\ud800", "a\u202eb"])
def test_a_text_that_cannot_be_a_name_is_refused_before_the_disk_is_asked(text: str) -> None:
    assert find_paths(text, "", lambda folder: pytest.fail(folder)) == "this names no file"


PARTS = st.sampled_from(["..", ".", "a", "b.yaml", "*", "a*", "[ab]", "", "...", "..a"])


@given(st.lists(PARTS, max_size=8).map("/".join), st.lists(PARTS, max_size=3).map("/".join))
def test_no_entry_leads_above_the_folder(text: str, folder: str) -> None:
    asked: list[str] = []

    def list_folder(relative: str) -> tuple[str, ...]:
        asked.append(relative)
        return ("a", "b.yaml", "..a")

    if folder.startswith("/") or ".." in folder.split("/"):
        folder = "a"
    named = find_paths(text, folder, list_folder)
    paths = named.paths if isinstance(named, Named) else ()
    assert all(not path.startswith("/") and ".." not in path.split("/") for path in (*paths, *asked))
