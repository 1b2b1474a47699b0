"""`load(export(state)) == state`, over documents in every style that hands write and stored layers of any shape."""

import re
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from written_documents import stored_layers, written_files

from pointsman.core.config.assemble import ReadFile, assemble
from pointsman.core.config.diff import diff_documents
from pointsman.core.config.export import Unexportable, export_layer
from pointsman.core.config.layers import REPLACED_WHOLE, Layer, build_mapping, lay_over
from pointsman.core.config.nodes import MappingNode, Plain, to_plain
from pointsman.core.config.overlay import build_environment_layer, list_environments
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import Source, read_source
from pointsman.core.config.spans import read_spans
from pointsman.core.config.substitute import substitute_variables

ENVIRONMENTS = st.sampled_from([None, "production", "development", "elsewhere"])


def load(files: Sequence[Source], environment: str | None, stored: dict[str, Plain] | None = None) -> dict[str, Plain]:
    """The effective document for one environment."""
    findings = Findings()
    read = [(file, read_source(file, findings)) for file in files]
    root = assemble([ReadFile(file.file, root, file.environment) for file, root in read if root is not None], findings)
    root = substitute_variables(root, {}, findings)
    overlays = list_environments(root, findings)
    effective: MappingNode = root
    if environment in overlays:
        effective = lay_over(root, build_environment_layer(root, overlays[environment], findings))
    assert not findings.found, [str(problem) for problem in findings.in_order()] + [file.content for file in files]
    effective = lay_over(effective, Layer("stored", build_mapping(stored or {}, "stored")))
    plain = to_plain(effective)
    assert isinstance(plain, dict)
    plain.pop("environments", None)
    return plain


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(written_files(), ENVIRONMENTS, st.data())
def test_what_was_exported_means_what_was_stored(
    files: tuple[Source, ...], environment: str | None, data: st.DataObject
) -> None:
    stored = data.draw(stored_layers(load(files, environment)))
    exported = export_layer(files, environment, stored)
    assert not isinstance(exported, Unexportable), exported
    assert diff_documents(load(exported, environment), load(files, environment, stored)) == ()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(written_files(), st.data())
def test_sections_that_are_not_stored_stay_byte_for_byte(files: tuple[Source, ...], data: st.DataObject) -> None:
    stored = data.draw(stored_layers(load(files, None)))
    exported = export_layer(files, None, stored)
    assert not isinstance(exported, Unexportable), exported
    for old, new in zip(files, exported, strict=True):
        text = old.content.decode()
        assert old.environment is None or old.content == new.content or None in list_entries(stored)
        for name, entry in read_spans(text.removeprefix("\ufeff")).entries.items():
            if name not in (*stored, "environments") and old.environment is None:
                assert text.removeprefix("\ufeff")[entry.start : entry.value.end] in new.content.decode()
        assert new.content.startswith(b"\xef\xbb\xbf") == old.content.startswith(b"\xef\xbb\xbf")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(written_files(), st.data())
def test_single_values_change_without_a_line_moving(files: tuple[Source, ...], data: st.DataObject) -> None:
    stored: dict[str, Plain] = {}
    for section, value in load(files, None).items():
        if section != "version" and isinstance(value, dict):
            stored[section] = data.draw(changed_scalars(value))
    exported = export_layer(files, None, stored)
    assert not isinstance(exported, Unexportable), exported
    for old, new in zip(files, exported, strict=True):
        before, after = old.content.decode().split("\n"), new.content.decode().split("\n")
        assert len(before) == len(after)
        assert [COMMENT.findall(line) for line in before] == [COMMENT.findall(line) for line in after]


COMMENT = re.compile(r"# (?:about it|left|end|head|foot)\b")
"""The comments of `written_documents`, but for those that may stand in a text too."""


@st.composite
def changed_scalars(draw: st.DrawFn, value: dict[str, Plain]) -> dict[str, Plain]:
    """New single values in place of old ones that stand on one line."""
    changed: dict[str, Plain] = {}
    for name, below in value.items():
        if isinstance(below, dict) and name not in REPLACED_WHOLE:
            changed[name] = draw(changed_scalars(below))
        elif isinstance(below, int | float) and draw(st.booleans()):
            changed[name] = draw(st.sampled_from([True, 7, 0.5, "text", "no", ": #"]))
    return changed


def list_entries(stored: dict[str, Plain]) -> list[Plain]:
    """What is stored for sections and for their entries."""
    sections = list(stored.values())
    return sections + [entry for section in sections if isinstance(section, dict) for entry in section.values()]
