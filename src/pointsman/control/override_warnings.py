"""What an override leads to that its author may not have had in mind: said in its answer, and no reason to refuse."""

from collections.abc import Iterator

from pointsman.control.configuration import Loaded
from pointsman.control.ingredients import is_kept_local
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import join_path
from pointsman.core.ports import OverrideRecord
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision, Drop, Refusal
from pointsman.core.routing.facts import Facts, ForcedModel
from pointsman.core.routing.find_target import AUTO


def list_warnings(record: OverrideRecord, loaded: Loaded) -> Iterator[str]:
    """What stays shut though an override asks for more, who has no model while it counts, and whom it does not move.

    Args:
        record: the override.
        loaded: what came into force with it.
    """
    if is_kept_local(loaded, record.id) and not _is_local_only(loaded):
        yield (
            "the strategy below this override allows local models only, and that stays so: nothing goes to the cloud;"
            " change routing.strategy in the configuration to let it"
        )
    about = join_path("agents", record.target) if record.kind == "agent" else None
    stranded = [
        str(problem)
        for problem in loaded.problems
        if problem.code == "privacy_unsatisfiable" and about in (None, problem.path)
    ]
    yield from stranded
    if record.kind == "agent" and not stranded and loaded.snapshot is not None:
        yield from _warn_of_agent(record, loaded.snapshot)


def warn_of_task(record: OverrideRecord, snapshot: Snapshot) -> Iterator[str]:
    """That a forced model may not serve requests of which nothing but the task is known.

    Args:
        record: the override.
        snapshot: the configuration in force.
    """
    model = str(record.value["model"])
    forced = ForcedModel(model, record.id, record.author, record.reason)
    drop = _find_drop(model, decide(snapshot, Facts(AUTO, forced=forced)))
    if drop is not None:
        yield (
            f"{quote(model)} is not taken ({drop.reason}): requests of this task that this applies to are refused;"
            " name another model"
        )


def _warn_of_agent(record: OverrideRecord, snapshot: Snapshot) -> Iterator[str]:
    """That an agent does not run on the model that it was given, though its requests say nothing of themselves."""
    model = str(record.value["model"])
    answer = decide(snapshot, Facts(f"agent:{record.target}"))
    drop = _find_drop(model, answer)
    if drop is None:
        return
    instead = (
        f"agent {quote(record.target)} runs on {quote(answer.attempts[0].model.name)}"
        if isinstance(answer, Decision)
        else f"requests of agent {quote(record.target)} are refused"
    )
    yield f"{quote(model)} is not taken ({drop.reason}): {instead} meanwhile; name another model"


def _find_drop(model: str, answer: Decision | Refusal) -> Drop | None:
    return next((drop for drop in answer.dropped if drop.model == model), None)


def _is_local_only(loaded: Loaded) -> bool:
    """Whether the strategy in force allows local models only."""
    plan = loaded.snapshot.routing if loaded.snapshot else None
    strategy = plan.strategies.get(plan.strategy or "") if plan else None
    return strategy is not None and strategy.only == "local"
