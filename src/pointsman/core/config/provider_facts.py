"""What a provider's name and wire format say beside its address: how its key travels, fixed headers, quirks.

A fact of the catalogue holds for the wire formats that it is said of, and for whoever has the provider's name or
address; moving the base URL of a name changes none.
"""

from collections.abc import Iterable
from typing import Final, cast

from pointsman.core.catalog.catalog import Auth, Catalog, KnownProvider
from pointsman.core.catalog.long_tail import LONG_TAIL, find_long_tail
from pointsman.core.catalog.quirk import Quirk
from pointsman.core.config.sections.providers import Provider, WrittenQuirk

USUAL_DIALECT: Final = "openai_chat"

_AUTH_BY_DIALECT: dict[str, Auth] = {
    "anthropic_messages": "x-api-key",
    "gemini": "x-goog-api-key",
    "bedrock_converse": "aws_sigv4",
}
"""How the makers of these wire formats take keys; servers that speak them as well mostly do the same."""

_HEADERS_BY_DIALECT: dict[str, dict[str, str]] = {"anthropic_messages": {"anthropic-version": "2023-06-01"}}
"""Without these a wire format is not understood."""

Headers = tuple[tuple[str, str], ...]


def find_kin(name: str, written: Provider, catalog: Catalog) -> KnownProvider | None:
    """Whom the catalogue knows by the provider's name, or else by its address."""
    if find_long_tail(name) is not None:
        return LONG_TAIL
    return catalog.providers.get(name) or (catalog.find_at(written.base_url) if written.base_url else None)


def choose_dialect(written: Provider, known: KnownProvider | None) -> str:
    """The wire format, as written or as known."""
    return written.dialect or (known.dialect if known else USUAL_DIALECT)


def choose_auth(written: Provider, known: KnownProvider | None, dialect: str) -> Auth:
    """How the key travels: as written, else as the provider is known to take it, else as is usual in its format."""
    if written.auth is not None:
        return written.auth
    return known.auth if known and known.speaks(dialect) else _AUTH_BY_DIALECT.get(dialect, "bearer")


def merge_headers(own: Headers, known: KnownProvider | None, dialect: str) -> Headers:
    """The fixed headers, then those of the document; where both state one, the document's counts."""
    fixed = known.headers if known and known.speaks(dialect) else _HEADERS_BY_DIALECT.get(dialect, {})
    stated = {name.lower() for name, _ in own}
    return (*((name, value) for name, value in fixed.items() if name.lower() not in stated), *own)


def list_quirks(written: Provider, known: KnownProvider | None, dialect: str) -> tuple[Quirk, ...]:
    """The catalogue's rules for the format, then the document's; one of the same name takes the other's place."""
    own = tuple(map(_to_quirk, written.quirks))
    names = {quirk.name for quirk in own}
    usual = known.dialect if known else dialect
    kept = [quirk for quirk in (known.quirks if known else ()) if quirk.name not in names]
    return (
        *(quirk for quirk in kept if quirk.speaks_of(dialect, usual)),
        *(quirk for quirk in own if quirk.speaks_of(dialect, dialect)),
    )


def choose_quirks(quirks: Iterable[Quirk], model: str) -> tuple[Quirk, ...]:
    """Those that hold for an upstream model id."""
    return tuple(quirk for quirk in quirks if quirk.holds_for(model))


def _to_quirk(written: WrittenQuirk) -> Quirk:
    return Quirk(
        name=written.name,
        models=tuple(written.models),
        dialects=tuple(written.dialects),
        unless=cast(dict[str, list[object]], written.unless),
        rename=written.rename,
        replace=cast(dict[str, dict[str, object]], written.replace),
        drop=tuple(written.drop),
        drop_unless=cast(dict[str, list[object]], written.drop_unless),
        only_one=tuple(map(tuple, written.only_one)),
        least=written.least,
        most=written.most,
        add=cast(dict[str, object], written.add),
    )
