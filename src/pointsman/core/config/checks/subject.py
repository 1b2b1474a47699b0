"""What every check looks at: a compiled document, its callers, and the models each of them could run on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pointsman.core.config.compilation import Compilation
from pointsman.core.config.problems import Findings, Place, Severity
from pointsman.core.config.read_document import Document, Written
from pointsman.core.config.sections.callers import Agent, Interaction, PrivacyLevel, Task
from pointsman.core.config.snapshot import Model, Snapshot

CallerKind = Literal["agent", "interaction", "task"]
Role = Literal["model", "fallback", "local_alternative", "budget_mode", "rule", "variant", "tier"]

ORDERED: frozenset[Role] = frozenset(("model", "fallback"))
"""What a caller's own order is made of; the other roles come in on an occasion."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that a caller names.

    Attributes:
        role: what for.
        model: as it was resolved; a name that led to nothing is no candidate.
        place: where it is named.
    """

    role: Role
    model: Model
    place: Place

    @property
    def is_local(self) -> bool:
        """Whether what it is sent stays on the operator's machines."""
        return self.model.deployment.location == "local"


@dataclass(frozen=True, slots=True)
class Caller:
    """An agent, an interaction or a type of task.

    Attributes:
        kind: which of them.
        name: under which it is called.
        key: where its name stands.
        written: what is said of it.
        privacy: the label that its requests have at least, or `None`.
        skills: capabilities that it requires, and where each is asked for.
        strict: whether a model that lacks one of them is never taken.
        candidates: the models that it names, in the order of the document.
        is_complete: whether every model that it names was found.
    """

    kind: CallerKind
    name: str
    key: Place
    written: Written[Agent] | Written[Interaction] | Written[Task]
    privacy: PrivacyLevel | None
    skills: tuple[tuple[str, Place], ...]
    strict: bool
    candidates: tuple[Candidate, ...]
    is_complete: bool

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"{self.kind} {self.name}"

    def in_order(self) -> list[Candidate]:
        """Its model, then its fallbacks."""
        return [candidate for candidate in self.candidates if candidate.role in ORDERED]


@dataclass(frozen=True, slots=True)
class Subject:
    """A document that could be compiled, as far as it goes.

    Attributes:
        compilation: the document and what its meaning depends on.
        snapshot: what it became.
        callers: all of them.
        tiers: the models of `routing.tiers`, which every caller can fall back to.
        by_name: the callers by kind and name.
        cloud_providers: the providers whose models are in the cloud.
    """

    compilation: Compilation
    snapshot: Snapshot
    callers: tuple[Caller, ...]
    tiers: tuple[Candidate, ...]
    by_name: Mapping[tuple[str, str], Caller]
    cloud_providers: frozenset[str]

    @property
    def document(self) -> Document:
        """What was read."""
        return self.compilation.document

    @property
    def findings(self) -> Findings:
        """Where problems go."""
        return self.compilation.findings

    def soften(self, place: Place) -> Severity:
        """How bad something is that another written form may say and ours may not."""
        return "warning" if place.file in self.compilation.lenient_files else "error"

    def find_caller(self, kind: str, name: str) -> Caller | None:
        """The caller of a kind and name."""
        return self.by_name.get((kind, name))

    def reach(self, caller: Caller) -> list[Candidate]:
        """Every model that a request of a caller could end up with, except one that it names itself."""
        return [*caller.candidates, *self.tiers]


def build_subject(compilation: Compilation, snapshot: Snapshot) -> Subject:
    """Gather what the checks look at."""
    document = compilation.document
    tiers = tuple(_list_tiers(document, snapshot))
    callers = (
        *(_build_agent(name, written, document, snapshot) for name, written in document.agents.items()),
        *(_build("interaction", name, one, document, snapshot) for name, one in document.interactions.items()),
        *(_build("task", name, one, document, snapshot) for name, one in document.tasks.items()),
    )
    by_name: dict[tuple[str, str], Caller] = {(caller.kind, caller.name): caller for caller in callers}
    deployments = [model.deployment for model in snapshot.models.values()]
    cloud = frozenset(one.provider for one in deployments if one.location == "cloud")
    return Subject(compilation, snapshot, callers, tiers, by_name, cloud)


def _build_agent(name: str, written: Written[Agent], document: Document, snapshot: Snapshot) -> Caller:
    return _build(
        "agent",
        name,
        written,
        document,
        snapshot,
        more=(*_name_others(written), *_name_rules(written), *_name_variants(name, document)),
        strict=written.value.strict_capabilities,
    )


def _build(
    kind: CallerKind,
    name: str,
    written: Written[Agent] | Written[Interaction] | Written[Task],
    document: Document,
    snapshot: Snapshot,
    more: tuple[tuple[Role, str, Place], ...] = (),
    strict: bool = False,
) -> Caller:
    stated = written.value
    named: list[tuple[Role, str, Place]] = [("model", stated.model, written.place_of("model"))]
    named += [("fallback", model, written.place_of("fallback", at)) for at, model in enumerate(stated.fallback)]
    named += more
    found = [(role, snapshot.models.get(model), place) for role, model, place in named]
    skills = () if isinstance(stated, Interaction) else tuple(stated.capabilities_required)
    return Caller(
        kind=kind,
        name=name,
        key=written.key,
        written=written,
        privacy=stated.policy.privacy or document.policy.value.privacy,
        skills=tuple((skill, written.place_of("capabilities_required", at)) for at, skill in enumerate(skills)),
        strict=strict,
        candidates=tuple(Candidate(role, model, place) for role, model, place in found if model is not None),
        is_complete=all(model is not None for _, model, _ in found),
    )


def _name_others(written: Written[Agent]) -> Iterator[tuple[Role, str, Place]]:
    if written.value.local_alternative is not None:
        yield "local_alternative", written.value.local_alternative, written.place_of("local_alternative")
    if written.value.budget_mode is not None:
        yield "budget_mode", written.value.budget_mode, written.place_of("budget_mode")


def _name_rules(written: Written[Agent]) -> Iterator[tuple[Role, str, Place]]:
    for at, rule in enumerate(written.value.rules):
        if rule.use is not None:
            yield "rule", rule.use, written.place_of("rules", at, "use")


def _name_variants(agent: str, document: Document) -> Iterator[tuple[Role, str, Place]]:
    for written in document.experiments.values():
        if written.value.agent == agent and written.value.enabled:
            for variant, model in written.value.variants.items():
                yield "variant", model, written.place_of("variants", variant)


def _list_tiers(document: Document, snapshot: Snapshot) -> Iterator[Candidate]:
    for at, tier in enumerate(document.routing.value.tiers):
        for place, name in enumerate(tier):
            if (model := snapshot.models.get(name)) is not None:
                yield Candidate("tier", model, document.routing.place_of("tiers", at, place))
