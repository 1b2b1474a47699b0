"""Names that nothing has now: no error, since something may have them soon, but probably not what was meant."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel

from pointsman.control.tenants import Tenants
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.routing.key_policy import EVERYTHING, STARRED, KeyPolicy
from pointsman.core.tenant_ports import TenantKind

AUTO = "auto"
"""What a request asks for that leaves the choice to routing; there is always one."""


class KeyWarning(BaseModel):
    """Something about a key, a team or a user that is probably not what was meant."""

    path: str
    code: Literal["unknown_reference", "conflict"] = "unknown_reference"
    message: str
    suggestion: str | None = None


def find_unknown_names(policy: KeyPolicy, snapshot: Snapshot, tenants: Tenants) -> list[KeyWarning]:
    """What a key lists and nothing answers to now, and whose team or user nobody has registered."""
    strategies = {EVERYTHING, *snapshot.routing.strategies}
    return [
        *find_unknown_models(policy.models, snapshot),
        *(_warn(f"/strategies/{place}", name, strategies) for place, name in _unknown(policy.strategies, strategies)),
        *find_unregistered("team", policy.team, tenants),
        *find_unregistered("user", policy.user, tenants),
        *_find_other_team(policy, tenants),
    ]


def find_unknown_models(models: Iterable[str], snapshot: Snapshot) -> list[KeyWarning]:
    """What is listed and nothing answers to now."""
    targets = _list_targets(snapshot)
    return [_warn(f"/models/{place}", name, targets) for place, name in _unknown(models, targets)]


def find_unregistered(kind: TenantKind, id: str, tenants: Tenants) -> list[KeyWarning]:
    """A team or user that nobody has registered: it is a label then, and has no budgets or limits."""
    if not id or tenants.find(kind, id) is not None:
        return []
    message = f"no {kind} {quote(id)} is registered, so this is only a label; `pointsman {kind}s create` registers one"
    guess = suggest_name(id, [tenant.id for tenant in tenants.list(kind)])
    return [KeyWarning(path=f"/{kind}", message=message, suggestion=guess)]


def _find_other_team(policy: KeyPolicy, tenants: Tenants) -> list[KeyWarning]:
    user = tenants.find("user", policy.user) if policy.user else None
    if user is None or not policy.team or user.team in ("", policy.team):
        return []
    message = (
        f"the user {quote(user.id)} belongs to the team {quote(user.team)}; what this key spends counts for its own"
    )
    return [KeyWarning(path="/team", code="conflict", message=message, suggestion=user.team)]


def _list_targets(snapshot: Snapshot) -> set[str]:
    agents = {f"agent:{name}" for name in snapshot.agents}
    tasks = {f"task:{name}" for name in snapshot.tasks}
    interactions = {f"interaction:{name}" for name in snapshot.interactions}
    stars = {f"{kind}:*" for kind in STARRED}
    return {AUTO, *snapshot.models, *snapshot.aliases, *agents, *tasks, *interactions, *stars}


def _unknown(names: Iterable[str], known: set[str]) -> Iterable[tuple[int, str]]:
    return [(place, name) for place, name in enumerate(names) if name not in known]


def _warn(path: str, name: str, known: set[str]) -> KeyWarning:
    if "*" in name:
        message = f"{quote(name)} allows nothing: a star stands for all of a kind and nothing else, as in agent:*"
        return KeyWarning(path=path, message=message)
    message = f"nothing is called {quote(name)} now; it counts once the configuration has it"
    # Whoever forgets the kind means an agent more often than anything else.
    kinds = (f"{kind}:{name}" for kind in sorted(STARRED))
    suggestion = next((full for full in kinds if full in known), None) or suggest_name(name, sorted(known))
    return KeyWarning(path=path, message=message, suggestion=suggestion)
