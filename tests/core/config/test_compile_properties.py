"""Compiling never raises, whatever the text, and finds every one of several independent mistakes at once."""

import json

from compiling import GOOD, compile_text
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.core.config.problems import MOST_PROBLEMS

# Each makes exactly one mistake in an agent, model or provider of its own.
MISTAKES = {
    "unknown_key": "agents",
    "unknown_reference": "agents",
    "out_of_range": "agents",
    "invalid_type": "agents",
    "missing_key": "models",
    "invalid_money": "models",
    "forbidden_url": "providers",
    "invalid_duration": "providers",
    "inline_secret": "providers",
}
TEXTS = {
    "unknown_key": "{model: gpt-4o, tgas: []}",
    "unknown_reference": "{model: gpt-4p}",
    "out_of_range": "{model: gpt-4o, parameters: {top_p: 3}}",
    "invalid_type": "{model: gpt-4o, tags: a}",
    "missing_key": "{model_id: x}",
    "invalid_money": "{provider: openai, price_per_1m_tokens: {input: 1e3, output: 1}}",
    "forbidden_url": "{base_url: 'ftp://x.example'}",
    "invalid_duration": "{base_url: 'https://x.example/v1', timeouts: {idle: 5}}",
    "inline_secret": "{base_url: 'https://x.example/v1', api_key: hunter2}",
}


@settings(deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    compiled = compile_text(content)
    assert (compiled.snapshot is None) == any(problem.severity == "error" for problem in compiled.problems)


YAML_BITS = st.text(alphabet="ab1.:-,[]{}'\"&*!|>#?%@\n\t ~<=", max_size=60)


@settings(deadline=None)
@given(st.data())
def test_no_mutation_of_a_good_document_makes_it_raise(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 80)))
    compiled = compile_text(GOOD[:start] + data.draw(YAML_BITS) + GOOD[end:])
    assert len(compiled.problems) <= MOST_PROBLEMS
    assert all(problem.line >= 1 and problem.column >= 1 and str(problem) for problem in compiled.problems)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=6), below, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["model", "fallback", "parameters", "temperature", "base_url", "api_key", "env", "timeouts"])


@settings(deadline=None)
@given(st.sampled_from(["providers", "models", "agents", "environments", "version"]), st.dictionaries(KEYS, VALUES))
def test_no_value_at_any_key_makes_it_raise(section: str, fields: dict[str, object]) -> None:
    written = json.dumps({section: {"a": fields, "b": {"agents": {"a": fields}}}})
    compile_text(written)


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(MISTAKES)), max_size=40))
def test_every_planted_mistake_is_found_at_once(planted: list[str]) -> None:
    sections: dict[str, list[str]] = {"providers": ["  openai: {}"], "models": [], "agents": []}
    for number, mistake in enumerate(planted):
        sections[MISTAKES[mistake]].append(f"  x{number}: {TEXTS[mistake]}")
    text = "".join(f"{name}:\n" + "\n".join(lines) + "\n" for name, lines in sections.items() if lines)
    compiled = compile_text(text)
    found = sorted(problem.code for problem in compiled.problems if problem.severity == "error")
    assert found == sorted(planted)
    assert (compiled.snapshot is None) == bool(planted)
