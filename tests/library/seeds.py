"""Configurations of the seeds as their examples presume them, with a simulated provider behind every name."""

import zlib
from pathlib import Path
from urllib.parse import urlsplit

AGENTS_MODELS = """\
version: "1.0"
provider: gradient

agents:
  orchestrator:
    model: {model}
    provider: gradient
    temperature: 0.3
    max_tokens: 2000
    cost_per_1m_tokens: 0.60
    context_window: 128000
    use_case: complex_reasoning
    tags: [routing, orchestration, supervisor]
    langsmith_project: agents-orchestrator

  feature-dev:
    model: {model}-code
    provider: gradient
    temperature: 0.7
    max_tokens: 2000
    cost_per_1m_tokens: 0.30
    context_window: 16000
    use_case: code_generation
    tags: [feature-development, python]
    langsmith_project: agents-feature-dev
"""
"""Seed 000's form, in `config/agents/models.yaml`; `GRADIENT_BASE_URL` says where it is."""

PROVIDERS = """\
version: 1
providers:
  openai: {{base_url: "{url}/v1", allow_private: ["{host}"]}}
  anthropic: {{base_url: "{url}/v1", allow_private: ["{host}"]}}
  google: {{base_url: "{url}/v1beta", allow_private: ["{host}"]}}
  ollama: {{base_url: "{url}/v1"}}
"""

TWELVE = """\
models:
  gpt-4o-mini:
    provider: openai
    model_id: {model}
    capabilities: [simple]
    price_per_1m_tokens: {{input: "0.15", output: "0.60"}}
  gpt-4o:
    provider: openai
    model_id: {model}-4o
    capabilities: [complex]
    price_per_1m_tokens: {{input: "2.50", output: "10"}}
  llama3: {{provider: ollama, model_id: {model}-llama3, capabilities: [simple]}}
"""
"""Models of seed 002."""

INTERACTIONS = """\
models:
  gpt-4o: {{provider: openai, model_id: {model}}}
  gpt-4o-mini: {{provider: openai, model_id: {model}-mini}}
  text-embedding-3-small: {{provider: openai, model_id: {model}-embedding, capabilities: [embeddings]}}
interactions:
  reasoning: {{model: gpt-4o, parameters: {{temperature: 0.7}}}}
  tools: {{model: gpt-4o-mini, parameters: {{temperature: 0.1}}}}
  subagents: {{model: gpt-4o-mini, parameters: {{temperature: 0.5}}}}
  planning: {{model: gpt-4o, parameters: {{temperature: 0.2}}}}
  embeddings: {{model: text-embedding-3-small}}
"""
"""Seed 003's five types."""

MANAGED = """\
models:
  gpt-4-turbo: {{provider: openai, model_id: {model}, price_per_1m_tokens: {{input: 10, output: 30}}}}
  gpt-4: {{provider: openai, model_id: {model}-4, price_per_1m_tokens: {{input: 30, output: 60}}}}
  claude-3-5-sonnet: {{provider: anthropic, model_id: {model}-sonnet, price_per_1m_tokens: {{input: 3, output: 15}}}}
  gemini-pro: {{provider: google, model_id: {model}-gemini, price_per_1m_tokens: {{input: "0.5", output: "1.5"}}}}
tasks:
  requirements_analysis: {{model: claude-3-5-sonnet, fallback: [gpt-4-turbo, gemini-pro]}}
agents:
  test_agent: {{model: claude-3-5-sonnet, reasoning: "Thorough and methodical testing approach"}}
routing:
  tiers:
    - [gpt-4-turbo, claude-3-5-sonnet]
    - [gpt-4, gemini-pro]
"""
"""Seed 004's strategy, mapping and tiers, as far as its examples read them."""


def name_model(test: str) -> str:
    """A model that no other test asks for."""
    return f"simulated-{zlib.crc32(test.encode()):08x}"


def write_configuration(url: str, models: str, model: str) -> None:
    """Write `pointsman.yaml` into the working folder."""
    text = PROVIDERS.format(url=url, host=urlsplit(url).netloc) + models.format(model=model)
    Path("pointsman.yaml").write_text(text)
