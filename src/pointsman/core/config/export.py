"""Writes the stored layer back into the files of a document: the same effective document, with every comment kept.

The result is read again and compared with what it has to mean, so what cannot be written is refused and never guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff

from pointsman.core.config.assemble import ENVIRONMENTS, ReadFile, assemble
from pointsman.core.config.diff import diff_documents
from pointsman.core.config.document import SECTIONS
from pointsman.core.config.edits import apply_edits
from pointsman.core.config.export_plan import PlannedFile, plan_edits_of_files
from pointsman.core.config.forms.table import detect_form
from pointsman.core.config.layers import Layer, build_mapping, lay_over
from pointsman.core.config.nodes import MappingNode, Plain, to_plain
from pointsman.core.config.overlay import build_environment_layer, list_environments
from pointsman.core.config.problems import Findings
from pointsman.core.config.read_document import refuse_secrets_and_nulls
from pointsman.core.config.source import Source, read_source
from pointsman.core.config.spans import read_spans
from pointsman.core.config.write_scalar import UnwritableValue

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Unexportable:
    """Why the stored layer cannot be written into the files as they are, and what to do next."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Read:
    """What files mean.

    Attributes:
        environment: the one whose overlay applies, or `None`.
        environments: each environment's overlay.
        effective: the document with the overlay that applies, without the others.
    """

    environment: str | None
    environments: dict[str, dict[str, Plain]]
    effective: MappingNode


class _Refused(Exception):
    """The reason is for the user."""


def export_layer(
    files: Sequence[Source], environment: str | None, stored: dict[str, Plain]
) -> tuple[Source, ...] | Unexportable:
    """Write the stored layer into the files.

    Args:
        files: of the document, in their order; at least one of them is no environment's.
        environment: the one whose overlay applies; one that the document does not have, or `None`, for none.
        stored: the layer, in the form of the document; null takes a value away.

    Returns:
        All files in the same order, those that nothing had to be done to byte for byte the same; or why not.
    """
    if ENVIRONMENTS in stored:
        return Unexportable("a stored layer counts in one environment and holds none; unset `environments` in it")
    try:
        return _export(files, environment, {name: _escape_variables(value) for name, value in stored.items()})
    except _Refused as refused:
        return Unexportable(str(refused))
    except UnwritableValue as refused:
        return Unexportable(f"YAML has no text for one of the stored values: {refused}; change it, then export again")


def format_patch(before: Sequence[Source], after: Sequence[Source]) -> str:
    """What changed in the files, as a unified diff that `patch` and `git apply` take.

    Args:
        before: the files as they were.
        after: the same files in the same order, as they are now.
    """
    return "".join(
        line
        for old, new in zip(before, after, strict=True)
        if old.content != new.content
        for line in _format_file(old, new)
    )


def _export(files: Sequence[Source], environment: str | None, stored: dict[str, Plain]) -> tuple[Source, ...]:
    before = _read(files, environment, "cannot be edited as it is")
    after = lay_over(before.effective, Layer("stored", build_mapping(stored, "stored")))
    texts = [file.content.decode("utf-8") for file in files]
    bodies = [text.removeprefix(_MARK) for text in texts]
    planned = [
        PlannedFile(file.file, file.environment, read_spans(body)) for file, body in zip(files, bodies, strict=True)
    ]
    plan = plan_edits_of_files(planned, environment, stored, before.effective, after)
    exported = tuple(
        replace(file, content=(text[: len(text) - len(body)] + apply_edits(body, edits)).encode()) if edits else file
        for file, text, body, edits in zip(files, texts, bodies, plan, strict=True)
    )
    _verify(before, to_plain(after), _read(exported, environment, "could not be read any more"), stored)
    return exported


def _escape_variables(value: Plain) -> Plain:
    """A file takes `${NAME}` for a variable, the stored layer does not."""
    if isinstance(value, dict):
        return {name: _escape_variables(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_escape_variables(item) for item in value]
    return value.replace("${", "$${") if isinstance(value, str) else value


def _read(files: Sequence[Source], environment: str | None, failure: str) -> _Read:
    findings = Findings()
    roots = [(file, read_source(file, findings)) for file in files]
    read = [ReadFile(file.file, root, file.environment) for file, root in roots if root is not None]
    if len(read) == len(files):
        for file in read:
            _refuse_other_forms(file)
            refuse_secrets_and_nulls(file.root, findings)
        root = assemble(read, findings)
        overlays = list_environments(root, findings)
        layers = {name: build_environment_layer(root, overlay, findings) for name, overlay in overlays.items()}
        if not findings.count_errors():
            effective = lay_over(root, layers[environment]) if environment in layers else root
            entries = {name: entry for name, entry in effective.entries.items() if name != ENVIRONMENTS}
            plain = {name: _as_mapping(to_plain(overlay)) for name, overlay in overlays.items()}
            return _Read(environment, plain, MappingNode(effective.place, entries))
    problem = next(problem for problem in findings.in_order() if problem.severity == "error")
    raise _Refused(f"{problem.file} {failure}: {problem}")


def _refuse_other_forms(file: ReadFile) -> None:
    """In another form the same keys mean something else."""
    form = detect_form(file.root)
    if form is not None:
        raise _Refused(
            f"{file.file} is in the form of {form}; `pointsman import {form} {file.file}` makes it ours first"
        )


def _verify(before: _Read, wanted: Plain, result: _Read, stored: dict[str, Plain]) -> None:
    """Compare what the new files mean with what they have to mean, in every environment."""
    unlike = diff_documents(_as_mapping(wanted), _as_mapping(to_plain(result.effective)))
    kept = {name: _without_removed(overlay, stored) for name, overlay in before.environments.items()}
    found = {name: _without_removed(overlay, stored) for name, overlay in result.environments.items()}
    if not unlike and before.environment is not None:
        kept.pop(before.environment, None)
        found.pop(before.environment, None)
    for change in unlike or diff_documents({ENVIRONMENTS: dict(kept)}, {ENVIRONMENTS: dict(found)}):
        raise _Refused(
            f"{change.path} cannot be written without changing more than that; set it in the file yourself,"
            " then unset it in the stored layer"
        )


def _without_removed(overlay: dict[str, Plain], stored: dict[str, Plain]) -> dict[str, Plain]:
    """An overlay without the entries that the stored layer takes away from the document."""
    kept: dict[str, Plain] = {}
    for section, entries in overlay.items():
        taken = stored.get(section, {})
        if isinstance(entries, dict) and section in SECTIONS and SECTIONS[section].shape == "named":
            if taken is None:
                continue
            gone = {name for name, value in taken.items() if value is None} if isinstance(taken, dict) else set()
            kept[section] = {name: value for name, value in entries.items() if name not in gone}
        else:
            kept[section] = entries
    return kept


def _as_mapping(value: Plain) -> dict[str, Plain]:
    assert isinstance(value, dict), "a document is a mapping, and so is an overlay"
    return value


def _format_file(old: Source, new: Source) -> list[str]:
    before, after = _split_lines(old.content), _split_lines(new.content)
    lines: list[str] = []
    for line in unified_diff(before, after, f"a/{old.file}", f"b/{new.file}"):
        lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return lines


def _split_lines(content: bytes) -> list[str]:
    lines = content.decode("utf-8").split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
