"""The effective configuration for people who ask: values and their origins, drift, differences, export."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from pointsman.control.configuration import Loaded, build_surroundings
from pointsman.control.current import CurrentConfiguration
from pointsman.core.config.diff import Change, diff_documents
from pointsman.core.config.export import Unexportable, export_layer, format_patch
from pointsman.core.config.known_layers import build_catalogue_layer, build_default_layer
from pointsman.core.config.layers import Layer, LayerName, build_mapping, lay_over
from pointsman.core.config.nodes import MappingNode, Plain, to_plain
from pointsman.core.config.problems import quote
from pointsman.core.config.provenance import Explained, PathNotFound, explain_path, list_drift
from pointsman.core.config.source import Source
from pointsman.core.config.stored_layer import StoredLayer, as_plain, decode_stored
from pointsman.core.ports import ConfigStore, RevisionRecord


class NothingThere(LookupError):
    """What was asked for is not there; the text says what is."""


class Effective:
    """Answers questions about the configuration in force.

    What is in force is taken up on the loop, and looked through in a thread: a large document takes a while.

    Args:
        current: what is in force.
        store: earlier revisions.
        environ: the process's environment variables.
    """

    def __init__(self, current: CurrentConfiguration, store: ConfigStore, environ: Mapping[str, str]) -> None:
        self._current = current
        self._store = store
        self._environ = environ

    async def describe(self, layer: str | None) -> dict[str, Plain]:
        """The effective document as written and changed, or all that one kind of layer says.

        Raises:
            NothingThere: when there is no such kind of layer.
        """
        return await asyncio.to_thread(describe_layer, self._current.loaded, self._environ, layer)

    async def explain(self, path: str) -> dict[str, Any]:
        """A value, the layer that it comes from, and what it shadows.

        Raises:
            NothingThere: when nothing says anything at this path.
        """
        loaded = self._current.loaded
        return await asyncio.to_thread(lambda: explain_value(list_layers(loaded, self._environ), path))

    async def list_drift(self) -> list[dict[str, Any]]:
        """The values that differ from what the files say."""
        layers = self._current.loaded.compiled.layers if self._current.loaded.compiled else ()
        return await asyncio.to_thread(lambda: [asdict(drift) for drift in list_drift(layers)])

    async def export(self) -> dict[str, Any]:
        """The stored layer written back into the files; `sha256` is that of a file as it was read.

        Raises:
            NothingThere: when it cannot be written back, with the reason.
        """
        if self._current.snapshot.settings.locked:
            raise NothingThere("the files say `source: file`, so what is stored does not count and cannot be exported")
        return await asyncio.to_thread(export_stored, self._current.loaded, self._current.ingredients.stored)

    async def describe_revision(self, number: int) -> dict[str, Any]:
        """A revision with its documents.

        Raises:
            NothingThere: when it is not kept.
        """
        return await asyncio.to_thread(view_record, await self._find(number))

    async def compare(self, old: int, new: int) -> list[dict[str, Any]]:
        """What differs between the documents of two revisions.

        Raises:
            NothingThere: when one of them is not kept.
        """
        before, after = await self._find(old), await self._find(new)
        return await asyncio.to_thread(
            lambda: view_changes(diff_documents(_merge_record(before), _merge_record(after)))
        )

    async def _find(self, number: int) -> RevisionRecord:
        record = await self._store.get(number)
        if record is None:
            raise NothingThere(f"revision {number} is not kept; `pointsman config history` lists what is")
        return record


def list_layers(loaded: Loaded, environ: Mapping[str, str]) -> tuple[Layer, ...]:
    """Every layer of a configuration, the lowest first; those below the files say what holds where nobody wrote."""
    if loaded.compiled is None or loaded.compiled.effective is None:
        return ()
    surroundings = build_surroundings(environ, loaded.environment, loaded.catalog)
    root = loaded.compiled.effective
    return (
        build_default_layer(root),
        build_catalogue_layer(root, surroundings.catalog, surroundings.today, surroundings.base_urls),
        *loaded.compiled.layers,
    )


def explain_value(layers: tuple[Layer, ...], path: str) -> dict[str, Any]:
    """One value and its origin, with the keys that scripts rely on.

    Raises:
        NothingThere: when nothing says anything at this path.
    """
    found = explain_path(layers, path)
    if isinstance(found, PathNotFound):
        hint = f"; did you mean {quote(found.suggestion)}?" if found.suggestion else ""
        raise NothingThere(f"nothing is said at {quote(path)}{hint}")
    return view_origin(found)


async def compare_loaded(before: Loaded, after: Loaded) -> list[dict[str, Any]]:
    """What differs between two effective documents."""
    return await asyncio.to_thread(
        lambda: view_changes(diff_documents(describe_effective(before), describe_effective(after)))
    )


def export_stored(loaded: Loaded, stored: StoredLayer) -> dict[str, Any]:
    """The JSON of `config export`.

    Raises:
        NothingThere: when the layer cannot be written back, with the reason.
    """
    after = export_layer(loaded.files, loaded.environment, stored.values)
    if isinstance(after, Unexportable):
        raise NothingThere(f"the stored layer cannot be written back: {after.reason}")
    return {
        "folder": str(Path.cwd()),
        "files": [view_exported(old, new) for old, new in zip(loaded.files, after, strict=True)],
        "patch": format_patch(loaded.files, after),
        "values": len(stored.stamps),
    }


def view_record(record: RevisionRecord) -> dict[str, Any]:
    """A revision as JSON."""
    return {
        "number": record.number,
        "parent": record.parent,
        "author": record.author,
        "reason": record.reason,
        "at": _write_time(record.at_ms),
        "id": record.id,
        "origin": record.origin,
        "environment": record.environment,
        "file_document": json.loads(record.file_document),
        "stored": decode_stored(record.stored_layer.encode()).values,
    }


def view_origin(found: Explained) -> dict[str, Any]:
    """The JSON of `config explain`."""
    return {
        "path": found.path,
        "value": found.value,
        "layer": found.layer,
        "file": found.file,
        "line": found.line,
        "author": found.author or None,
        "reason": found.reason or None,
        "since": _write_time(found.since_ms),
        "expires_at": _write_time(found.expires_at_ms),
        "column": found.column,
        "removed_by": found.removed_by,
        "leaves": [asdict(leaf) for leaf in found.leaves],
        "shadows": [
            {"layer": below.layer, "value": below.value, "file": below.file, "line": below.line}
            for below in found.shadows
        ],
    }


def view_exported(old: Source, new: Source) -> dict[str, Any]:
    """A file as it is to be, and how to tell that it still is what was read."""
    return {
        "file": old.file,
        "changed": old.content != new.content,
        "sha256": hashlib.sha256(old.content).hexdigest(),
        "content": new.content.decode(),
    }


def view_changes(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """Differences as JSON."""
    return [{"path": each.path, "kind": each.kind, "old": each.old, "new": each.new} for each in changes]


def describe_effective(loaded: Loaded) -> dict[str, Plain]:
    """The document with all its layers, without those that only say what holds where nobody wrote."""
    root = loaded.compiled.effective if loaded.compiled else None
    if root is None:
        return {}
    plain = to_plain(root)
    assert isinstance(plain, dict), "a mapping becomes a mapping"
    return {name: value for name, value in plain.items() if name != "environments"}


def describe_layer(loaded: Loaded, environ: Mapping[str, str], layer: str | None) -> dict[str, Plain]:
    """The effective document, or all that one kind of layer says.

    Raises:
        NothingThere: when there is no such kind of layer.
    """
    if layer is None:
        return describe_effective(loaded)
    if layer not in get_args(LayerName):
        raise NothingThere(f"there is no such layer; there are {', '.join(get_args(LayerName))}")
    return _merge_plain([each for each in list_layers(loaded, environ) if each.name == layer])


def _merge_plain(layers: list[Layer]) -> dict[str, Plain]:
    root = build_mapping({}, "")
    for layer in layers:
        # What a layer takes away is shown as null, and not carried out.
        root = lay_over(root, Layer("file", layer.root))
    plain = to_plain(root)
    assert isinstance(plain, dict), "a mapping becomes a mapping"
    return plain


def _merge_record(record: RevisionRecord) -> dict[str, Plain]:
    root: MappingNode = build_mapping(as_plain(json.loads(record.file_document)), "file")
    environments = root.entries.get("environments")
    if environments is not None and isinstance(environments.value, MappingNode):
        overlay = environments.value.entries.get(record.environment)
        if overlay is not None and isinstance(overlay.value, MappingNode):
            root = lay_over(root, Layer("environment", overlay.value))
    written = root.entries.get("source")
    if written is None or to_plain(written.value) != "file":
        for layer in decode_stored(record.stored_layer.encode()).build_layers():
            root = lay_over(root, layer)
    plain = to_plain(root)
    assert isinstance(plain, dict), "a mapping becomes a mapping"
    return {name: value for name, value in plain.items() if name != "environments"}


def _write_time(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds")
