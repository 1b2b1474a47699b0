"""Explains values of the effective configuration: which layer says so, what it shadows, where it differs from files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pointsman.core.config.default_values import find_default_value
from pointsman.core.config.diff import is_same
from pointsman.core.config.find_path import Steps, find_path, find_value, suggest_paths, write_path
from pointsman.core.config.layers import Layer, LayerName
from pointsman.core.config.nodes import MappingNode, Node, Plain, to_plain
from pointsman.core.config.origins import KNOWN, OF_FILES, Origin, Origins, is_null, is_one_thing, list_leaves

_OF_SOURCES: frozenset[LayerName] = frozenset(("catalogue", "variables"))
_ABOVE_FILES: frozenset[LayerName] = frozenset(("stored", "override"))


@dataclass(frozen=True, slots=True)
class Shadow:
    """A value that does not count.

    Attributes:
        layer: that says it.
        value: what it says.
        file: where it stands, or `None` for a layer that no file holds.
        line: 1-based, or `None`.
    """

    layer: LayerName
    value: Plain
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value below the one that was asked for; the attributes are those of `Shadow`, and its path."""

    path: str
    value: Plain
    layer: LayerName
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Explained:
    """A value and where it comes from.

    Attributes:
        path: of the value, in the usual form.
        value: what counts; `None` when a layer took it away and nothing holds in its place.
        layer: that gives it; for a mapping the highest that adds to it; the one that took it away if there is none.
        file: where it stands, or `None` for a layer that no file holds.
        line: 1-based, or `None`.
        column: 1-based, or `None`.
        author: who said so, or took away what others say; `""` for files.
        reason: why, as that was said; the source of a fact of the catalogue; `""` where nobody said.
        since_ms: from when on, in milliseconds since the Unix epoch, or `None`.
        expires_at_ms: when it ends by itself, or `None`.
        shadows: the values of other layers that do not count, the highest first.
        leaves: of a mapping, each value below it with the layer that gives it.
        removed_by: the layer that took away what others say here, or `None`.
    """

    path: str
    value: Plain
    layer: LayerName
    file: str | None = None
    line: int | None = None
    column: int | None = None
    author: str = ""
    reason: str = ""
    since_ms: int | None = None
    expires_at_ms: int | None = None
    shadows: tuple[Shadow, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    removed_by: LayerName | None = None


@dataclass(frozen=True, slots=True)
class PathNotFound:
    """Nothing is said at this path.

    Attributes:
        path: as it was asked for.
        suggestions: paths that exist and may have been meant, the likeliest first.
    """

    path: str
    suggestions: tuple[str, ...] = ()

    @property
    def suggestion(self) -> str | None:
        """The likeliest of them."""
        return self.suggestions[0] if self.suggestions else None


@dataclass(frozen=True, slots=True)
class Drift:
    """A value that another layer says differently than the files do.

    Attributes:
        path: of the value.
        file_value: what the files say for this environment, or `None` when they say nothing.
        effective_value: what counts, or `None` when it was taken away.
        layer: that says it differently; `variables` where an old environment variable disagrees and does not count.
        layer_value: what that layer says, or `None` when it takes the value away.
        file: where the files say it, or `None`.
        line: 1-based, or `None`.
        author: who set it; `""` for variables.
        reason: why; `""` when nobody said.
    """

    path: str
    file_value: Plain
    effective_value: Plain
    layer: LayerName
    layer_value: Plain
    file: str | None
    line: int | None
    author: str
    reason: str


def explain_path(layers: Sequence[Layer], text: str) -> Explained | PathNotFound:
    """Tell where a value comes from.

    Args:
        layers: all of them, the lowest first.
        text: the path, such as `agents.cto_agent.fallback[1]`; `""` for the whole document.
    """
    origins = Origins(layers)
    steps = find_path(origins.effective, text) if layers else None
    if steps is not None:
        return _explain(origins, steps)
    default = _explain_default(origins.effective, text)
    if default is not None:
        return default
    for layer in reversed(layers):
        taken = find_path(layer.root, text)
        if taken is not None and layer.name not in KNOWN:
            return _explain_taken(origins, taken)
    return PathNotFound(text, suggest_paths(origins.effective, text))


def list_drift(layers: Sequence[Layer]) -> tuple[Drift, ...]:
    """Every value in which a stored layer, an override or an old environment variable differs from the files.

    An entry that was taken away is one value; one that the files do not have is as many as it holds.

    Args:
        layers: all of them, the lowest first; the defaults and the catalogue are no drift.
    """
    files = Origins([layer for layer in layers if layer.name in OF_FILES])
    origins = Origins([layer for layer in layers if layer.name in OF_FILES or layer.name in _ABOVE_FILES])
    changed = (
        _build_drift(files, steps, old, new, origins.find(new, steps) if new else origins.find_taker(steps))
        for steps, old, new in _list_unlike(files.effective, origins.effective, ())
    )
    return (*changed, *_list_drift_of_variables(layers, files, origins.effective))


def _explain(origins: Origins, steps: Steps) -> Explained:
    node = find_value(origins.effective, steps)
    assert node is not None, "the path has been found"
    is_whole = not isinstance(node, MappingNode) or is_one_thing(steps)
    origin = origins.find(node, steps)
    remover = origins.find_remover(steps)
    if remover is not None and remover.position < origin.position:
        remover = None
    shadows = _list_shadows(origins, origin, steps) if is_whole or remover else ()
    leaves = () if is_whole else tuple(_list_leaves(origins, node, steps))
    return _describe(origin, remover, Explained(write_path(steps), to_plain(node), origin.layer.name), shadows, leaves)


def _explain_taken(origins: Origins, steps: Steps) -> Explained:
    """A value that some layer says and none gives: taken away by null, or replaced along with what it stands in."""
    origin = origins.find_taker(steps)
    shadows = _list_shadows(origins, origin, steps)
    return _describe(origin, origin, Explained(write_path(steps), None, origin.layer.name), shadows, ())


def _explain_default(effective: MappingNode, text: str) -> Explained | None:
    """A field that is not written in an item of a list, which no layer can hold alone."""
    holder, _, name = text.rpartition(".")
    steps = find_path(effective, holder) if holder else None
    if steps is None or not any(isinstance(step, int) for step in steps):
        return None
    value = find_default_value((*steps, name))
    return None if value is None else Explained(write_path((*steps, name)), value, "defaults")


def _describe(
    origin: Origin, remover: Origin | None, said: Explained, shadows: tuple[Shadow, ...], leaves: tuple[Leaf, ...]
) -> Explained:
    """With all that is known of the origin, and of who took away what stood in its way."""
    place = origin.place
    by = remover.layer if remover else origin.layer
    source = origin.node.place.file if origin.layer.name in _OF_SOURCES else ""
    return replace(
        said,
        file=place.file if place else None,
        line=place.line if place else None,
        column=place.column if place else None,
        author=by.author,
        reason=by.reason or source,
        since_ms=by.since_ms,
        expires_at_ms=by.expires_at_ms,
        shadows=shadows,
        leaves=leaves,
        removed_by=remover.layer.name if remover else None,
    )


def _list_shadows(origins: Origins, origin: Origin, steps: Steps) -> tuple[Shadow, ...]:
    shadows: list[Shadow] = []
    for position, layer in reversed(list(enumerate(origins.layers))):
        node = find_value(layer.root, steps)
        if position == origin.position or node is None or is_null(node):
            continue
        place = node.place if layer.name in OF_FILES else None
        file, line = (place.file, place.line) if place else (None, None)
        shadows.append(Shadow(layer.name, to_plain(node), file, line))
    return tuple(shadows)


def _list_leaves(origins: Origins, node: Node, steps: Steps) -> Iterator[Leaf]:
    for below, leaf in list_leaves(node, steps):
        origin = origins.find(leaf, below)
        file, line = (origin.place.file, origin.place.line) if origin.place else (None, None)
        yield Leaf(write_path(below), to_plain(leaf), origin.layer.name, file, line)


def _list_unlike(
    below: MappingNode, above: MappingNode, steps: Steps
) -> Iterator[tuple[Steps, Node | None, Node | None]]:
    """Each value that differs between two documents, and what each of them has there."""
    for name in dict.fromkeys((*below.entries, *above.entries)):
        here = (*steps, name)
        old, new = (find_value(document, (name,)) for document in (below, above))
        if old is new:
            continue
        if isinstance(old, MappingNode) and isinstance(new, MappingNode) and not is_one_thing(here):
            yield from _list_unlike(old, new, here)
        elif old is None and new is not None:
            yield from ((steps_below, None, leaf) for steps_below, leaf in list_leaves(new, here))
        elif old is None or new is None or not is_same(to_plain(old), to_plain(new)):
            yield here, old, new


def _list_drift_of_variables(layers: Sequence[Layer], files: Origins, effective: MappingNode) -> Iterator[Drift]:
    for layer in layers:
        for steps, leaf in list_leaves(layer.root) if layer.name == "variables" else ():
            old = find_value(files.effective, steps)
            if old is not None and not is_same(to_plain(old), to_plain(leaf)):
                yield _build_drift(files, steps, old, find_value(effective, steps), Origin(0, layer, leaf))


def _build_drift(files: Origins, steps: Steps, old: Node | None, new: Node | None, origin: Origin) -> Drift:
    place = files.find(old, steps).place if old else None
    return Drift(
        path=write_path(steps),
        file_value=to_plain(old) if old else None,
        effective_value=to_plain(new) if new else None,
        layer=origin.layer.name,
        layer_value=to_plain(origin.node),
        file=place.file if place else None,
        line=place.line if place else None,
        author=origin.layer.author,
        reason=origin.layer.reason,
    )
