"""The search as a whole: which files, what is in each, what of it is known already."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pointsman.linting.baseline import Fingerprints
from pointsman.linting.choose_files import Choice, ChosenFile, Listing, choose_files
from pointsman.linting.findings import MOST_FINDINGS, Find, Finding, Report
from pointsman.linting.look import NotRead, look_into
from pointsman.linting.names import ModelNames

NO_EXTRAS = Choice()


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for, and where.

    Attributes:
        paths: files and folders that exist.
        cwd: the working directory; names are shown from there.
        names: the known models.
        choice: whether tests and prose belong to it.
        known: fingerprints of a baseline.
        fingerprint_root: where fingerprints name files from, so that the working directory does not matter.
    """

    paths: Sequence[Path]
    cwd: Path
    names: ModelNames
    choice: Choice = NO_EXTRAS
    known: frozenset[str] = frozenset()
    fingerprint_root: Path | None = None


def lint(search: Search) -> Report:
    """Search a code base; never raises because of what is in it."""
    return lint_files(search, list_files(search))


def list_files(search: Search) -> Listing:
    """The files of a search."""
    return choose_files(list(search.paths), search.cwd, search.choice)


def lint_files(search: Search, listing: Listing) -> Report:
    """Search files that are listed already."""
    report = Report(left_out=listing.left_out.copy(), notes=list(listing.notes))
    met: set[str] = set()
    for file in listing.files:
        for finding in _lint_file(search, file, report):
            if finding.fingerprint in search.known:
                met.add(finding.fingerprint)
                report.in_baseline += 1
            elif len(report.findings) < MOST_FINDINGS:
                report.findings.append(finding)
            else:
                report.left_off += 1
    report.gone = len(search.known - met)
    return report


def _lint_file(search: Search, file: ChosenFile, report: Report) -> Iterator[Finding]:
    try:
        finds, lines, allowed = look_into(file, search.names, search.choice.include_prose)
    except NotRead as error:
        report.left_out[error.reason] += 1
        return
    report.read += 1
    report.allowed += allowed
    fingerprints = Fingerprints()
    for find in finds:
        yield _to_finding(file, find, fingerprints.take(_name_from_root(search, file), lines, find))


def _name_from_root(search: Search, file: ChosenFile) -> PurePosixPath:
    root = search.fingerprint_root
    inside = root is not None and file.path.is_relative_to(root)
    return PurePosixPath(file.path.relative_to(root)) if inside and root else file.shown


def _to_finding(file: ChosenFile, find: Find, fingerprint: str) -> Finding:
    return Finding(str(file.shown), find.line, find.column, find.code, find.name, find.message, fingerprint)
