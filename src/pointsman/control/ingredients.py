"""Files, the stored layer and overrides: all that an effective configuration is made from, and how it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pointsman.control.configuration import Loaded, compile_gathered
from pointsman.control.sources import Gathered
from pointsman.core.chat.money import format_usd
from pointsman.core.config.layers import Layer, build_mapping
from pointsman.core.config.nodes import Plain, ScalarNode, find_node
from pointsman.core.config.routing_plan import RoutingPlan
from pointsman.core.config.stored_layer import StoredLayer
from pointsman.core.ports import OverrideKind, OverrideRecord

LAYER_KINDS: frozenset[OverrideKind] = frozenset(("agent", "strategy"))
"""What overrides are for that change the document."""


@dataclass(frozen=True, slots=True)
class Below:
    """What the strategy below the overrides keeps shut: an override may shut more for a while, never open that.

    Attributes:
        stays_local: whether it allows local models only.
        cloud_budget_nusd: what it lets be spent on the cloud per day, or `None`.
        budgets: the same for each strategy that an override may put in its place, by name.
    """

    stays_local: bool = False
    cloud_budget_nusd: int | None = None
    budgets: Mapping[str, int | None] = field(default_factory=dict)

    def find_budget(self, strategy: str) -> int | None:
        """The daily cloud budget to be put on another strategy, or `None` where its own is no larger."""
        own_nusd, most_nusd = self.budgets.get(strategy), self.cloud_budget_nusd
        return None if own_nusd is not None and most_nusd is not None and own_nusd <= most_nusd else most_nusd


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a snapshot is compiled from, beside the process's environment.

    Attributes:
        gathered: the files.
        stored: the stored layer.
        overrides: those that change the document and have not ended, the oldest first.
    """

    gathered: Gathered
    stored: StoredLayer = field(default_factory=StoredLayer)
    overrides: tuple[OverrideRecord, ...] = ()

    def build_upper_layers(self, below: Below = Below()) -> tuple[Layer, ...]:
        """The layers above the files, the lowest first.

        Args:
            below: what the strategy below the overrides keeps shut.
        """
        overrides = (build_override_layer(each, below) for each in self.overrides)
        return (*self.stored.build_layers(), *overrides)


def build_override_layer(override: OverrideRecord, below: Below = Below()) -> Layer:
    """A runtime change as a layer over everything written and stored."""
    return Layer(
        name="override",
        root=build_mapping(_write_values(override, below), f"override {override.id}"),
        author=override.author,
        reason=override.reason,
        since_ms=override.created_at_ms,
        expires_at_ms=override.expires_at_ms,
        id=override.id,
    )


def _write_values(override: OverrideRecord, below: Below) -> dict[str, Plain]:
    if override.kind != "strategy":
        return {"agents": {override.target: {"model": str(override.value["model"])}}}
    name = str(override.value["strategy"])
    routing: dict[str, Plain] = {"strategy": name}
    if below.stays_local:
        routing["force_local_models"] = True
    budget_nusd = below.find_budget(name)
    if budget_nusd is not None:
        routing["strategies"] = {name: {"cloud_budget_per_day": format_usd(budget_nusd)}}
    return {"routing": routing}


def compile_ingredients(
    wanted: Ingredients, environ: Mapping[str, str], environment: str
) -> tuple[Ingredients, Loaded]:
    """Compile everything together.

    What lies below the overrides must do by itself, because they end by themselves; and one for an agent that is
    gone ends with it.
    """
    lower = replace(wanted, overrides=())
    loaded = compile_gathered(wanted.gathered, environ, environment, lower.build_upper_layers())
    if loaded.snapshot is None or not wanted.overrides:
        return wanted, loaded
    agents, plan = loaded.snapshot.agents, loaded.snapshot.routing
    kept = tuple(each for each in wanted.overrides if each.kind == "strategy" or each.target in agents)
    wanted = replace(wanted, overrides=kept)
    if not kept:
        return wanted, loaded
    upper = wanted.build_upper_layers(_find_below(plan))
    return wanted, compile_gathered(wanted.gathered, environ, environment, upper)


def _find_below(plan: RoutingPlan) -> Below:
    strategy = plan.strategies.get(plan.strategy or "")
    if strategy is None:
        return Below()
    budgets = {name: each.cloud_budget_nusd for name, each in plan.strategies.items()}
    return Below(strategy.only == "local", strategy.cloud_budget_nusd, budgets)


def select_layers(overrides: Iterable[OverrideRecord]) -> tuple[OverrideRecord, ...]:
    """Those that change the document; the others are facts of single requests."""
    return tuple(each for each in overrides if each.kind in LAYER_KINDS)


def is_kept_local(loaded: Loaded, override_id: str) -> bool:
    """Whether requests stay local under an override of the strategy because they had to without it."""
    layers = loaded.compiled.layers if loaded.compiled else ()
    roots = [layer.root for layer in layers if layer.id == override_id]
    return any(isinstance(find_node(root, "routing", "force_local_models"), ScalarNode) for root in roots)
