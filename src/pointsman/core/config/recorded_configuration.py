"""A configuration as past decisions saw it: all that its snapshot follows from, so that the snapshot can be had again.

It holds no value of any variable but the base URLs that its providers are at.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import msgspec

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.compile import compile_effective
from pointsman.core.config.layers import build_mapping
from pointsman.core.config.nodes import ListNode, MappingNode, Node, Plain, ScalarNode, WrittenFloat
from pointsman.core.config.routing_plan import RuntimeOverride
from pointsman.core.config.snapshot import Snapshot

FILE = "recorded configuration"

_decoder = msgspec.json.Decoder(float_hook=WrittenFloat)
_STARTS_BARE = re.compile(r"^(-?)\.")
_ENDS_BARE = re.compile(r"\.(?=[eE]|$)")


class RecordedOverride(msgspec.Struct, frozen=True):
    """A runtime override as decisions tell of it; each field is as in `RuntimeOverride`."""

    id: str
    author: str
    reason: str


class RecordedConfiguration(msgspec.Struct, frozen=True):
    """All that a snapshot follows from.

    Attributes:
        revision: of the snapshot.
        environment: the name of the environment whose overlay applies.
        program: the version of Pointsman that compiled it.
        catalogue: the version of the catalogue.
        today: ISO date that its prices are of.
        base_urls: of providers that an environment variable moves, by the variable.
        strategy_override: the runtime override that set the strategy, or `None`.
        overridden: agents whose model a runtime override sets.
        document: the effective document; numbers with decimals are as they were written.
    """

    revision: str
    environment: str
    program: str
    catalogue: str
    today: str
    base_urls: dict[str, str]
    strategy_override: RecordedOverride | None
    overridden: dict[str, RecordedOverride]
    document: msgspec.Raw


def record_configuration(
    snapshot: Snapshot, effective: MappingNode, surroundings: Surroundings, program: str
) -> RecordedConfiguration:
    """Put down what a snapshot follows from.

    Args:
        snapshot: that requests run on.
        effective: the document that it was compiled from, with all its layers.
        surroundings: what that meant.
        program: the version of Pointsman.
    """
    plan = snapshot.routing
    override = plan.strategy_override
    return RecordedConfiguration(
        revision=snapshot.revision,
        environment=snapshot.environment,
        program=program,
        catalogue=surroundings.catalog.version,
        today=surroundings.today,
        base_urls=_select_base_urls(snapshot, surroundings),
        strategy_override=None if override is None else _record_override(override),
        overridden={agent: _record_override(made) for agent, made in plan.overridden.items()},
        document=msgspec.Raw(msgspec.json.encode(_as_json(effective))),
    )


def compile_recorded(
    recorded: RecordedConfiguration, catalog: Catalog, list_time_zones: Callable[[], frozenset[str]]
) -> Snapshot:
    """The snapshot again; only where its revision is the recorded one is it the one that decisions saw.

    No variable but the recorded ones counts, and problems do not: it was in force.
    """
    document = _as_plain(_decoder.decode(recorded.document))
    assert isinstance(document, dict), "a document is a mapping"
    root = build_mapping(document, FILE)
    surroundings = Surroundings(
        environment=recorded.environment,
        catalog=catalog,
        today=recorded.today,
        base_urls=recorded.base_urls,
        set_variables=frozenset(),
        list_time_zones=list_time_zones,
    )
    snapshot = compile_effective(root, surroundings, frozenset((FILE,)))
    if snapshot.revision != recorded.revision:
        # It may have been compiled just before midnight and put down just after.
        before = (date.fromisoformat(recorded.today) - timedelta(days=1)).isoformat()
        earlier = compile_effective(root, replace(surroundings, today=before), frozenset((FILE,)))
        snapshot = earlier if earlier.revision == recorded.revision else snapshot
    override = recorded.strategy_override
    plan = replace(
        snapshot.routing,
        strategy_override=None if override is None else _restore_override(override),
        overridden={agent: _restore_override(made) for agent, made in recorded.overridden.items()},
    )
    return replace(snapshot, routing=plan)


def _select_base_urls(snapshot: Snapshot, surroundings: Surroundings) -> dict[str, str]:
    """Those of providers in use: another variable may hold anything, such as a password for some proxy."""
    used = {model.deployment.provider for model in snapshot.models.values()}
    known = surroundings.catalog.providers
    names = {variable for provider in used if provider in known for variable in known[provider].base_url_variables}
    return {name: url for name, url in surroundings.base_urls.items() if name in names}


def _record_override(override: RuntimeOverride) -> RecordedOverride:
    return RecordedOverride(override.id, override.author, override.reason)


def _restore_override(override: RecordedOverride) -> RuntimeOverride:
    return RuntimeOverride(override.id, override.author, override.reason)


def _as_json(node: Node) -> object:
    if isinstance(node, MappingNode):
        return {name: _as_json(entry.value) for name, entry in node.entries.items()}
    if isinstance(node, ListNode):
        return [_as_json(item) for item in node.items]
    return _write_number(node) if isinstance(node.value, float) else node.value


def _write_number(node: ScalarNode) -> msgspec.Raw:
    """A number with decimals by its digits: money is read from them, and never from a float."""
    text = node.value.text if isinstance(node.value, WrittenFloat) else repr(node.value)
    text = _ENDS_BARE.sub(".0", _STARTS_BARE.sub(r"\g<1>0.", text.removeprefix("+")))
    return msgspec.Raw(text.encode())


def _as_plain(value: object) -> Plain:
    if isinstance(value, dict):
        return {str(name): _as_plain(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_as_plain(item) for item in value]
    assert value is None or isinstance(value, str | int | float), "JSON holds nothing else"
    return value
