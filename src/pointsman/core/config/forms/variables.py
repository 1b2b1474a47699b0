"""The environment variables of older set-ups, as a layer of the document that ranks below every file.

A variable says which model something runs on only where it names one; an address alone changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.base_url import complete_base_url
from pointsman.core.config.forms.draft import Draft, build_text
from pointsman.core.config.forms.providers import ALIASES
from pointsman.core.config.nodes import MappingNode
from pointsman.core.config.problems import Findings, Place, quote

FILE = "environment"
"""What messages call the place of a variable that is set."""

PROVIDER, OLLAMA_MODEL, GRADIENT_MODEL = "LLM_PROVIDER", "OLLAMA_CHAT_MODEL", "GRADIENT_MODEL"
MODEL_VARIABLES = {"ollama": OLLAMA_MODEL, "gradient": GRADIENT_MODEL}
"""Whose model a variable names."""

NAMES = (PROVIDER, OLLAMA_MODEL, GRADIENT_MODEL, "OLLAMA_URL", "OLLAMA_HOST")
CHAT_INTERACTIONS = ("reasoning", "tools", "subagents", "planning")
"""What seed 003's variables hold for: all its purposes but embeddings."""

ORCHESTRATOR = "orchestrator"
"""Whose model seed 000's GRADIENT_MODEL overrides."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable and where it is set."""

    value: str
    place: Place


def adapt_variables(
    environ: Mapping[str, str], catalog: Catalog, findings: Findings | None = None
) -> MappingNode | None:
    """The layer that the process's variables make, or `None` when none of them names a model.

    Args:
        environ: the process's environment variables.
        catalog: the known providers.
        findings: where it is noted that a variable counts for nothing.
    """
    variables = {
        name: Variable(environ[name], Place(1, 1, name, FILE)) for name in NAMES if environ.get(name, "").strip()
    }
    return build_layer(variables, catalog, Findings() if findings is None else findings)


def build_layer(variables: Mapping[str, Variable], catalog: Catalog, findings: Findings) -> MappingNode | None:
    """The same for variables from anywhere, such as a file of them."""
    draft = Draft(Place(1, 1, "", FILE), findings)
    chat = _find_chat_model(variables, catalog, findings)
    if chat is not None:
        provider, model = chat
        _define_model(draft, variables, catalog, provider, model)
        for name in CHAT_INTERACTIONS:
            interaction = draft.at("interactions", model.place).at(name, model.place)
            interaction.put("model", model.place, build_text(model.place, model.value.strip()))
    gradient = variables.get(GRADIENT_MODEL)
    if gradient is not None:
        _define_model(draft, variables, catalog, "gradient", gradient)
        agent = draft.at("agents", gradient.place).at(ORCHESTRATOR, gradient.place)
        agent.put("model", gradient.place, build_text(gradient.place, gradient.value.strip()))
    return draft.build() if draft.parts else None


def _find_chat_model(
    variables: Mapping[str, Variable], catalog: Catalog, findings: Findings
) -> tuple[str, Variable] | None:
    """The provider and model of plain chats: those of the named provider, else Ollama's when it has a model."""
    named = variables.get(PROVIDER)
    if named is None:
        ollama = variables.get(OLLAMA_MODEL)
        return None if ollama is None else ("ollama", ollama)
    name = named.value.strip().lower()
    name = ALIASES.get(name, name)
    known = catalog.providers.get(name)
    if known is None:
        message = f"{PROVIDER} names {quote(named.value)}, which the catalogue does not know; it counts for nothing"
        suggestion = findings.guess_name(name, sorted(catalog.providers))
        findings.add(named.place, "not_carried", message, suggestion=suggestion, severity="warning")
        return None
    model = variables.get(MODEL_VARIABLES.get(name, ""))
    if model is None and known.default_model is not None:
        model = Variable(known.default_model, named.place)
    return None if model is None else (name, model)


def _define_model(
    draft: Draft, variables: Mapping[str, Variable], catalog: Catalog, provider: str, model: Variable
) -> None:
    name, known = model.value.strip(), catalog.providers[provider]
    entry = draft.at("models", model.place).at(name, model.place)
    if "provider" not in entry.parts:
        entry.put("provider", model.place, build_text(model.place, provider))
    written = draft.at("providers", model.place).at(provider, model.place)
    moved = next((variables[name] for name in known.base_url_variables if name in variables), None)
    if moved is not None and "base_url" not in written.parts:
        url = complete_base_url(moved.value, known.usual_base_url)
        written.put("base_url", moved.place, build_text(moved.place, url))
