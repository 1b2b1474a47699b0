"""What an override leads to that its author may not have had in mind: said in its answer, and no reason to refuse."""

from collections.abc import Iterator

from pointsman.control.configuration import Loaded
from pointsman.control.ingredients import is_kept_local
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import join_path
from pointsman.core.ports import OverrideRecord


def list_warnings(record: OverrideRecord, loaded: Loaded) -> Iterator[str]:
    """What stays shut though an override asks for more, and who has no model while it counts.

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
    for problem in loaded.problems:
        if problem.code == "privacy_unsatisfiable" and about in (None, problem.path):
            yield str(problem)


def warn_of_cloud(model: str, snapshot: Snapshot) -> tuple[str, ...]:
    """That a forced model will serve nothing while everything has to stay local."""
    served, why = snapshot.models.get(model), snapshot.settings.stays_local
    if why is None or served is None or served.deployment.location == "local":
        return ()
    advice = "they are refused; name a local model"
    return (f"{quote(model)} is a cloud model, and requests must stay local ({why}): {advice}",)


def _is_local_only(loaded: Loaded) -> bool:
    """Whether the strategy in force allows local models only."""
    plan = loaded.snapshot.routing if loaded.snapshot else None
    strategy = plan.strategies.get(plan.strategy or "") if plan else None
    return strategy is not None and strategy.only == "local"
