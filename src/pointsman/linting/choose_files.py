"""Lists the files of a code base: what git would list where git knows the folder, else what lies there; never links."""

import os
import stat
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pointsman.linting.kinds import SKIPPED_FOLDERS, Kind, LeftOut, choose_kind

MOST_FILES = 100_000
"""Files of one search; beyond them it stops, and says so."""

MOST_LISTED_BYTES = 64 * 1024 * 1024
GIT_DEADLINE_S = 20

_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false")
"""A repository's own settings could name a program to be run; this one is looked at, not trusted."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a code base belongs to a search: files of tests and prose are left out unless asked for."""

    include_tests: bool = False
    include_prose: bool = False


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file to be looked into.

    Attributes:
        path: where it is.
        shown: how it is named to the user, from the working directory where it lies below that.
        kind: how it is read.
    """

    path: Path
    shown: PurePosixPath
    kind: Kind


@dataclass(slots=True)
class Listing:
    """The files of a search, in order; how many were left out, by reason; and what the user should know."""

    files: list[ChosenFile] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def choose_files(paths: list[Path], cwd: Path, choice: Choice) -> Listing:
    """The files at and below some paths, each only once.

    Args:
        paths: files and folders that exist.
        cwd: where names begin; what lies elsewhere is judged from the path that was given.
        choice: what belongs to the search.
    """
    listing = Listing()
    seen: set[Path] = set()
    for given in paths:
        root = (cwd / given).resolve()
        base = cwd if root.is_relative_to(cwd) else (root if root.is_dir() else root.parent)
        for path in _list_below(root, listing):
            if path in seen:
                continue
            seen.add(path)
            shown = path if base is not cwd else path.relative_to(cwd)
            if len(seen) > MOST_FILES:
                listing.left_out[LeftOut.beyond] += 1
                continue
            kind = choose_kind(PurePosixPath(path.relative_to(base)), choice.include_tests, choice.include_prose)
            if isinstance(kind, LeftOut):
                listing.left_out[kind] += 1
            else:
                listing.files.append(ChosenFile(path, PurePosixPath(shown), kind))
    listing.files.sort(key=lambda file: file.shown.parts)
    return listing


def _list_below(root: Path, listing: Listing) -> Iterator[Path]:
    if not root.is_dir():
        yield root
        return
    known = _ask_git(root, listing)
    for path in _walk(root, listing) if known is None else known:
        if not SKIPPED_FOLDERS.isdisjoint(path.relative_to(root).parts[:-1]):
            continue
        try:
            mode = path.lstat().st_mode
        except OSError:
            # It is gone, as a file that git knows may be.
            continue
        if stat.S_ISREG(mode):
            yield path
        elif stat.S_ISLNK(mode):
            listing.left_out[LeftOut.link] += 1


def _ask_git(root: Path, listing: Listing) -> list[Path] | None:
    """The files that git tracks or would track below a folder, `None` when it has nothing to say about it."""
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return None
    command = [*_GIT, "-C", str(root), "ls-files", "-z", "-c", "-o", "--exclude-standard", "--", "."]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    with tempfile.TemporaryFile() as output:
        try:
            # Into a file, so that a repository without end fills no memory.
            answer = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=GIT_DEADLINE_S,
                env={**environ, "GIT_OPTIONAL_LOCKS": "0"},
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = "git is not installed" if isinstance(error, FileNotFoundError) else "git gave no answer in time"
            listing.notes.append(f"{why}, so ignored files below {root.name or root} were read too.")
            return None
        output.seek(0)
        listed = output.read(MOST_LISTED_BYTES)
    # A folder of which git lists nothing is ignored as a whole: who names it wants it to be read.
    if answer.returncode != 0 or not listed:
        return None
    return sorted({root / os.fsdecode(name) for name in listed.split(b"\0") if name and not name.endswith(b"/")})


def _walk(root: Path, listing: Listing) -> Iterator[Path]:
    """Every entry below a folder that is not a folder itself, in order; folders that others wrote are not entered."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            listing.left_out[LeftOut.unreadable] += 1
            continue
        for entry in inside:
            if not entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)
            elif entry.name not in SKIPPED_FOLDERS and not entry.name.endswith(".egg-info"):
                waiting.append(Path(entry.path))
