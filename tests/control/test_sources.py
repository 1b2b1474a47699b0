"""Which files a configuration consists of, whatever lies beside them; what cannot be had is a problem, not an error."""

import os
import socket
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from following import PROVIDERS, agents, document

from pointsman.control.configuration import load_configuration
from pointsman.control.gathering import MOST_FILES, MOST_TOTAL_BYTES
from pointsman.control.sources import Gathered, gather, has_changed
from pointsman.core.config.source import MOST_BYTES

NOBODY = 65_534


def put(path: Path, text: str | bytes = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def names_of(gathered: Gathered, root: Path) -> list[str]:
    return [str(Path(source.file).relative_to(root)) for source in gathered.files]


def codes_of(gathered: Gathered) -> list[str]:
    return [problem.code for problem in gathered.problems]


def list_told(gathered: Gathered, root: Path) -> list[str]:
    return [str(problem).replace(f"{root}/", "") for problem in gathered.problems]


def test_a_folder_is_all_its_yaml_files_and_those_of_its_environments(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", "pointsman.yaml", "environments/staging.yaml", "environments/dev.eu.yml"):
        put(tmp_path / name, "version: 1\n")
    gathered = gather(tmp_path)
    assert names_of(gathered, tmp_path) == [
        "pointsman.yaml",
        "a.yaml",
        "b.yml",
        "environments/dev.eu.yml",
        "environments/staging.yaml",
    ]
    assert [source.environment for source in gathered.files] == [None, None, None, "dev.eu", "staging"]
    assert gathered.problems == ()


def test_hidden_files_and_copies_of_editors_do_not_count(tmp_path: Path) -> None:
    put(tmp_path / "a.yaml", document("large"))
    strangers = (".a.yaml.swp", ".a.yaml", ".#a.yaml", "#a.yaml#", "#a.yaml", "a.yaml~", "a.yaml.bak", "a.yaml.orig")
    for name in (*strangers, "README.md", "a.yaml.sha256.old", "parts/b.yaml"):
        put(tmp_path / name, "nonsense: [")
    assert names_of(gather(tmp_path), tmp_path) == ["a.yaml"]


def test_a_folder_compiles_like_one_file(tmp_path: Path) -> None:
    put(tmp_path / "providers.yaml", PROVIDERS)
    put(tmp_path / "agents.yaml", agents("large"))
    put(tmp_path / "environments/staging.yaml", agents("small"))
    models = [load_configuration(tmp_path, {}, name).snapshot for name in ("production", "staging")]
    assert [model and model.agents["a"].model for model in models] == ["simulated-large", "simulated-small"]


def test_the_agents_file_is_read_of_a_folder_that_holds_nothing_else(tmp_path: Path) -> None:
    put(tmp_path / "agents/models.yaml", document("large"))
    gathered = gather(tmp_path)
    assert names_of(gathered, tmp_path) == ["agents/models.yaml"]
    put(tmp_path / "providers.yaml", PROVIDERS)
    assert has_changed(gathered)
    assert names_of(gather(tmp_path), tmp_path) == ["providers.yaml"]


def test_a_configmap_is_read_through_its_links(tmp_path: Path) -> None:
    put(tmp_path / "..2026_11_21/a.yaml", document("large"))
    (tmp_path / "..data").symlink_to("..2026_11_21")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    gathered = gather(tmp_path)
    assert names_of(gathered, tmp_path) == ["a.yaml"]
    assert gathered.problems == ()


def test_a_file_that_another_one_stands_for_may_lie_anywhere_but_in_a_folder_it_may_not(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere/real.yaml", document("large"))
    link = tmp_path / "etc/pointsman.yaml"
    link.parent.mkdir()
    link.symlink_to("../elsewhere/real.yaml")
    assert load_configuration(link, {}).snapshot is not None
    refused = gather(tmp_path / "etc")
    assert (refused.files, codes_of(refused)) == ((), ["invalid_include"])
    (tmp_path / "etc/environments").symlink_to("../elsewhere")
    assert codes_of(gather(tmp_path / "etc")) == ["file_unreadable", "invalid_include"]


def test_what_is_no_file_is_told_and_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "gone.yaml").symlink_to("nowhere.yaml")
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.yaml"))
        gathered = gather(tmp_path)
    assert list_told(gathered, tmp_path) == [
        "folder.yaml:1:1: this is not a file but a folder, a pipe or a device (not_a_file)",
        "gone.yaml:1:1: this leads to no file; remove it, or put the file there (file_missing)",
        "loop.yaml:1:1: this cannot be read: Too many levels of symbolic links (file_unreadable)",
        "pipe.yaml:1:1: this is not a file but a folder, a pipe or a device (not_a_file)",
        "socket.yaml:1:1: this is not a file but a folder, a pipe or a device (not_a_file)",
    ]
    assert gathered.is_refused


def test_an_empty_folder_and_no_folder_are_told(tmp_path: Path) -> None:
    assert codes_of(gather(tmp_path)) == ["file_missing"]
    put(tmp_path / "environments/staging.yaml", agents("small"))
    assert names_of(gather(tmp_path), tmp_path) == ["environments/staging.yaml"]
    assert codes_of(gather(tmp_path / "missing")) == ["file_missing"]
    assert codes_of(gather(put(tmp_path / "file") / "below.yaml")) == ["file_unreadable"]
    assert codes_of(gather(tmp_path / ("x" * 300))) == ["file_unreadable"]
    put(tmp_path / "other/a.yaml")
    put(tmp_path / "other/environments", "a file")
    assert codes_of(gather(tmp_path / "other")) == ["file_unreadable"]


def test_numbers_and_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(MOST_FILES):
        put(tmp_path / f"f{number:03}.yaml", "version: 1\n")
    assert len(gather(tmp_path).files) == MOST_FILES
    put(tmp_path / "g.yaml", "version: 1\n")
    assert codes_of(gather(tmp_path)) == ["too_large"]
    (tmp_path / "g.yaml").unlink()
    monkeypatch.setattr("pointsman.control.gathering.MOST_ENTRIES", MOST_FILES - 1)
    assert codes_of(gather(tmp_path)) == ["too_large"]


def test_twenty_megabytes_are_refused_together_and_a_large_file_by_itself(tmp_path: Path) -> None:
    for number in range(20):
        put(tmp_path / f"f{number:02}.yaml", b"#" * (MOST_BYTES - 1))
    gathered = gather(tmp_path)
    assert codes_of(gathered) == ["too_large"]
    assert sum(len(source.content) for source in gathered.files) <= MOST_TOTAL_BYTES
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(100 * MOST_BYTES)
    assert [problem.code for problem in load_configuration(large, {}).problems] == ["too_large"]
    assert len(gather(large).files[0].content) == MOST_BYTES + 1


def test_names_that_are_not_text_are_shown_escaped(tmp_path: Path) -> None:
    for name in (b"\xff.yaml", b"line\nend.yaml"):
        put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)), "version: 1\n")
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/environments/\xfe.yaml")), "version: 1\n")
    gathered = gather(tmp_path)
    assert names_of(gathered, tmp_path) == ["line\\nend.yaml", "\\xff.yaml", "environments/\\xfe.yaml"]
    assert gathered.files[2].environment == "\\xfe"
    "".join(source.file for source in gathered.files).encode("utf-8")


def test_a_digest_beside_a_file_has_to_match(tmp_path: Path) -> None:
    path = put(tmp_path / "a.yaml", document("large"))
    assert not gather(path).is_attested
    digest = sha256(path.read_bytes()).hexdigest()
    for text in (digest, f"{digest.upper()}\n", f"{digest}  a.yaml\n"):
        put(tmp_path / "a.yaml.sha256", text)
        assert gather(path).is_attested, text
    for text in ("", digest[:-1], digest + "0", "0" * 64, f"SHA256 (a.yaml) = {digest}", "x" * 10_000):
        put(tmp_path / "a.yaml.sha256", text)
        gathered = gather(path)
        assert (gathered.is_attested, gathered.is_unstable, codes_of(gathered)) == (False, True, ["unstable_file"])


def test_a_change_of_anything_that_counts_is_noticed(tmp_path: Path) -> None:
    path = put(tmp_path / "a.yaml", "include: [parts/*.yaml, later/b.yaml]\n")
    put(tmp_path / "parts/p.yaml")

    def notices(change: object) -> bool:
        del change
        return has_changed(before)

    before = gather(path)
    assert not has_changed(before)
    put(tmp_path / "stranger.yaml")
    assert not has_changed(before)
    assert notices(put(tmp_path / "parts/q.yaml"))
    before = gather(path)
    assert notices(put(tmp_path / "later/b.yaml"))
    before = gather(path)
    assert notices(put(tmp_path / "later/b.yaml.sha256"))
    before = gather(path)
    assert notices((tmp_path / "parts/p.yaml").chmod(0o666))
    before = gather(path)
    status = path.stat()
    put(path, path.read_bytes().replace(b"parts", b"trapp"))
    assert notices(os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns)))
    before = gather(path)
    assert notices(path.unlink())


def test_what_is_refused_does_not_look_as_if_it_kept_changing(tmp_path: Path) -> None:
    put(tmp_path / "secret.yaml", "version: 1\n")
    (tmp_path / "etc/x.yaml").parent.mkdir()
    (tmp_path / "etc/out.yaml").symlink_to("../secret.yaml")
    (tmp_path / "etc/loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "etc/pipe.yaml")
    put(tmp_path / "etc/a.yaml", "include: [out.yaml, loop.yaml, pipe.yaml, gone.yaml, a.yaml]\n")
    for path in (tmp_path / "etc", tmp_path / "etc/a.yaml"):
        gathered = gather(path)
        assert len(gathered.problems) >= 4
        assert not has_changed(gathered)
        assert gather(path).is_same(gathered)


def test_a_file_that_everybody_may_change_is_told(tmp_path: Path) -> None:
    path = put(tmp_path / "a.yaml", document("large"))
    path.chmod(0o666)
    (warning,) = gather(path).problems
    assert (warning.code, warning.severity) == ("insecure_permissions", "warning")
    assert load_configuration(path, {}).snapshot is not None
    put(tmp_path / "b.yaml", "providers: {house: {base_url: https://x.example, api_key: {file: /run/secrets/x}}}\n")
    (error,) = gather(tmp_path).problems
    assert (Path(error.file).name, error.code, error.severity) == ("a.yaml", "insecure_permissions", "error")
    assert load_configuration(tmp_path, {}).snapshot is None
    path.chmod(0o664)
    assert gather(tmp_path).problems == ()


@pytest.fixture
def readable_folder() -> Iterator[Path]:
    """A folder that another account may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_what_may_not_be_read_is_told(readable_folder: Path) -> None:
    path = put(readable_folder / "a.yaml", document("large"))
    closed = put(readable_folder / "closed/a.yaml", document("large")).parent
    path.chmod(0o000)
    closed.chmod(0o000)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        found = [gather(path), gather(closed), gather(closed / "a.yaml")]
    finally:
        if is_root:
            os.seteuid(0)
        closed.chmod(0o755)
    for gathered in found:
        assert gathered.files == ()
        assert codes_of(gathered) == ["file_unreadable"]


def test_a_working_directory_that_has_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    try:
        assert codes_of(gather(Path("pointsman.yaml"))) == ["file_missing"]
    finally:
        os.chdir(tmp_path)
