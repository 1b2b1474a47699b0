"""Documents as users write them, compiled by the real compiler; among them the agents of seeds 001 and 004."""

from functools import lru_cache

from pointsman.control.configuration import load_catalog
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import compile_config
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import NOTHING_SEEN, Facts, LiveView


@lru_cache(maxsize=512)
def compile_document(text: str, environment: str = "production") -> Snapshot:
    """The snapshot of a document without errors."""
    surroundings = Surroundings(environment, load_catalog(), "2026-11-21", {}, frozenset())
    compiled = compile_config((Source("pointsman.yaml", text.encode()),), surroundings)
    assert compiled.snapshot is not None, "\n".join(map(str, compiled.problems))
    return compiled.snapshot


def decide_well(snapshot: Snapshot, facts: Facts, live: LiveView = NOTHING_SEEN) -> Decision:
    """The decision, where a refusal would be wrong."""
    answer = decide(snapshot, facts, live)
    assert isinstance(answer, Decision), answer
    return answer


def refuse_rightly(snapshot: Snapshot, facts: Facts, live: LiveView = NOTHING_SEEN) -> Refusal:
    """The refusal, where a decision would be wrong."""
    answer = decide(snapshot, facts, live)
    assert isinstance(answer, Refusal), answer
    return answer


def name_order(decision: Decision) -> list[str]:
    """The models in the order they are tried."""
    return [attempt.model.name for attempt in decision.attempts]


def name_first(snapshot: Snapshot, facts: Facts, live: LiveView = NOTHING_SEEN) -> str:
    """The model that is tried first."""
    return decide_well(snapshot, facts, live).attempts[0].model.name


SEED_001 = """\
version: 1
providers:
  sky: {base_url: "https://sky.example/v1"}
  house: {base_url: "http://localhost:8080/v1"}
models:
  claude-3-opus:
    provider: sky
    capabilities: [code_generation, architecture_design, complex_reasoning]
    price_per_1m_tokens: {input: 15, output: 75}
    rate_limits: {requests_per_minute: 50, tokens_per_minute: 100000}
  gpt-4-turbo:
    provider: sky
    capabilities: [code_generation, general_reasoning]
    price_per_1m_tokens: {input: 10, output: 30}
    rate_limits: {requests_per_minute: 60, tokens_per_minute: 150000}
  llama-3-70b:
    provider: house
    capabilities: [code_generation, general_reasoning]
    speed: {tokens_per_second: 30}
  deepseek-coder-33b:
    provider: house
    capabilities: [code_generation, code_completion]
    speed: {tokens_per_second: 45}
agents:
  cto_agent:
    model: claude-3-opus
    fallback: [gpt-4-turbo]
    local_alternative: llama-3-70b
    capabilities_required: [architecture_design, complex_reasoning, code_generation]
    rules:
      - {when: "task.privacy_level == 'high'", use: llama-3-70b}
      - {when: "task.complexity > 8", use: claude-3-opus}
      - {when: "cost_limit_reached", use: llama-3-70b}
  backend_agent:
    model: deepseek-coder-33b
    fallback: [claude-3-opus]
    budget_mode: llama-3-70b
    capabilities_required: [code_generation, code_completion]
    rules:
      - {when: "task.type == 'code_generation'", use: deepseek-coder-33b}
      - {when: "task.complexity > 6", use: claude-3-opus}
      - {when: "budget_mode == true", use: llama-3-70b}
  frontend_agent:
    model: gpt-4-turbo
    fallback: [claude-3-opus]
    local_alternative: llama-3-70b
    capabilities_required: [code_generation, ui_design]
    rules:
      - {when: "task.involves_ui_design", use: gpt-4-turbo}
      - {when: "task.privacy_level == 'high'", use: llama-3-70b}
  qa_agent:
    model: llama-3-70b
    fallback: [gpt-4-turbo]
    capabilities_required: [code_analysis, test_generation]
    rules:
      - {when: "task.type == 'test_generation'", use: llama-3-70b}
      - {when: "task.requires_reasoning", use: gpt-4-turbo}
  plain_agent: {model: gpt-4-turbo, fallback: [llama-3-70b, claude-3-opus, deepseek-coder-33b]}
"""
"""Seed 001's models and agents, and one more without rules and skills for the strategies to show on."""

SEED_001_RULES = """\
  rules:
    - {name: rate_limit_protection, when: "model.rate_limit_approaching", action: switch_to_fallback}
    - {name: cost_circuit_breaker, when: "daily_cost > budget * 0.8", action: switch_to_local_only}
    - {name: privacy_enforcement, when: "data.contains_pii", action: force_local_model}
    - {name: quality_assurance, when: "task.critical and model.type == 'local'", action: require_cloud_verification}
"""

SEED_001_FACTORS = """\
  factors:
    task_complexity: {weight: 0.3, calculation: based_on_token_count_and_requirements}
    cost_efficiency: {weight: 0.25, calculation: "cost_per_token * estimated_tokens"}
    privacy_requirements: {weight: 0.2, calculation: data_sensitivity_score}
    performance_needs: {weight: 0.15, calculation: required_response_time}
    model_availability: {weight: 0.1, calculation: current_load_and_rate_limits}
"""


def seed_001(*routing: str) -> Snapshot:
    """Seed 001 with further lines under `routing`, each a block that is indented by two."""
    return compile_document(SEED_001 + ("routing:\n" + "".join(routing) if routing else ""))


def strategy(name: str, **switches: object) -> str:
    """The lines that set a strategy, with switches of its own."""
    written = "".join(f"      {key}: {str(value).lower()}\n" for key, value in switches.items())
    return f"  strategy: {name}\n" + (f"  strategies:\n    {name}:\n{written}" if written else "")


SEED_004 = """\
version: 1
providers:
  sky: {base_url: "https://sky.example/v1"}
  house: {base_url: "http://localhost:8080/v1"}
models:
  gpt-4-turbo:
    {provider: sky, price_per_1m_tokens: {input: 10, output: 30}, context_window: 128000, speed: {first_token: 600ms}}
  claude-3-5-sonnet: {provider: sky, price_per_1m_tokens: {input: 3, output: 15}, context_window: 200000}
  gpt-4: {provider: sky, price_per_1m_tokens: {input: 30, output: 60}, context_window: 8192}
  claude-3-opus: {provider: sky, price_per_1m_tokens: {input: 15, output: 75}, context_window: 200000}
  gemini-pro: {provider: sky, price_per_1m_tokens: {input: 0.5, output: 1.5}, context_window: 32000}
  gpt-3.5-turbo:
    {provider: sky, price_per_1m_tokens: {input: 0.5, output: 1.5}, context_window: 16385, speed: {first_token: 200ms}}
  claude-3-haiku: {provider: sky, price_per_1m_tokens: {input: 0.25, output: 1.25}, context_window: 200000}
  codellama-70b: {provider: house}
  local-security-model: {provider: house}
tasks:
  complex_reasoning:
    model: gpt-4-turbo
    fallback: [claude-3-5-sonnet, gpt-4]
    criteria: high accuracy, sophisticated analysis
  code_generation: {model: gpt-4-turbo, fallback: [claude-3-5-sonnet, codellama-70b]}
  requirements_analysis: {model: claude-3-5-sonnet, fallback: [gpt-4-turbo, gemini-pro]}
  security_review: {model: claude-3-5-sonnet, fallback: [gpt-4-turbo, local-security-model]}
agents:
  test_agent: {model: claude-3-5-sonnet, reasoning: Thorough and methodical testing approach}
  documentation_writer: {model: gpt-4}
"""
"""Seed 004's types of tasks and agents; every model beside the cascade's has a place in it."""

SEED_004_CASCADE = """\
  tiers:
    - [gpt-4-turbo, claude-3-5-sonnet]
    - [gpt-4, claude-3-opus, gemini-pro]
    - [gpt-3.5-turbo, claude-3-haiku]
    - [codellama-70b, local-security-model]
"""

SEED_004_CRITERIA = """\
  factors:
    cost_sensitivity: {weight: 0.3, measures: [token_cost, request_cost, budget_constraints]}
    performance_requirements: {weight: 0.4, measures: [latency, throughput, accuracy]}
    quality_expectations: {weight: 0.2, measures: [output_quality, consistency, reliability]}
    specialized_capabilities: {weight: 0.1, measures: [domain_expertise, function_calling, context_length]}
"""


def seed_004(*routing: str) -> Snapshot:
    """Seed 004 with further lines under `routing`."""
    return compile_document(SEED_004 + ("routing:\n" + "".join(routing) if routing else ""))
