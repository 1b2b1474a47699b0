"""One reading of a configuration's files: each file is taken once, and number, size and depth have bounds."""

import os
from itertools import islice
from pathlib import Path
from posixpath import basename, dirname, join

from pointsman.control.found_file import (
    DIGEST_SUFFIX,
    FoundFile,
    Stamp,
    Unusable,
    check_digest,
    explain_error,
    is_folder,
    name_digest_file,
    name_file,
    read_file,
    read_stamp,
    show_name,
)
from pointsman.control.include_paths import Entry, find_paths, is_left_alone, leads_outside, list_entries
from pointsman.core.config.nodes import ListNode, Node, ScalarNode
from pointsman.core.config.problems import Findings, Place, Problem, quote
from pointsman.core.config.source import Source, read_source

MAIN_NAME = "pointsman.yaml"
SUFFIXES = (".yaml", ".yml")
ENVIRONMENTS = "environments"
AGENTS_FILE = "agents/models.yaml"
"""Where seed 000's form keeps everything; read of a folder that holds nothing else."""

MOST_FILES = 100
MOST_TOTAL_BYTES = 16 * 1024 * 1024
MOST_DEPTH = 8
MOST_ENTRIES = 50_000
"""Names looked at for all folders and patterns together, those of a folder once for each pattern."""


class Gathering:
    """Collects the files of a configuration; paths are relative to its folder.

    Attributes:
        stamps: everything that was looked at and how it looked just before.
        is_attested: whether a digest file has vouched for each file so far.
    """

    def __init__(self, path: Path) -> None:
        """Look at nothing yet."""
        self.stamps: dict[Path, Stamp] = {}
        self.is_attested = True
        self._path = path
        self._is_folder = is_folder(read_stamp(path))
        self._root = path if self._is_folder else path.parent
        self._real_root = os.path.realpath(self._root)
        self._findings = Findings()
        self._sources: dict[str, Source] = {}
        self._open_to_all: list[Path] = []
        self._listings: dict[str, tuple[str, ...] | None] = {}
        self._total_bytes = 0
        self._entries = 0
        self._is_full = False

    def collect(self) -> None:
        """Read the main file or the folder, and all that they include."""
        if self._is_folder:
            self._take_folder()
        else:
            self._take_main()
        self._judge_permissions()

    def list_sources(self) -> tuple[Source, ...]:
        """The files that could be read, in the order in which they count."""
        return tuple(self._sources.values())

    def list_problems(self) -> tuple[Problem, ...]:
        """What is wrong with the files themselves."""
        return self._findings.in_order()

    def _take_main(self) -> None:
        # The operator has named it, so its link may lead anywhere; what it includes may not.
        target = os.path.realpath(self._path)
        found = self._read(self._path)
        if isinstance(found, Unusable):
            self._report_unusable(self._path, found)
        else:
            self._keep(self._path.name, target, found, None, ())

    def _take_folder(self) -> None:
        names = self._list_documents("")
        for name in sorted(names, key=lambda name: (name != MAIN_NAME, name)):
            self._take_listed(name, None)
        for name in self._list_documents(ENVIRONMENTS):
            self._take_listed(join(ENVIRONMENTS, name), _name_environment(name))
        if not names and not self._findings.found:
            self._take_agents_file()

    def _take_agents_file(self) -> None:
        path = self._root / AGENTS_FILE
        self.stamps[path] = read_stamp(path)
        if self.stamps[path] is not None:
            self._take_listed(AGENTS_FILE, None)
        else:
            message = "there is no *.yaml file in this folder; `pointsman init` writes one"
            self._findings.add(_start_of(self._path), "file_missing", message)

    def _take_listed(self, relative: str, environment: str | None) -> None:
        path = self._root / relative
        if self._refuse_more(_start_of(self._path)):
            return
        target = self._resolve(relative)
        if target is None:
            message = "this link leads outside of the configuration's folder; put the file itself there"
            self._findings.add(_start_of(path), "invalid_include", message)
        elif isinstance(target, Unusable):
            self._report_unusable(path, target)
        elif target not in self._sources:
            found = self._read(path, target)
            if isinstance(found, Unusable):
                self._report_unusable(path, found)
            else:
                self._keep(relative, target, found, environment, ())

    def _keep(
        self, relative: str, target: str, found: FoundFile, environment: str | None, chain: tuple[str, ...]
    ) -> None:
        """Take a file in, then what it includes."""
        path = self._root / relative
        source = Source(name_file(path), found.content, environment)
        self._total_bytes += len(found.content)
        if self._total_bytes > MOST_TOTAL_BYTES:
            message = f"the files have more than {MOST_TOTAL_BYTES:,} bytes together; shorten them"
            self._findings.add(_start_of(path), "too_large", message)
            self._is_full = True
            return
        self._sources[target] = source
        if found.is_open_to_all:
            self._open_to_all.append(path)
        self._check_digest(path, source)
        for entry in list_entries(source):
            self._include(entry, relative, environment, (*chain, target))

    def _include(self, entry: Entry, holder: str, environment: str | None, chain: tuple[str, ...]) -> None:
        if self._is_full:
            return
        named = find_paths(entry.text, dirname(holder), self._list_folder)
        if isinstance(named, str):
            self._findings.add(entry.place, "invalid_include", named)
            return
        for relative in named.paths:
            reason = self._take_included(entry, relative, environment, chain, named.by_pattern)
            if reason is not None:
                self._findings.add(entry.place, "invalid_include", f"{quote(relative)} {reason}")

    def _take_included(
        self, entry: Entry, relative: str, environment: str | None, chain: tuple[str, ...], by_pattern: bool
    ) -> str | None:
        """Take in one file that an entry names; answers why it may not stand there, as a sentence goes on."""
        target = self._resolve(relative)
        if target is None:
            return "leads outside of the configuration's folder by a symbolic link; put the file itself there"
        if isinstance(target, Unusable):
            return target.reason
        if target in chain:
            return None if by_pattern else "includes this file again; take one of the two entries out"
        if target in self._sources or self._refuse_more(entry.place):
            return None
        if len(chain) > MOST_DEPTH:
            self._findings.add(entry.place, "too_deep", f"files include one another deeper than {MOST_DEPTH} levels")
            return None
        found = self._read(self._root / relative, target)
        if isinstance(found, Unusable):
            return found.reason
        own = _name_environment(basename(relative)) if basename(dirname(relative)) == ENVIRONMENTS else None
        self._keep(relative, target, found, environment or own, chain)
        return None

    def _refuse_more(self, place: Place) -> bool:
        if len(self._sources) >= MOST_FILES and not self._is_full:
            message = f"the configuration has more than {MOST_FILES} files; join some of them"
            self._findings.add(place, "too_large", message)
            self._is_full = True
        return self._is_full

    def _resolve(self, relative: str) -> str | Unusable | None:
        """Where a path leads once links are followed, or `None` when that is outside of the folder."""
        path = self._root / relative
        self.stamps.setdefault(path, read_stamp(path))
        try:
            # What is not there yet must not lead outside either: the answer would tell what lies there.
            if leads_outside(os.path.realpath(path), self._real_root):
                return None
            return os.path.realpath(path, strict=True)
        except (OSError, ValueError) as error:
            return explain_error(error)

    def _read(self, path: Path, target: str | None = None) -> FoundFile | Unusable:
        """Read a file under its resolved name, so that a link that is turned meanwhile leads nowhere else."""
        self.stamps[path] = read_stamp(path)
        found = read_file(path if target is None else Path(target))
        if isinstance(found, FoundFile):
            self.stamps[path] = found.stamp
        return found

    def _list_folder(self, relative: str) -> tuple[str, ...] | None:
        if relative not in self._listings:
            self._listings[relative] = self._look_into(self._root / relative)
        names = self._listings[relative]
        self._entries += len(names or ())
        if self._entries <= MOST_ENTRIES:
            return names
        if not self._is_full:
            message = f"more than {MOST_ENTRIES:,} names would have to be looked through; use a folder of its own"
            self._findings.add(_start_of(self._root / relative), "too_large", message)
            self._is_full = True
        return ()

    def _look_into(self, folder: Path) -> tuple[str, ...] | None:
        if leads_outside(os.path.realpath(folder), self._real_root):
            return None
        self.stamps[folder] = read_stamp(folder)
        try:
            with os.scandir(folder) as entries:
                return tuple(entry.name for entry in islice(entries, MOST_ENTRIES + 1))
        except OSError:
            return None

    def _list_documents(self, folder: str) -> list[str]:
        names = self._list_folder(folder)
        if names is None:
            if os.path.lexists(self._root / folder):
                message = "this is no folder that may be read, or a link that leads elsewhere; put a folder here"
                self._findings.add(_start_of(self._root / folder), "file_unreadable", message)
            return []
        return sorted(name for name in names if name.casefold().endswith(SUFFIXES) and not is_left_alone(name))

    def _check_digest(self, path: Path, source: Source) -> None:
        beside = name_digest_file(path)
        self.stamps[beside] = read_stamp(beside)
        matches = check_digest(path, source.content)
        self.is_attested = self.is_attested and matches is True
        if matches is False:
            message = f"the file is not what {name_file(beside)} says; write both, the {DIGEST_SUFFIX} file last"
            self._findings.add(_start_of(path), "unstable_file", message)

    def _judge_permissions(self) -> None:
        if not self._open_to_all:
            return
        refers_to_files = any(_refers_to_file(source) for source in self._sources.values())
        for path in self._open_to_all:
            place = _start_of(path)
            if refers_to_files:
                message = "every account may change this file and where secrets are read from: run chmod o-w on it"
                self._findings.add(place, "insecure_permissions", message, severity="error")
            else:
                message = "every account of this machine may change this file: run chmod o-w on it"
                self._findings.add(place, "insecure_permissions", message, severity="warning")

    def _report_unusable(self, path: Path, found: Unusable) -> None:
        place, message = _start_of(path), f"this {found.reason}"
        if found.code == "not_a_file":
            self._findings.add(place, "not_a_file", message)
        elif found.code == "file_unreadable":
            self._findings.add(place, "file_unreadable", message)
        elif path == self._path:
            self._findings.add(place, "file_missing", "there is no configuration here; `pointsman init` writes one")
        else:
            self._findings.add(place, "file_missing", "this leads to no file; remove it, or put the file there")


def _start_of(path: Path) -> Place:
    return Place(1, 1, "", name_file(path))


def _name_environment(name: str) -> str:
    return show_name(Path(name).stem)


def _refers_to_file(source: Source) -> bool:
    root = read_source(source, Findings())
    return root is not None and _holds_file_reference(root)


def _holds_file_reference(node: Node) -> bool:
    if isinstance(node, ScalarNode):
        return False
    if isinstance(node, ListNode):
        return any(map(_holds_file_reference, node.items))
    return set(node.entries) == {"file"} or any(_holds_file_reference(entry.value) for entry in node.entries.values())
