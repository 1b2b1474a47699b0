"""Documents that are good but for what a row of bad input puts into them, and the one problem that each then has."""

from pointsman.control.configuration import load_catalog
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import Compiled, compile_config
from pointsman.core.config.source import Source

HEAD = 'providers:\n  openai: {}\n  house: {base_url: "http://localhost:1/v1"}\n'

VARIABLES = {
    "AWS_SECRET_ACCESS_KEY": "hidden-value",
    "HOME": "/root",
    "HOUSE_REGION": "north",
    "OPENAI_API_KEY": "hidden-value",
    "PATH": "/bin",
    "POINTSMAN_ADMIN_KEY": "hidden-value",
    "POINTSMAN_EMPTY": "",
    "POINTSMAN_HOUSE_KEY": "hidden-value",
    "POINTSMAN_LEAK": "sk-abcdefghijklmnopqrstuvwxyz",
    "POINTSMAN_LINES": "one\ntwo",
    "POINTSMAN_LONG": "x" * 4_097,
    "POINTSMAN_NUMBER": "5",
    "POINTSMAN_REGION": "eu",
    "POINTSMAN_STORE": "hidden-value",
    "POINTSMAN_YAML": "{a: [b]}",
    "pointsman_region": "eu",
}

Row = tuple[str | bytes, str]
"""A document, and where its problem stands: `line:column path code`."""


def agent(fields: str) -> str:
    return f"{HEAD}agents:\n  writer: {{model: gpt-4o, {fields}}}\n"


def parameters(fields: str) -> str:
    return agent(f"parameters: {{{fields}}}")


def model(fields: str) -> str:
    return f"{HEAD}models:\n  own: {{provider: house, {fields}}}\n"


def provider(fields: str) -> str:
    return f"providers:\n  own: {{{fields}}}\n"


def openai(fields: str) -> str:
    return f"providers:\n  openai:\n    {fields}\n"


def timeouts(fields: str) -> str:
    return openai(f"timeouts: {{{fields}}}")


def section(text: str) -> str:
    return f"{HEAD}{text}\n"


def budget(fields: str) -> str:
    return section(f"budgets:\n  - {{scope: total, window: day, {fields}}}")


def overlay(fields: str) -> str:
    return f"{agent('tags: [a]')}environments:\n  dev: {{{fields}}}\n"


def rule(condition: str, does: str = "use: gpt-4.1") -> str:
    return agent(f"rules: [{{when: {condition}, {does}}}]")


def unpriced(scope: str, fields: str = "") -> str:
    models = "providers:\n  own: {base_url: 'https://x.example/v1'}\nmodels:\n  m: {provider: own}\n"
    return f"{models}budgets:\n  - {{scope: {scope}, window: day, limit: 5{fields}}}\n"


def standing_in(fields: str, section: str = "agents") -> str:
    able = "able: {provider: house, capabilities: [tools, vision, prose]}"
    weak = "weak: {provider: house, capabilities: [chat]}"
    return f"{HEAD}models:\n  {able}\n  {weak}\n{section}:\n  a: {{{fields}}}\n"


def compile_with_variables(text: str | bytes) -> Compiled:
    content = text if isinstance(text, bytes) else text.encode()
    return compile_sources([Source("pointsman.yaml", content)])


def compile_sources(sources: list[Source]) -> Compiled:
    set_variables = frozenset(name for name, value in VARIABLES.items() if value)
    surroundings = Surroundings("production", load_catalog(), "2026-11-21", {}, set_variables, VARIABLES)
    return compile_config(sources, surroundings)


def list_errors(compiled: Compiled) -> list[str]:
    """Each error as `line:column path code`."""
    errors = [found for found in compiled.problems if found.severity == "error"]
    return [f"{found.line}:{found.column} {found.path} {found.code}" for found in errors]


def number_rows(rows: dict[str, list[Row]]) -> dict[str, Row]:
    """Every row of a table by the name that its test has."""
    return {f"{name} {place}": row for name, listed in rows.items() for place, row in enumerate(listed, start=1)}
