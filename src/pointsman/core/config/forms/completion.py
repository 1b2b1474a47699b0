"""Completes what another form leaves to the reader: which provider serves a model, and which models are local.

Only what the files themselves say and the catalogue knows is used; a model that neither knows stays unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.assemble import ReadFile
from pointsman.core.config.base_url import ForbiddenUrl, read_base_url
from pointsman.core.config.forms.adaptation import Adaptation
from pointsman.core.config.forms.draft import build_mapping, build_text
from pointsman.core.config.forms.markers import EACH, find_below
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from pointsman.core.config.problems import quote

LOCAL_MODELS = "local-models"
"""What seed 004 writes for every local model there is."""

RESELLERS = frozenset(("azure-openai", "bedrock", "fireworks", "groq", "openrouter", "together", "vertex"))
"""Providers of other makers' models; where a maker serves a model too, the maker is meant."""

_CALLERS = (
    ("agents", ("model", "fallback", "local_alternative", "budget_mode", "rules")),
    ("interactions", ("model", "fallback")),
    ("tasks", ("model", "fallback")),
)
REFERENCES: tuple[tuple[str, ...], ...] = (
    *((section, EACH, name) for section, names in _CALLERS for name in names),
    ("routing", "rules"),
    ("routing", "tiers"),
)
"""Where names of models stand: as a value, in a list, or as `use` of the mappings in a list."""

Change = Callable[[ScalarNode], tuple[Node, ...]]
"""What stands in place of one name of a model; nothing leaves it out."""


def complete_files(files: Sequence[ReadFile], adapted: ReadFile, adaptation: Adaptation) -> ReadFile:
    """The adapted file with the models and providers that it takes for granted.

    Args:
        files: all files of the configuration, the adapted one among them.
        adapted: what the adapter made.
        adaptation: where problems go.
    """
    others = [file.root for file in files if file is not adapted]
    local = list_local_models([adapted.root, *others], adaptation.catalog)
    root = change_references(adapted.root, lambda node: _expand(node, local, adaptation))
    models = _names_of([root, *others], "models")
    providers = _names_of([root, *others], "providers")
    added: dict[str, Entry] = {}
    for node in list_references(root):
        name = str(node.value)
        if name in models or name in added:
            continue
        serving = choose_provider(name, providers, adaptation.catalog)
        if serving is not None:
            provider = build_text(node.place, serving)
            added[name] = Entry(node.place, build_mapping(node.place, provider=provider))
    root = _with_entries(root, "models", added)
    return replace(adapted, root=_with_entries(root, "providers", _list_providers(root, providers, adaptation)))


def change_references(root: MappingNode, change: Change) -> MappingNode:
    """The document with other names of models in the places of the old ones, in its environments too."""
    for path in REFERENCES:
        root = _as_mapping(_change_at(root, path, change))
        root = _as_mapping(_change_at(root, ("environments", EACH, *path), change))
    return root


def list_references(root: MappingNode) -> Iterator[ScalarNode]:
    """Every name of a model that something runs on."""
    for path in REFERENCES:
        for node in chain(find_below(root, path), find_below(root, ("environments", EACH, *path))):
            yield from _list_names(node)


def choose_provider(model: str, written: Iterable[str], catalog: Catalog) -> str | None:
    """Who serves a model, as far as anybody knows: a provider that the files name, else the catalogue's maker of it."""
    serving = [name for name in written if catalog.serves(name, model)]
    serving = serving or [name for name in sorted(catalog.providers) if catalog.serves(name, model)]
    makers = [name for name in serving if name not in RESELLERS]
    return next(iter(makers or serving), None)


def list_local_models(roots: Sequence[MappingNode], catalog: Catalog) -> tuple[str, ...]:
    """The models whose provider is on a machine of the operator's own, in the order of the files."""
    providers = {name: entry.value for root in roots for name, entry in _entries_of(root, "providers").items()}
    found: list[str] = []
    for root in roots:
        for name, entry in _entries_of(root, "models").items():
            node = _value_of(entry.value, "provider")
            if node is not None and _is_local(str(node.value), providers.get(str(node.value)), catalog):
                found.append(name)
    return tuple(found)


def _is_local(name: str, written: Node | None, catalog: Catalog) -> bool:
    location = _value_of(written, "location")
    if location is not None:
        return location.value == "local"
    known = catalog.providers.get(name)
    url = _value_of(written, "base_url")
    if url is None:
        return known is not None and known.location == "local"
    try:
        return read_base_url(str(url.value)).reach == "loopback"
    except ForbiddenUrl:
        return False


def _expand(node: ScalarNode, local: Sequence[str], adaptation: Adaptation) -> tuple[Node, ...]:
    if node.value != LOCAL_MODELS:
        return (node,)
    if not local:
        message = f"{quote(LOCAL_MODELS)} are all local models, and there is none; define one under models"
        adaptation.findings.add(node.place, "unknown_reference", message, severity="warning")
        adaptation.note(node.place, message)
    return tuple(ScalarNode(node.place, node.text, name) for name in local)


def _list_providers(root: MappingNode, written: Iterable[str], adaptation: Adaptation) -> dict[str, Entry]:
    """Providers of the catalogue that models and budgets name and no file defines."""
    known = frozenset(written)
    added: dict[str, Entry] = {}
    for node in _list_provider_names(root):
        name = str(node.value)
        if name in adaptation.catalog.providers and name not in known:
            added.setdefault(name, Entry(node.place, MappingNode(node.place, {})))
    return added


def _list_provider_names(root: MappingNode) -> Iterator[ScalarNode]:
    for above in ((), ("environments", EACH)):
        for node in find_below(root, (*above, "models", EACH, "provider")):
            if isinstance(node, ScalarNode):
                yield node
        for budgets in find_below(root, (*above, "budgets")):
            for item in budgets.items if isinstance(budgets, ListNode) else ():
                scope = _value_of(item, "scope")
                if scope is not None and str(scope.value).startswith("provider:"):
                    yield build_text(scope.place, str(scope.value).removeprefix("provider:"))


def _with_entries(root: MappingNode, section: str, added: dict[str, Entry]) -> MappingNode:
    """The document with further entries in a section; `providers` is there even when it is empty."""
    written = root.entries.get(section)
    if written is None and not added and section != "providers":
        return root
    key = written.key if written else next((entry.key for entry in added.values()), root.place)
    below = _entries_of(root, section)
    entries = {**root.entries, section: Entry(key, MappingNode(key, {**below, **added}))}
    return MappingNode(root.place, entries)


def _change_at(node: Node, path: Sequence[str], change: Change) -> Node:
    if not path:
        return _change_list(node, change)
    if not isinstance(node, MappingNode):
        return node
    entries: dict[str, Entry] = {}
    behind: tuple[Node, ...] = ()
    for name, entry in node.entries.items():
        if path[0] not in (EACH, name):
            entries[name] = entry
        elif len(path) > 1 or not isinstance(entry.value, ScalarNode):
            entries[name] = Entry(entry.key, _change_at(entry.value, path[1:], change))
        elif changed := change(entry.value):
            entries[name] = Entry(entry.key, changed[0])
            behind = changed[1:] if name == "model" else ()
    return _put_behind(MappingNode(node.place, entries), behind)


def _put_behind(node: MappingNode, further: tuple[Node, ...]) -> MappingNode:
    """Where one name means several models, those behind the first are its first fallbacks."""
    if not further:
        return node
    fallback = node.entries.get("fallback")
    items = fallback.value.items if fallback is not None and isinstance(fallback.value, ListNode) else ()
    key = fallback.key if fallback is not None else further[0].place
    return MappingNode(node.place, {**node.entries, "fallback": Entry(key, ListNode(key, (*further, *items)))})


def _change_list(node: Node, change: Change) -> Node:
    """Names in a list, in lists of lists, and as `use` of mappings; what loses all its names goes with them."""
    if not isinstance(node, ListNode):
        return node
    items: list[Node] = []
    for item in node.items:
        if isinstance(item, ScalarNode):
            items += change(item)
        elif isinstance(item, ListNode):
            changed = _change_list(item, change)
            items += [changed] if isinstance(changed, ListNode) and changed.items else []
        else:
            rule = _change_at(item, ("use",), change)
            items += [rule] if isinstance(rule, MappingNode) and len(rule.entries) == len(item.entries) else []
    return ListNode(node.place, tuple(items))


def _list_names(node: Node) -> Iterator[ScalarNode]:
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str) and node.value:
            yield node
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _list_names(item)
    elif "use" in node.entries:
        yield from _list_names(node.entries["use"].value)


def _names_of(roots: Iterable[MappingNode], section: str) -> tuple[str, ...]:
    return tuple(name for root in roots for name in _entries_of(root, section))


def _entries_of(root: MappingNode, section: str) -> dict[str, Entry]:
    entry = root.entries.get(section)
    return entry.value.entries if entry is not None and isinstance(entry.value, MappingNode) else {}


def _value_of(node: Node | None, name: str) -> ScalarNode | None:
    entry = node.entries.get(name) if isinstance(node, MappingNode) else None
    return entry.value if entry is not None and isinstance(entry.value, ScalarNode) else None


def _as_mapping(node: Node) -> MappingNode:
    assert isinstance(node, MappingNode), "a mapping stays a mapping"
    return node
