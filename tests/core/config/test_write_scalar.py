"""What is written in YAML is read as the same value, by our reader and by one of YAML 1.1."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.config.diff import is_same
from pointsman.core.config.nodes import Plain, ScalarValue, WrittenFloat, to_plain
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import Source, read_source
from pointsman.core.config.write_block import write_entries
from pointsman.core.config.write_scalar import UnwritableValue, write_flow, write_scalar


@pytest.mark.parametrize(
    ("value", "written"),
    [
        *(
            (text, text)
            for text in ("gpt-4o", "5s", "80%", "30d", "256MiB", "$15", "http://localhost:8080/v1", "team/a:b@c", "é ü")
        ),
        ("task.privacy_level == 'high'", "task.privacy_level == 'high'"),
        *((text, f'"{text}"') for text in ("no", "Yes", "y", "true", "null", "~", "", "1.10", "017", "1_000", "0x1F")),
        *((text, f'"{text}"') for text in ("12:30:45", "2026-01-01", ".inf", "a: b", "a #b", "#a", "a:", "- a", "? b")),
        *((text, f'"{text}"') for text in ("*a", "&a", "!a", "%a", "@a", "`a", "|a", ">a", "{a", "[a", "a, b", " a")),
        ("two\nlines", '"two\\nlines"'),
        ("\u2028", '"\\u2028"'),
        ('"quoted"', "'\"quoted\"'"),
        (None, "null"),
        (True, "true"),
        (17, "17"),
        (0.5, "0.5"),
        (1.0, "1.0"),
        (1e-7, "0.0000001"),
        (1e16, "10000000000000000.0"),
        (WrittenFloat("0.60"), "0.60"),
    ],
)
def test_a_text_has_quotes_only_where_it_needs_them(value: ScalarValue, written: str) -> None:
    assert write_scalar(value) == written


@pytest.mark.parametrize(
    ("value", "style", "written"),
    [
        ("a", "'", "'a'"),
        ("a", '"', '"a"'),
        ("it's", "'", "'it''s'"),
        ("a\nb", "'", '"a\\nb"'),
        ('a "b"', '"', '"a \\"b\\""'),
    ],
)
def test_a_text_keeps_the_quotes_of_the_one_before_where_they_can_hold_it(value: str, style: str, written: str) -> None:
    assert write_scalar(value, style) == written


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**18, 1e40, 1e-40])
def test_a_number_that_would_be_read_as_a_text_is_refused(value: float) -> None:
    with pytest.raises(UnwritableValue):
        write_scalar(value)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text(
    "ab1.:-,[]{}'\"&*!|>#?%@\n\t ~<=$(", max_size=8
)
SCALARS = st.booleans() | st.integers(-(10**18) + 1, 10**18 - 1) | st.floats(-1e17, 1e17, allow_subnormal=False) | TEXTS
VALUES: st.SearchStrategy[Plain] = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("ab.:-# '\"", max_size=5), below, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_every_reader_reads_what_was_written(value: Plain) -> None:
    try:
        written = write_flow(value)
    except UnwritableValue:
        return
    for text in (f"a: {written}\n", f"a: {{x: [{written}]}}\n", f"a:\n- {written}  # so\n"):
        findings = Findings()
        root = read_source(Source("x", text.encode()), findings)
        assert root is not None and not findings.found, text
        found = to_plain(root.entries["a"].value)
        for step in ("x", 0) if "{x: [" in text else (0,) if text.startswith("a:\n") else ():
            found = found[step]  # type: ignore[index, call-overload]
        assert is_same(found, value), text
        assert yaml.safe_load(text).keys() == {"a"}


@given(st.dictionaries(st.text("ab.:-# '\"", max_size=5), VALUES, max_size=4), st.integers(0, 6), st.booleans())
def test_every_reader_reads_what_was_written_over_lines(entries: dict[str, Plain], column: int, opened: bool) -> None:
    try:
        lines = write_entries({"a": entries}, column, open_mappings=opened)
    except UnwritableValue:
        return
    findings = Findings()
    root = read_source(Source("x", "\n".join(lines).encode()), findings)
    assert root is not None and not findings.found, lines
    assert is_same(to_plain(root), {"a": entries}), lines
