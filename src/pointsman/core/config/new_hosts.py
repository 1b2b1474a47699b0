"""A stored change that moves a provider to another host names the key that goes there: no key follows by itself."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.base_url import complete_base_url
from pointsman.core.config.find_path import find_value
from pointsman.core.config.layers import Layer
from pointsman.core.config.nodes import MappingNode, ScalarNode
from pointsman.core.config.problems import Findings

_USUAL_PORTS = {"http": 80, "https": 443}
_PROVIDERS = "providers"


def refuse_new_hosts(
    below: MappingNode,
    upper: Sequence[Layer],
    catalog: Catalog,
    base_urls: Mapping[str, str],
    findings: Findings,
) -> None:
    """Note each provider whose key would go to a host that neither files nor catalogue nor variables name.

    Args:
        below: what the files come to.
        upper: the layers above them, the lowest first.
        catalog: the known providers.
        base_urls: values of the environment variables that move a provider.
        findings: where problems go.
    """
    for layer in upper:
        section = layer.root.entries.get(_PROVIDERS)
        providers = section.value.entries if section and isinstance(section.value, MappingNode) else {}
        for name in providers:
            moved = find_value(layer.root, (_PROVIDERS, name, "base_url"))
            if not isinstance(moved, ScalarNode) or not isinstance(moved.value, str):
                continue
            usual = _find_usual(name, below, catalog, base_urls)
            has_key = _has_key(name, below, catalog)
            if has_key and _name_host(moved.value) != _name_host(usual) and not _names_key(name, layer):
                message = (
                    "this moves the provider to another host, and its key with it;"
                    " set api_key in the same change, such as {env: NAME} or {file: PATH}"
                )
                findings.add(moved.place, "key_required_for_new_host", message)


def _find_usual(name: str, below: MappingNode, catalog: Catalog, base_urls: Mapping[str, str]) -> str:
    """Where the provider is without the stored layer."""
    written = find_value(below, (_PROVIDERS, name, "base_url"))
    if isinstance(written, ScalarNode) and isinstance(written.value, str):
        return written.value
    known = catalog.providers.get(name)
    if known is None:
        return ""
    moved_by = next((base_urls[each] for each in known.base_url_variables if each in base_urls), None)
    return known.base_url if moved_by is None else complete_base_url(moved_by, known.usual_base_url)


def _has_key(name: str, below: MappingNode, catalog: Catalog) -> bool:
    """Whether a key would be sent that the change does not name."""
    known = catalog.providers.get(name)
    written = find_value(below, (_PROVIDERS, name, "api_key"))
    return isinstance(written, MappingNode) or bool(known and known.key_variables)


def _names_key(name: str, layer: Layer) -> bool:
    return isinstance(find_value(layer.root, (_PROVIDERS, name, "api_key")), MappingNode)


def _name_host(url: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip("."), parts.port or _USUAL_PORTS.get(parts.scheme)
    except ValueError:
        return "", None
