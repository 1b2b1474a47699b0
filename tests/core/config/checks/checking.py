"""Compiles small documents as a user would write them and lists what the checks say of them."""

from pointsman.control.configuration import list_time_zones, load_catalog
from pointsman.core.config.checks.proofs import Proved, prove_rules
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import Compiled, compile_config
from pointsman.core.config.problems import Problem
from pointsman.core.config.source import Source

KEYS = frozenset(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "COHERE_API_KEY"))

BASE = """\
providers:
  openai: {}
  anthropic: {}
  house: {base_url: "http://localhost:8080/v1"}
models:
  big: {provider: openai, model_id: gpt-4o, capabilities: [tools, code, design]}
  other: {provider: anthropic, model_id: claude-sonnet-4-5, capabilities: [tools, code]}
  small: {provider: house, context_window: 128000, capabilities: [tools, code]}
"""
"""Two cloud models and a local one, with prices and windows; nothing is wrong with it."""


def compile_text(text: str, environment: str = "production") -> Compiled:
    surroundings = Surroundings(environment, load_catalog(), "2026-11-21", {}, KEYS, list_time_zones=list_time_zones)
    return compile_config((Source("pointsman.yaml", text.encode()),), surroundings)


def prove_text(text: str, *, lenient: bool = False) -> Proved:
    compiled = compile_text(text)
    assert compiled.snapshot is not None, "\n".join(map(str, compiled.problems))
    assert compiled.document is not None
    return prove_rules(compiled.document, compiled.snapshot, frozenset(("pointsman.yaml",)) if lenient else frozenset())


def check(more: str, environment: str = "production") -> list[str]:
    """What is wrong with the base document and more of it, each as `path code severity`."""
    return [describe(problem) for problem in compile_text(BASE + more, environment).problems]


def prove(more: str, *, lenient: bool = False) -> list[str]:
    """The same for what is proved about its rules."""
    return [describe(problem) for problem in prove_text(BASE + more, lenient=lenient).problems]


def describe(problem: Problem) -> str:
    return f"{problem.path} {problem.code} {problem.severity}"


def find_problem(text: str, code: str) -> Problem:
    """The one problem of a code."""
    (found,) = (problem for problem in compile_text(text).problems if problem.code == code)
    return found
