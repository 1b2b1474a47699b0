"""Files, the stored layer and overrides: all that an effective configuration is made from, and how it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pointsman.control.configuration import Loaded, compile_gathered
from pointsman.control.sources import Gathered
from pointsman.core.config.layers import Layer, build_mapping
from pointsman.core.config.nodes import Plain, ScalarNode, find_node
from pointsman.core.config.stored_layer import StoredLayer
from pointsman.core.ports import OverrideKind, OverrideRecord

LAYER_KINDS: frozenset[OverrideKind] = frozenset(("agent", "strategy"))
"""What overrides are for that change the document."""


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

    def build_upper_layers(self, *, stays_local: bool = False) -> tuple[Layer, ...]:
        """The layers above the files, the lowest first.

        Args:
            stays_local: whether the strategy below the overrides allows local models only.
        """
        overrides = (build_override_layer(each, stays_local=stays_local) for each in self.overrides)
        return (*self.stored.build_layers(), *overrides)


def build_override_layer(override: OverrideRecord, *, stays_local: bool = False) -> Layer:
    """A runtime change as a layer over everything written and stored."""
    return Layer(
        name="override",
        root=build_mapping(_write_values(override, stays_local), f"override {override.id}"),
        author=override.author,
        reason=override.reason,
        since_ms=override.created_at_ms,
        expires_at_ms=override.expires_at_ms,
        id=override.id,
    )


def _write_values(override: OverrideRecord, stays_local: bool) -> dict[str, Plain]:
    if override.kind != "strategy":
        return {"agents": {override.target: {"model": str(override.value["model"])}}}
    routing: dict[str, Plain] = {"strategy": str(override.value["strategy"])}
    if stays_local:
        # An override may shut what is open for a while, never open what the configuration keeps shut.
        routing["force_local_models"] = True
    return {"routing": routing}


def compile_ingredients(
    wanted: Ingredients, environ: Mapping[str, str], environment: str
) -> tuple[Ingredients, Loaded]:
    """Compile everything together.

    What lies below the overrides must do by itself, because they end by themselves; and one for an agent that is
    gone ends with it.
    """
    below = replace(wanted, overrides=())
    loaded = compile_gathered(wanted.gathered, environ, environment, below.build_upper_layers())
    if loaded.snapshot is None or not wanted.overrides:
        return wanted, loaded
    agents, plan = loaded.snapshot.agents, loaded.snapshot.routing
    kept = tuple(each for each in wanted.overrides if each.kind == "strategy" or each.target in agents)
    wanted = replace(wanted, overrides=kept)
    if not kept:
        return wanted, loaded
    strategy = plan.strategies.get(plan.strategy or "")
    upper = wanted.build_upper_layers(stays_local=strategy is not None and strategy.only == "local")
    return wanted, compile_gathered(wanted.gathered, environ, environment, upper)


def select_layers(overrides: Iterable[OverrideRecord]) -> tuple[OverrideRecord, ...]:
    """Those that change the document; the others are facts of single requests."""
    return tuple(each for each in overrides if each.kind in LAYER_KINDS)


def is_kept_local(loaded: Loaded, override_id: str) -> bool:
    """Whether requests stay local under an override of the strategy because they had to without it."""
    layers = loaded.compiled.layers if loaded.compiled else ()
    roots = [layer.root for layer in layers if layer.id == override_id]
    return any(isinstance(find_node(root, "routing", "force_local_models"), ScalarNode) for root in roots)
