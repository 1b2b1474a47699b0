"""Joins agents, interactions and tasks to their models, and checks that what they ask for fits every one of them."""

from collections.abc import Callable
from typing import TypedDict, cast

from pointsman.core.chat.request import ParameterValue
from pointsman.core.config.compilation import Compilation
from pointsman.core.config.complete_terms import complete_terms
from pointsman.core.config.locality import find_reason_to_stay
from pointsman.core.config.nodes import MappingNode, find_node
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.read_document import Document, Written
from pointsman.core.config.resolve_caching import find_caching
from pointsman.core.config.routing_plan import Detect
from pointsman.core.config.sections.callers import Agent as WrittenAgent
from pointsman.core.config.sections.callers import Interaction, Policy, Task
from pointsman.core.config.snapshot import Agent, Model, Terms
from pointsman.core.privacy.labels import Label

FindModel = Callable[[str, Place], Model | None]
"""The model of a name, or `None` once the problem has been noted at the place of the reference."""

WrittenCaller = Written[WrittenAgent] | Written[Interaction] | Written[Task]
References = list[tuple[str, Place]]

_LIMITS = ("max_tokens", "max_completion_tokens")
_OTHER_MODELS = ("local_alternative", "budget_mode")


def resolve_agents(find_model: FindModel, compilation: Compilation) -> dict[str, Agent]:
    """Complete every agent that has a model to run on; what is wrong with the others has been noted."""
    agents: dict[str, Agent] = {}
    for name, written in compilation.document.agents.items():
        models = _resolve_models(written, find_model, compilation)
        others = _resolve_others(written, find_model, compilation)
        if models is None or others is None:
            continue
        stated = written.value
        agents[name] = Agent(
            name=name,
            model=models[0] if models else stated.model,
            fallback=models[1:],
            parameters=_order_parameters(written),
            description=stated.description,
            reasoning=stated.reasoning,
            tags=tuple(stated.tags),
            display_name=stated.display_name,
            local_alternative=others["local_alternative"],
            budget_mode=others["budget_mode"],
            capabilities_required=tuple(stated.capabilities_required),
            strict_capabilities=stated.strict_capabilities,
            task_type=stated.task_type,
            langsmith_project=stated.langsmith_project,
            **_complete_policy(stated.policy, compilation.document),
        )
    return agents


def resolve_interactions(find_model: FindModel, compilation: Compilation) -> dict[str, Agent]:
    """Complete every interaction that has a model to run on."""
    interactions: dict[str, Agent] = {}
    for name, written in compilation.document.interactions.items():
        models = _resolve_models(written, find_model, compilation)
        if models is not None:
            interactions[name] = Agent(
                name=f"interaction:{name}",
                model=models[0] if models else written.value.model,
                fallback=models[1:],
                parameters=_order_parameters(written),
                description=written.value.description,
                reasoning=written.value.reasoning,
                tags=tuple(written.value.tags),
                **_complete_policy(written.value.policy, compilation.document),
            )
    return interactions


def resolve_tasks(find_model: FindModel, compilation: Compilation) -> dict[str, Agent]:
    """Complete every type of task that has a model to run on."""
    tasks: dict[str, Agent] = {}
    for name, written in compilation.document.tasks.items():
        models = _resolve_models(written, find_model, compilation)
        if models is not None:
            stated = written.value
            tasks[name] = Agent(
                name=f"task:{name}",
                model=models[0] if models else stated.model,
                fallback=models[1:],
                parameters=_order_parameters(written),
                description=stated.description,
                reasoning=stated.reasoning or stated.criteria,
                tags=tuple(stated.tags),
                capabilities_required=tuple(stated.capabilities_required),
                task_type=name,
                **_complete_policy(stated.policy, compilation.document),
            )
    return tasks


class _PolicyFields(TypedDict):
    """The fields of an `Agent` that its policy fills in."""

    stays_local: str | None
    privacy: Label
    detect: Detect
    quality_threshold: int | None
    hedges: bool | None
    retries_after_send: bool
    caches: bool | None
    terms: Terms


def _complete_policy(own: Policy, document: Document) -> _PolicyFields:
    """What a caller's own policy says, else the policy over all callers, else the section that the key belongs to."""
    common = document.policy.value
    threshold = common.quality_threshold if own.quality_threshold is None else own.quality_threshold
    return _PolicyFields(
        stays_local=find_reason_to_stay(own.privacy, document),
        privacy=own.privacy or common.privacy or "low",
        detect=own.detect or common.detect or document.privacy.value.detect,
        quality_threshold=document.routing.value.quality_threshold if threshold is None else threshold,
        hedges=common.hedging if own.hedging is None else own.hedging,
        retries_after_send=bool(common.retry_after_send if own.retry_after_send is None else own.retry_after_send),
        caches=find_caching(own, document),
        terms=complete_terms(own, common),
    )


def _resolve_models(written: WrittenCaller, find_model: FindModel, compilation: Compilation) -> tuple[str, ...] | None:
    """The models that can be used, in order, or `None` when one cannot and that is an error."""
    stated = written.value
    references = [(stated.model, written.place_of("model"))]
    references += [(model, written.place_of("fallback", place)) for place, model in enumerate(stated.fallback)]
    references = _leave_out_repeats(references, compilation)
    found = [(name, place, find_model(name, place)) for name, place in references]
    for _, _, model in found:
        if model is not None:
            _check_limits(written, model, compilation)
    if any(model is None and place.file not in compilation.lenient_files for _, place, model in found):
        return None
    return tuple(name for name, _, model in found if model is not None)


def _resolve_others(
    written: Written[WrittenAgent], find_model: FindModel, compilation: Compilation
) -> dict[str, str | None] | None:
    """The models beside the order of fallbacks, or `None` when one of them cannot be used."""
    others: dict[str, str | None] = {}
    broken = False
    for field in _OTHER_MODELS:
        name: str | None = getattr(written.value, field)
        place = written.place_of(field)
        found = name is not None and find_model(name, place) is not None
        broken = broken or (name is not None and not found and place.file not in compilation.lenient_files)
        others[field] = name if found else None
    return None if broken else others


def _leave_out_repeats(references: References, compilation: Compilation) -> References:
    """Each model once. A repetition is a mistake where it was written as one, and natural where one layer's model
    comes before another's fallbacks: an override may well name the first of them.
    """
    kept: dict[str, Place] = {}
    for model, place in references:
        before = kept.setdefault(model, place)
        if before is not place and _stand_together(before, place):
            message = f"{quote(model)} stands before already; falling back to it would try the same again"
            compilation.findings.add(place, "fallback_cycle", message)
    return list(kept.items())


def _stand_together(model: Place, fallback: Place) -> bool:
    """Whether two references stand in the same mapping or list of one file."""
    return model.file == fallback.file and _find_holder(model.path) == _find_holder(fallback.path)


def _find_holder(path: str) -> str:
    """The mapping that a reference such as `agents.writer.model` or `agents.writer.fallback[1]` stands in."""
    return path.partition(".fallback[")[0].removesuffix(".model")


def _check_limits(written: WrittenCaller, model: Model, compilation: Compilation) -> None:
    for name in _LIMITS:
        asked = getattr(written.value.parameters, name)
        for limit, of_what in ((model.max_output_tokens, "answers"), (model.context_window, "context window")):
            if asked is not None and limit is not None and asked > limit:
                message = f"{asked} is more than the {of_what} of {quote(model.name)} can hold ({limit} tokens)"
                compilation.findings.add(written.place_of("parameters", name), "out_of_range", message)


def _order_parameters(written: WrittenCaller) -> tuple[tuple[str, ParameterValue], ...]:
    node = find_node(written.node, "parameters")
    if node is written.node or not isinstance(node, MappingNode):
        return ()
    parameters = written.value.parameters
    return tuple(
        (name, cast(ParameterValue, getattr(parameters, name)))
        for name in node.entries
        if getattr(parameters, name, None) is not None
    )
