"""What the documents of the seeds mean, written in our form."""

SEED_001 = """\
providers:
  anthropic: {}
  openai: {}
  local-8080: {base_url: "http://localhost:8080/v1"}
  local-8081: {base_url: "http://localhost:8081/v1"}
models:
  claude-3-opus:
    {provider: anthropic, model_id: claude-3-opus-20240229,
     capabilities: [code_generation, architecture_design, complex_reasoning]}
  gpt-4-turbo: {provider: openai, model_id: gpt-4-turbo-preview, capabilities: [code_generation, general_reasoning]}
  llama-3-70b: {provider: local-8080, capabilities: [code_generation, general_reasoning]}
  deepseek-coder-33b: {provider: local-8081, capabilities: [code_generation, code_completion]}
agents:
  cto_agent:
    model: claude-3-opus
    fallback: [gpt-4-turbo]
    local_alternative: llama-3-70b
    capabilities_required: [architecture_design, complex_reasoning, code_generation]
    rules:
      - {when: "task.privacy_level == 'high'", use: llama-3-70b}
      - {when: task.complexity > 8, use: claude-3-opus}
      - {when: cost_limit_reached, use: llama-3-70b}
  backend_agent:
    model: deepseek-coder-33b
    fallback: [claude-3-opus]
    budget_mode: llama-3-70b
    capabilities_required: [code_generation, code_completion]
    rules:
      - {when: task.type == 'code_generation', use: deepseek-coder-33b}
      - {when: task.complexity > 6, use: claude-3-opus}
      - {when: budget_mode == true, use: llama-3-70b}
  frontend_agent:
    model: gpt-4-turbo
    fallback: [claude-3-opus]
    local_alternative: llama-3-70b
    capabilities_required: [code_generation, ui_design]
    rules:
      - {when: task.involves_ui_design, use: gpt-4-turbo}
      - {when: task.privacy_level == 'high', use: llama-3-70b}
  qa_agent:
    model: llama-3-70b
    fallback: [gpt-4-turbo]
    capabilities_required: [code_analysis, test_generation]
    rules:
      - {when: task.type == 'test_generation', use: llama-3-70b}
      - {when: task.requires_reasoning, use: gpt-4-turbo}
routing:
  strategies:
    cost_optimized: {prefer_local_models: true, cloud_budget_per_day: 100.00}
  rules:
    - {name: rate_limit_protection, when: model.rate_limit_approaching, action: switch_to_fallback}
    - {name: cost_circuit_breaker, when: daily_cost > budget * 0.8, action: switch_to_local_only}
    - {name: privacy_enforcement, when: data.contains_pii, action: force_local_model}
    - {name: quality_assurance, when: task.critical and model.type == 'local', action: require_cloud_verification}
environments:
  production: {routing: {require_local_for_pii: true}}
  development: {routing: {force_local_models: true, verbose_logs: true}}
"""
