"""Files, the stored layer and overrides: all that an effective configuration is made from, and how it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pointsman.control.configuration import Loaded, compile_gathered
from pointsman.control.sources import Gathered
from pointsman.core.config.layers import Layer, build_mapping
from pointsman.core.config.nodes import Plain
from pointsman.core.config.stored_layer import StoredLayer
from pointsman.core.ports import OverrideRecord


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a snapshot is compiled from, beside the process's environment.

    Attributes:
        gathered: the files.
        stored: the stored layer.
        overrides: those that have not ended, the oldest first.
    """

    gathered: Gathered
    stored: StoredLayer = field(default_factory=StoredLayer)
    overrides: tuple[OverrideRecord, ...] = ()

    def build_upper_layers(self) -> tuple[Layer, ...]:
        """The layers above the files, the lowest first."""
        return (*self.stored.build_layers(), *map(build_override_layer, self.overrides))


def build_override_layer(override: OverrideRecord) -> Layer:
    """A runtime change as a layer over everything written and stored."""
    values: dict[str, Plain] = {"agents": {override.target: {"model": str(override.value["model"])}}}
    return Layer(
        name="override",
        root=build_mapping(values, f"override {override.id}"),
        author=override.author,
        reason=override.reason,
        since_ms=override.created_at_ms,
        expires_at_ms=override.expires_at_ms,
        id=override.id,
    )


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
    agents = loaded.snapshot.agents
    kept = replace(wanted, overrides=tuple(each for each in wanted.overrides if each.target in agents))
    if not kept.overrides:
        return kept, loaded
    return kept, compile_gathered(kept.gathered, environ, environment, kept.build_upper_layers())
