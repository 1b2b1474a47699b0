"""`compile_config(source, surroundings)`: an immutable snapshot or all problems at once; pure, and it never raises."""

from dataclasses import dataclass, replace
from hashlib import sha256

import msgspec

from pointsman.core.config.compilation import Compilation, Surroundings
from pointsman.core.config.nodes import MappingNode
from pointsman.core.config.overlay import lay_over, list_environments
from pointsman.core.config.problems import MOST_PROBLEMS, Findings, Place, Problem
from pointsman.core.config.read_document import read_document, refuse_secrets_and_nulls
from pointsman.core.config.resolve_agent import resolve_agent
from pointsman.core.config.resolve_model import adopt_model, resolve_model
from pointsman.core.config.resolve_provider import resolve_provider
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.config.source import Source, read_source

REVISION_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a document came to.

    Attributes:
        snapshot: ready to use, or `None` when a problem is an error.
        problems: in the order of the document, at most 50; with a snapshot they are warnings only.
    """

    snapshot: Snapshot | None
    problems: tuple[Problem, ...]


def compile_config(source: Source, surroundings: Surroundings) -> Compiled:
    """Compile a document for one environment; every other environment is judged too, for its errors."""
    findings = Findings(source.file)
    root = read_source(source, findings)
    if root is None:
        return Compiled(None, findings.in_order())
    refuse_secrets_and_nulls(root, findings)
    variants = {"": None, **list_environments(root, findings)}
    wanted = surroundings.environment if surroundings.environment in variants else ""
    chosen = _compile_variant(root, variants.pop(wanted), surroundings, findings)
    for name, environment in variants.items():
        if findings.count_errors() >= MOST_PROBLEMS:
            break
        others = findings.fork()
        _compile_variant(root, environment, replace(surroundings, environment=name), others)
        findings.take_errors(others)
    return Compiled(None if findings.count_errors() else chosen, findings.in_order())


def _compile_variant(
    root: MappingNode, environment: MappingNode | None, surroundings: Surroundings, findings: Findings
) -> Snapshot:
    """Compile the document under one environment; the snapshot lacks whatever a problem was noted for."""
    effective = root if environment is None else lay_over(root, environment, findings)
    compilation = Compilation(read_document(effective, findings), surroundings, findings)
    document = compilation.document
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

    agents = {
        name: agent
        for name, written in document.agents.items()
        if (agent := resolve_agent(name, written, find_model, compilation))
    }
    return _seal(Snapshot("", surroundings.environment, models, agents), surroundings)


def _seal(snapshot: Snapshot, surroundings: Surroundings) -> Snapshot:
    """Name the snapshot after all that it holds: the same revision means the same behaviour."""
    content = (snapshot.environment, surroundings.catalog.version, snapshot.models, snapshot.agents)
    digest = sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
    return replace(snapshot, revision=digest[:REVISION_DIGITS])
