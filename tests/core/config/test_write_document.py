"""What is written reads back as the same document, whatever it holds."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.config.nodes import Plain, WrittenFloat, to_plain
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import Source, read_source
from pointsman.core.config.write_document import write_document

TEXTS = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Cn", "Co")), max_size=30
) | st.sampled_from(
    (
        "no",
        "on",
        "1.0",
        "0x10",
        "1_000",
        "~",
        "null",
        "true",
        "$500",
        "a: b",
        "- a",
        "#",
        "12:30",
        "2026-11-21",
        "*a",
        "&a",
        "!t",
        "a #b",
        " a",
        "'",
    )
)
SCALARS = st.integers(-(10**9), 10**9) | st.booleans() | TEXTS | st.just(WrittenFloat("0.60"))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
SECTIONS = st.sampled_from(("models", "agents", "version", "routing", "budgets", "made-up"))


def read(text: str) -> Plain:
    findings = Findings()
    root = read_source(Source("pointsman.yaml", text.encode()), findings)
    assert findings.in_order() == ()
    assert root is not None
    return to_plain(root)


@given(st.dictionaries(SECTIONS, VALUES, max_size=4))
def test_what_is_written_reads_back(document: dict[str, Plain]) -> None:
    assert read(write_document(document)) == document


def test_sections_stand_in_their_order_and_entries_say_where_they_come_from() -> None:
    document: dict[str, Plain] = {
        "agents": {"writer": {"model": "small", "tags": []}},
        "version": 1,
        "models": {"small": {"provider": "house", "price_per_1m_tokens": {"input": "0.60", "output": "1"}}},
    }
    text = write_document(document, {("agents", "writer"): "agents.yaml:3\nmodel: evil"})
    assert text == (
        "version: 1\n"
        "\n"
        "models:\n"
        "  small:\n"
        "    provider: house\n"
        '    price_per_1m_tokens: {input: "0.60", output: "1"}\n'
        "\n"
        "agents:\n"
        "  # agents.yaml:3\\nmodel: evil\n"
        "  writer: {model: small, tags: []}\n"
    )
