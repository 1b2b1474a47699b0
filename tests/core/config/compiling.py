"""Compiles texts as a user would write them, with the real catalogue."""

from collections.abc import Mapping

from pointsman.control.configuration import load_catalog
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import Compiled, compile_config
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source

KEYS = frozenset(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "POINTSMAN_HOUSE_KEY"))

GOOD = """\
version: 1
providers:
  openai: {}
  house: {base_url: "http://localhost:8080/v1"}
models:
  small: {provider: house, model_id: llama, context_window: 8000, capabilities: [code_generation]}
agents:
  writer:
    description: Writes
    model: gpt-4o
    fallback: [small]
    parameters: {temperature: 0.3, max_tokens: 2000, stop: ["END"]}
    reasoning: It writes well
    tags: [prose]
environments:
  development:
    agents: {writer: {model: small, fallback: [], parameters: {temperature: 0.9}}}
"""


def compile_text(
    text: str | bytes,
    environment: str = "production",
    base_urls: Mapping[str, str] | None = None,
    set_variables: frozenset[str] = KEYS,
    today: str = "2026-11-21",
) -> Compiled:
    content = text if isinstance(text, bytes) else text.encode()
    surroundings = Surroundings(environment, load_catalog(), today, base_urls or {}, set_variables)
    return compile_config((Source("pointsman.yaml", content),), surroundings)


def compile_good(text: str, environment: str = "production", base_urls: Mapping[str, str] | None = None) -> Snapshot:
    compiled = compile_text(text, environment, base_urls)
    assert compiled.snapshot is not None, "\n".join(map(str, compiled.problems))
    return compiled.snapshot


def list_codes(compiled: Compiled) -> list[str]:
    return [problem.code for problem in compiled.problems]


def list_places(compiled: Compiled) -> list[str]:
    """Each problem as `line:column path code`."""
    return [f"{found.line}:{found.column} {found.path} {found.code}" for found in compiled.problems]
