"""Rows Y01 to Y12 of bad input, and what a text means in YAML 1.2's core schema."""

import pytest
import yaml
from compiling import compile_text, list_places

from pointsman.core.config import source as source_module
from pointsman.core.config.nodes import WrittenFloat, to_plain
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import MOST_BYTES, Source, read_source, resolve_plain

REFUSED = {
    "an empty file": ("", "1:1  not_a_mapping"),
    "only comments": ("# nothing\n", "1:1  not_a_mapping"),
    "null": ("null\n", "1:1  not_a_mapping"),
    "a list": ("\n- a\n- b\n", "2:1  not_a_mapping"),
    "a scalar": ("hello\n", "1:1  not_a_mapping"),
    "a tab as indentation": ("providers:\n\topenai: {}\n", "2:1  yaml_syntax"),
    "an open quote": ("providers: 'x\n", "2:1  yaml_syntax"),
    "an open bracket": ("providers: {openai: [\n", "2:1  yaml_syntax"),
    "a second colon": ("providers: openai: {}\n", "1:18  yaml_syntax"),
    "bad indentation": ("providers:\n    openai: {}\n  groq: {}\n", "3:3  yaml_syntax"),
    "a second document": ("providers: {openai: {}}\n---\nproviders: {}\n", "2:1  multiple_documents"),
    "UTF-16": ("providers: {openai: {}}".encode("utf-16"), "1:1  invalid_encoding"),
    "Latin-1": ("providers: {openai: {}} # für".encode("latin-1"), "1:28  invalid_encoding"),
    "NUL": ("providers: {}\n\x00", "2:1  invalid_encoding"),
    "a C1 control": ("providers: {}\na: \x85", "2:4  invalid_encoding"),
    "a bidi override": ("providers: {openai\u202e: {}}", "1:19  invalid_encoding"),
    "more than a megabyte": ("#" * (MOST_BYTES + 1), "1:1  too_large"),
    "more than 50,000 values": ("a: [" + "1," * 50_000 + "]", "1:99999 a[49997] too_large"),
    "33 levels": ("a: " + "[" * 32 + "]" * 32, "1:35 a" + "[0]" * 31 + " too_deep"),
    "a bomb of brackets": ("[" * 500_000, "1:33 " + "[0]" * 32 + " too_deep"),
}


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_its_place(text: str | bytes, expected: str) -> None:
    compiled = compile_text(text)
    assert compiled.snapshot is None
    assert expected in list_places(compiled)


INDIRECT = {
    "an alias": ("providers: {openai: {}, b: *x}", "1:28 providers.b alias_not_allowed"),
    "an anchor": ("providers: &x {openai: {}}", "1:12 providers alias_not_allowed"),
    "a merge key": ("providers: {<<: {openai: {}}}", '1:13 providers.["<<"] alias_not_allowed'),
    "a Python object": ("providers: !!python/object:os.system {}", "1:12 providers tag_not_allowed"),
    "an include": ("providers: !include other.yaml", "1:12 providers tag_not_allowed"),
    "binary": ("providers: {openai: {base_url: !!binary aGk=}}", "1:32 providers.openai.base_url tag_not_allowed"),
    "a key that is a list": ("providers: {? [a] : b}", '1:15 providers.[""] invalid_type'),
    "a duplicate key": ("providers: {openai: {}}\nproviders: {}", "2:1 providers duplicate_key"),
    "a duplicate key far down": (
        "providers: {openai: {}}\nagents: {a: {model: gpt-4o, parameters: {seed: 1, seed: 2}}}",
        "2:51 agents.a.parameters.seed duplicate_key",
    ),
}


@pytest.mark.parametrize(("text", "expected"), INDIRECT.values(), ids=INDIRECT)
def test_what_other_readers_would_read_otherwise_is_refused_once(text: str, expected: str) -> None:
    compiled = compile_text(text)
    assert compiled.snapshot is None
    assert [place for place in list_places(compiled) if not place.endswith(("missing", "missing_key"))] == [expected]


def test_a_duplicate_key_names_both_lines() -> None:
    (problem,) = compile_text("providers: {openai: {}}\nversion: 1\nversion: 1\n").problems
    assert str(problem) == (
        'pointsman.yaml:3:1 version: "version" stands on line 2 already; keep one of them (duplicate_key)'
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("~", None),
        ("NULL", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("+3", 3),
        ("1.50", 1.5),
        (".5", 0.5),
        ("-2e3", -2000.0),
        *(
            (text, text)
            for text in ("no", "yes", "On", "tRUE", "017", "0o17", "0x1F", "1_000", "12:30:45", "2026-01-01")
        ),
        *((text, text) for text in (".inf", "-.INF", ".nan", "1e999", "9" * 19, ".", "-", "e5", "1.2.3", "٣")),
    ],
)
def test_plain_text_resolves_by_the_core_schema_and_never_by_surprise(text: str, value: object) -> None:
    resolved = resolve_plain(text)
    assert resolved == value
    assert isinstance(resolved, bool) == isinstance(value, bool)


def test_decimals_keep_their_text() -> None:
    resolved = resolve_plain("0.60")
    assert isinstance(resolved, WrittenFloat)
    assert resolved.text == "0.60"


def test_quoted_text_stays_text_and_keys_are_text() -> None:
    findings = Findings()
    root = read_source(Source("x", b"1: '2'\nno: \"true\"\n\xc3\xa9: 3\n"), findings)
    assert root is not None
    assert to_plain(root) == {"1": "2", "no": "true", "é": 3}
    assert not findings.found


def test_columns_count_characters_after_a_byte_order_mark() -> None:
    root = read_source(Source("x", "\ufeffé: ü\n".encode()), Findings())
    assert root is not None
    assert (root.entries["é"].key.column, root.entries["é"].value.place.column) == (1, 4)


@pytest.mark.parametrize("text", ["a: {b: [1, 'x', 2.5]}\nc: |\n  text\n", "a: [1\n", "a: *b\n", "a: 1\na: 2\n"])
def test_the_parser_in_python_reads_the_same_as_the_one_in_c(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> tuple[object, list[str]]:
        findings = Findings()
        root = read_source(Source("x", text.encode()), findings)
        return root and to_plain(root), [problem.code for problem in findings.in_order()]

    fast = read()
    monkeypatch.setattr(source_module, "_Loader", yaml.Loader)
    assert read() == fast
