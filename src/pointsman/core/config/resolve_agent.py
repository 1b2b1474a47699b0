"""Joins an agent to its models, and checks that what it asks for fits every one of them."""

from collections.abc import Callable
from typing import cast

from pointsman.core.chat.request import ParameterValue
from pointsman.core.config.compilation import Compilation
from pointsman.core.config.document import Agent as WrittenAgent
from pointsman.core.config.nodes import MappingNode, find_node
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.read_document import Written
from pointsman.core.config.snapshot import Agent, Model

FindModel = Callable[[str, Place], Model | None]
"""The model of a name, or `None` once the problem has been noted at the place of the reference."""

_LIMITS = ("max_tokens", "max_completion_tokens")


def resolve_agent(
    name: str, written: Written[WrittenAgent], find_model: FindModel, compilation: Compilation
) -> Agent | None:
    """Complete an agent, or note which of its models cannot be used."""
    stated = written.value
    references = [(stated.model, written.place_of("model"))]
    references += [(model, written.place_of("fallback", place)) for place, model in enumerate(stated.fallback)]
    _refuse_repeats(references, compilation)
    candidates = [find_model(model, place) for model, place in references]
    for candidate in candidates:
        if candidate is not None:
            _check_limits(written, candidate, compilation)
    if None in candidates:
        return None
    return Agent(
        name=name,
        model=stated.model,
        fallback=tuple(stated.fallback),
        parameters=_order_parameters(written),
        description=stated.description,
        reasoning=stated.reasoning,
        tags=tuple(stated.tags),
    )


def _refuse_repeats(references: list[tuple[str, Place]], compilation: Compilation) -> None:
    seen: set[str] = set()
    for model, place in references:
        if model in seen:
            message = f"{quote(model)} stands before already; falling back to it would try the same again"
            compilation.findings.add(place, "fallback_cycle", message)
        seen.add(model)


def _check_limits(written: Written[WrittenAgent], model: Model, compilation: Compilation) -> None:
    for name in _LIMITS:
        asked = getattr(written.value.parameters, name)
        for limit, of_what in ((model.max_output_tokens, "answers"), (model.context_window, "context window")):
            if asked is not None and limit is not None and asked > limit:
                message = f"{asked} is more than the {of_what} of {quote(model.name)} can hold ({limit} tokens)"
                compilation.findings.add(written.place_of("parameters", name), "out_of_range", message)


def _order_parameters(written: Written[WrittenAgent]) -> tuple[tuple[str, ParameterValue], ...]:
    node = find_node(written.node, "parameters")
    if node is written.node or not isinstance(node, MappingNode):
        return ()
    parameters = written.value.parameters
    return tuple(
        (name, cast(ParameterValue, getattr(parameters, name)))
        for name in node.entries
        if getattr(parameters, name, None) is not None
    )
