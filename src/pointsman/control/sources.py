"""Gathers the files that a configuration consists of, once; whatever cannot be had comes back as a problem."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.control.found_file import Stamp, is_folder, name_file, read_stamp
from pointsman.control.gathering import Gathering
from pointsman.core.config.problems import Problem
from pointsman.core.config.source import Source


@dataclass(frozen=True, slots=True)
class Gathered:
    """The files of a configuration as they were found at one time.

    Attributes:
        path: the file or folder that was asked for.
        files: the main one first; none where the configuration is not there.
        problems: of the files themselves, at most 50; what the files say is judged when they are compiled.
        stamps: everything that was looked at and how it looked; a change is noticed by them.
        is_attested: whether each file matches a `.sha256` file beside it, so that all are known to be whole.
    """

    path: Path
    files: tuple[Source, ...]
    problems: tuple[Problem, ...] = ()
    stamps: Mapping[Path, Stamp] = field(default_factory=dict)
    is_attested: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether a problem is an error, so that what was found must not be compiled: a part may be missing."""
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def is_unstable(self) -> bool:
        """Whether a file is not what its digest file says, as while the two are being written."""
        return any(problem.code == "unstable_file" for problem in self.problems)

    def is_same(self, other: "Gathered") -> bool:
        """Whether two readings found the same files with the same content."""
        return self.files == other.files and self.problems == other.problems


def gather(path: Path) -> Gathered:
    """Read a configuration once; may take as long as the disk does.

    Args:
        path: a file, whose `include` entries are followed; or a folder, of which all `*.yaml` and `*.yml` files and
            those in its `environments` count.
    """
    try:
        gathering = Gathering(path)
        gathering.collect()
    except FileNotFoundError:
        problem = Problem(name_file(path), 1, 1, "", "file_missing", "error", "the working directory has been removed")
        return Gathered(path, (), (problem,), {path: None})
    files, problems = gathering.list_sources(), gathering.list_problems()
    is_attested = gathering.is_attested and bool(files) and not problems
    return Gathered(path, files, problems, gathering.stamps, is_attested)


def has_changed(gathered: Gathered) -> bool:
    """Whether anything that was looked at has changed since."""
    return any(read_stamp(path) != stamp for path, stamp in gathered.stamps.items())


def list_folders(gathered: Gathered) -> frozenset[tuple[Path, Stamp]]:
    """The folders to watch, each with what tells it from another one that takes its place.

    They are those of all that was looked at, as it is named and as symbolic links resolve.
    """
    folders = {gathered.path.absolute().parent}
    for path, stamp in gathered.stamps.items():
        resolved = Path(os.path.realpath(path))
        folders |= {path.absolute().parent, resolved.parent}
        if is_folder(stamp):
            folders.add(resolved)
    found = ((folder, read_stamp(folder)) for folder in folders)
    return frozenset((folder, stamp[:2]) for folder, stamp in found if stamp is not None and is_folder(stamp))
