"""What the store holds that replicas share: the newest revision, and the overrides that count beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pointsman.control.ingredients import Ingredients, select_layers
from pointsman.core.config.problems import Problem
from pointsman.core.config.stored_layer import StoredLayer, decode_stored
from pointsman.core.ports import ConfigStore, OverrideRecord, OverrideStore, RevisionRecord


@dataclass(frozen=True, slots=True)
class Newest:
    """The store as it was last seen.

    Attributes:
        record: the newest revision.
        stored: its stored layer.
        listed: all overrides that change the document, as the store has them.
        overrides: those of them that count here.
    """

    record: RevisionRecord
    stored: StoredLayer
    listed: tuple[OverrideRecord, ...]
    overrides: tuple[OverrideRecord, ...]

    def bring_to(self, ingredients: Ingredients) -> Ingredients:
        """The same files under what the store holds."""
        return replace(ingredients, stored=self.stored, overrides=self.overrides)


async def look_for_newer(
    store: ConfigStore,
    override_store: OverrideStore,
    before: Newest | None,
    present: Sequence[OverrideRecord],
    now_ms: int,
) -> Newest | None:
    """What the store holds now, unless that is what it held before.

    Args:
        store: of revisions.
        override_store: of overrides.
        before: the last look.
        present: the overrides in force; one whose time has come is left to whoever ends it.
        now_ms: in milliseconds since the Unix epoch.

    Raises:
        StorageUnavailable: when it does not answer.
    """
    listed = select_layers(await override_store.list_live(now_ms))
    summaries = await store.list_revisions(1)
    is_newer = bool(summaries) and (before is None or summaries[0].number != before.record.number)
    record = await store.newest() if is_newer else before.record if before else None
    if record is None or (before is not None and not is_newer and listed == before.listed):
        return None
    stored = before.stored if before and not is_newer else decode_stored(record.stored_layer.encode())
    due = [each for each in present if each.expires_at_ms is not None and each.expires_at_ms <= now_ms]
    return Newest(record, stored, listed, (*due, *listed))


def compare_files(file: str, document: str, newest: RevisionRecord) -> Problem | None:
    """What to say when the files here are not those of the newest revision.

    Args:
        file: how messages name the first file.
        document: what the files here say, as canonical JSON.
        newest: the revision.
    """
    if document == newest.file_document:
        return None
    message = (
        f"these files differ from those of revision {newest.number}, which {newest.author} made on another replica: "
        "give all replicas the same files, or let these count with `pointsman config reload --force` here"
    )
    return Problem(file, 1, 1, "", "files_differ", severity="warning", message=message)


def refuse_to_follow(file: str, newest: RevisionRecord) -> Problem:
    """What to say when the newest revision does not fit the files here."""
    message = (
        f"what is stored with revision {newest.number} does not fit these files, so that the configuration of before "
        "stays in force here: give all replicas the same files"
    )
    return Problem(file, 1, 1, "", "cannot_follow", "error", message)
