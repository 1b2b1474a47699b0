"""`compile_config(sources, surroundings)`: an immutable snapshot or all problems at once; pure, and it never raises."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import msgspec

from pointsman.core.config.assemble import ReadFile, assemble
from pointsman.core.config.checks.table import run_checks
from pointsman.core.config.compilation import Compilation, Surroundings
from pointsman.core.config.forms.adaptation import Adapted
from pointsman.core.config.forms.printed_files import split_printed_files
from pointsman.core.config.forms.table import adapt_files
from pointsman.core.config.forms.variables import adapt_variables
from pointsman.core.config.layers import Layer, lay_over
from pointsman.core.config.new_hosts import refuse_new_hosts
from pointsman.core.config.nodes import MappingNode, ScalarNode, find_node
from pointsman.core.config.overlay import build_environment_layer, list_environments
from pointsman.core.config.problems import MOST_PROBLEMS, Findings, Place, Problem
from pointsman.core.config.read_document import Document, read_document, refuse_secrets_and_nulls
from pointsman.core.config.resolve_budgets import resolve_budgets, resolve_limits
from pointsman.core.config.resolve_caller import resolve_agents, resolve_interactions, resolve_tasks
from pointsman.core.config.resolve_model import adopt_model, resolve_model
from pointsman.core.config.resolve_provider import list_provider_limits, resolve_provider
from pointsman.core.config.resolve_references import resolve_references
from pointsman.core.config.resolve_routing import resolve_routing
from pointsman.core.config.resolve_settings import resolve_settings
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.config.source import Source, read_source
from pointsman.core.config.substitute import substitute_variables

REVISION_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a document came to.

    Attributes:
        snapshot: ready to use, or `None` when a problem is an error.
        problems: in the order of the document, at most 50; with a snapshot they are warnings only.
        layers: what the effective document was made of, the lowest first; empty when a file could not be read.
        effective: the document with all its layers, or `None` when a file could not be read.
        document: what was read of it.
        adapted: the files in the form of the document, and what form they were in.
    """

    snapshot: Snapshot | None
    problems: tuple[Problem, ...]
    layers: tuple[Layer, ...] = ()
    effective: MappingNode | None = None
    document: Document | None = None
    adapted: Adapted | None = None

    @property
    def lenient_files(self) -> frozenset[str]:
        """Files in another written form, in which some mistakes are warnings."""
        return self.adapted.lenient_files if self.adapted else frozenset()


@dataclass(frozen=True, slots=True)
class _Stack:
    """The layers of one variant of a document, laid over one another."""

    layers: tuple[Layer, ...]
    effective: MappingNode


def compile_config(sources: Sequence[Source], surroundings: Surroundings, upper: Sequence[Layer] = ()) -> Compiled:
    """Compile a document for one environment; every other environment is judged too, for its errors.

    Args:
        sources: the files of the document, at least one.
        surroundings: what its meaning depends on.
        upper: the layers above the files: the stored one, then overrides; none of them counts where the files say
            `source: file`.
    """
    findings = Findings()
    adapted = _read_files(sources, surroundings, findings)
    if adapted is None:
        return Compiled(None, findings.in_order())
    root = substitute_variables(assemble(adapted.files, findings), surroundings.variables, findings)
    variants = {"": None, **list_environments(root, findings)}
    wanted = surroundings.environment if surroundings.environment in variants else ""
    counting = () if _says_file_only(root) else upper
    for layer in counting:
        refuse_secrets_and_nulls(layer.root, findings, takes_nulls=layer.removes)
    below = _list_lower_layers(surroundings, findings)
    stack = _stack_layers(root, variants.pop(wanted), below, counting, findings)
    if counting:
        without = _merge(root.place, stack.layers[: len(stack.layers) - len(counting)])
        refuse_new_hosts(without, counting, surroundings.catalog, surroundings.base_urls, findings)
    snapshot, document = _compile_stack(stack, surroundings, adapted.lenient_files, findings)
    for name, environment in variants.items():
        if findings.count_errors() >= MOST_PROBLEMS:
            break
        others = findings.fork()
        other = _stack_layers(root, environment, below, (), others)
        _compile_stack(other, replace(surroundings, environment=name), adapted.lenient_files, others)
        findings.take_errors(others)
    good = None if findings.count_errors() else snapshot
    return Compiled(good, findings.in_order(), stack.layers, stack.effective, document, adapted)


def compile_effective(root: MappingNode, surroundings: Surroundings, lenient_files: frozenset[str]) -> Snapshot:
    """The snapshot of a document that was in force before, all its layers in it; problems with it are not judged again.

    Args:
        root: the document.
        surroundings: what its meaning depends on.
        lenient_files: files in which an unknown model is left out.
    """
    stack = _Stack((Layer("file", root),), root)
    return _compile_stack(stack, surroundings, lenient_files, Findings())[0]


def _read_files(sources: Sequence[Source], surroundings: Surroundings, findings: Findings) -> Adapted | None:
    """The files as trees in the form of the document, or `None` when one of them cannot be read at all."""
    parts = [part for source in sources for part in split_printed_files(source)]
    files: list[ReadFile] = []
    for part in parts:
        root = read_source(part, findings)
        if root is not None:
            refuse_secrets_and_nulls(root, findings)
            files.append(ReadFile(part.file, root, part.environment))
    return adapt_files(files, findings, surroundings.catalog) if len(files) == len(parts) else None


def _says_file_only(root: MappingNode) -> bool:
    said = find_node(root, "source")
    return isinstance(said, ScalarNode) and said.value == "file"


def _list_lower_layers(surroundings: Surroundings, findings: Findings) -> tuple[Layer, ...]:
    """What older set-ups say by environment variables; anything that the files say counts before it."""
    said = adapt_variables(surroundings.variables, surroundings.catalog, findings)
    return () if said is None else (Layer("variables", said),)


def _stack_layers(
    root: MappingNode,
    environment: MappingNode | None,
    below: Sequence[Layer],
    upper: Sequence[Layer],
    findings: Findings,
) -> _Stack:
    overlay = () if environment is None else (build_environment_layer(root, environment, findings),)
    layers = (*below, Layer("file", root), *overlay, *upper)
    return _Stack(layers, _merge(root.place, layers))


def _merge(place: Place, layers: Sequence[Layer]) -> MappingNode:
    merged = MappingNode(place, {})
    for layer in layers:
        merged = lay_over(merged, layer)
    return merged


def _compile_stack(
    stack: _Stack, surroundings: Surroundings, lenient_files: frozenset[str], findings: Findings
) -> tuple[Snapshot, Document]:
    """Compile one variant; the snapshot lacks whatever a problem was noted for."""
    document = read_document(stack.effective, findings)
    compilation = Compilation(document, surroundings, findings, lenient_files)
    providers = {
        name: provider
        for name, written in document.providers.items()
        if (provider := resolve_provider(name, written, compilation))
    }
    models = {
        name: model
        for name, written in document.models.items()
        if (model := resolve_model(name, written, providers, compilation))
    }

    def find_model(name: str, place: Place) -> Model | None:
        if name not in models and name not in document.model_names:
            adopted = adopt_model(name, place, document.models, providers, compilation)
            if adopted is not None:
                models[name] = adopted
        return models.get(name)

    resolve_references(find_model, compilation)
    agents = resolve_agents(find_model, compilation)
    interactions = resolve_interactions(find_model, compilation)
    tasks = resolve_tasks(find_model, compilation)
    snapshot = Snapshot(
        revision="",
        environment=surroundings.environment,
        models=models,
        agents=agents,
        interactions=interactions,
        tasks=tasks,
        aliases=dict(document.routing.value.aliases),
        settings=resolve_settings(compilation),
        routing=resolve_routing(document, models, agents, (*interactions.values(), *tasks.values()), stack.layers),
        budgets=resolve_budgets(compilation),
        limits=resolve_limits(compilation),
        provider_limits=list_provider_limits(providers),
    )
    run_checks(compilation, snapshot)
    return _seal(snapshot, document, surroundings), document


def _seal(snapshot: Snapshot, document: Document, surroundings: Surroundings) -> Snapshot:
    """Name the snapshot after all that it holds: the same revision means the same behaviour."""
    content = (
        snapshot.environment,
        surroundings.catalog.version,
        snapshot.models,
        snapshot.agents,
        snapshot.interactions,
        snapshot.tasks,
        snapshot.settings,
        document.list_values(),
    )
    digest = sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
    return replace(snapshot, revision=digest[:REVISION_DIGITS])
