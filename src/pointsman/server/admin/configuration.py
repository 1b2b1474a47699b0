"""`/api/v1/configuration`: what is in force, where each value comes from, its revisions, and the ways to change it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from pointsman.control.changes import Changes, Committed
from pointsman.control.configuration import Loaded
from pointsman.control.current import CurrentConfiguration
from pointsman.control.effective import Effective
from pointsman.control.follow import Follower, read_settled
from pointsman.core.config.nodes import Plain
from pointsman.core.config.problems import Problem
from pointsman.core.config.stored_layer import Edit, as_plain
from pointsman.core.ports import ConfigStore, RevisionSummary
from pointsman.server.admin.signature import Signed, refuse_change, sign, write_time

MOST_LISTED = 200


class ProblemView(BaseModel):
    """One problem of a document."""

    file: str
    line: int
    column: int
    path: str
    code: str
    severity: str
    message: str
    suggestion: str | None


class RevisionView(BaseModel):
    """One stored configuration; `id` is what answers carry as `x-pointsman-revision`, `at` is ISO 8601 in UTC."""

    number: int
    parent: int | None
    author: str
    reason: str
    at: str
    id: str
    origin: str
    environment: str


class RevisionList(BaseModel):
    """The newest revisions first; `next_before` asks for older ones."""

    revisions: list[RevisionView]
    next_before: int | None


class ConfigurationView(BaseModel):
    """The configuration in force. `rejected` is empty unless newer files were refused; `drift` counts the values that
    differ from the files."""

    revision: str
    number: int
    environment: str
    source: str
    files: list[str]
    agents: list[str]
    models: list[str]
    drift: int
    overrides: int
    rejected: list[ProblemView]


class NewChange(Signed):
    """An edit of the stored layer: values in the form of the document, where null takes away what lies below."""

    set: Annotated[dict[str, Any], Field(default_factory=dict)]
    unset: Annotated[list[Annotated[str, Field(max_length=512)]], Field(max_length=1_000, default_factory=list)]
    replace: bool = False
    base: int | None = None
    force: bool = False


class NewRollback(Signed):
    """Which revision's stored layer to restore."""

    number: Annotated[int, Field(ge=1)]
    force: bool = False


class NewReload(BaseModel):
    """`force` accepts files in which more than half of the agents and models are gone."""

    model_config = ConfigDict(extra="forbid", strict=True)

    force: bool = False


class ChangeView(BaseModel):
    """What a change led to."""

    ok: bool
    number: int | None
    revision: str | None
    changes: list[dict[str, Any]]
    problems: list[ProblemView]


def build_configuration(
    current: CurrentConfiguration,
    changes: Changes,
    store: ConfigStore,
    effective: Effective,
    follower: Follower,
) -> APIRouter:
    """The configuration resource."""
    router = APIRouter(prefix="/api/v1/configuration", tags=["configuration"])
    _add_reading(router, current, effective)
    _add_history(router, store, effective)
    _add_changing(router, current, changes, effective, follower)
    return router


def _add_reading(router: APIRouter, current: CurrentConfiguration, effective: Effective) -> None:
    @router.get("")
    async def read_configuration() -> ConfigurationView:
        """The revision that new requests see."""
        snapshot = current.pin()
        return ConfigurationView(
            revision=snapshot.revision,
            number=current.number,
            environment=snapshot.environment,
            source="file" if snapshot.settings.locked else "stored",
            files=[source.file for source in current.loaded.files],
            agents=list(snapshot.agents),
            models=list(snapshot.models),
            drift=len(effective.list_drift()),
            overrides=len(current.ingredients.overrides),
            rejected=view_problems(current.rejected),
        )

    @router.get("/effective")
    async def read_effective(layer: str | None = None) -> dict[str, Any]:
        """The effective document, or one of its layers."""
        with refuse_change():
            document = effective.describe(layer)
        return {"revision": current.snapshot.revision, "number": current.number, "document": document}

    @router.get("/explain")
    async def explain_value(path: Annotated[str, Query(min_length=1, max_length=512)]) -> dict[str, Any]:
        """Where a value comes from and what it shadows."""
        with refuse_change():
            return effective.explain(path)

    @router.get("/drift")
    async def list_drift() -> dict[str, Any]:
        """The values that differ from what the files say."""
        return {"drift": effective.list_drift()}

    @router.get("/export")
    async def export_files() -> dict[str, Any]:
        """The stored layer written back into the files: their new text, and the difference as a patch."""
        with refuse_change():
            return effective.export()


def _add_history(router: APIRouter, store: ConfigStore, effective: Effective) -> None:
    @router.get("/revisions")
    async def list_revisions(
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 50, before: Annotated[int | None, Query(ge=1)] = None
    ) -> RevisionList:
        """The history, the newest first."""
        listed = await store.list_revisions(limit, before)
        older = listed[-1].number if len(listed) == limit and listed[-1].number > 1 else None
        return RevisionList(revisions=[_view_revision(each) for each in listed], next_before=older)

    @router.get("/revisions/{number}")
    async def read_revision(number: int) -> dict[str, Any]:
        """One revision with its documents."""
        with refuse_change():
            return await effective.describe_revision(number)

    @router.get("/diff")
    async def compare_revisions(
        old: Annotated[int, Query(alias="from", ge=1)], new: Annotated[int, Query(alias="to", ge=1)]
    ) -> dict[str, Any]:
        """What differs between the documents of two revisions."""
        with refuse_change():
            return {"from": old, "to": new, "changes": await effective.compare(old, new)}


def _add_changing(
    router: APIRouter, current: CurrentConfiguration, changes: Changes, effective: Effective, follower: Follower
) -> None:
    @router.post("/propose")
    async def propose_change(change: NewChange) -> ChangeView:
        """What a change would lead to; nothing changes."""
        with refuse_change():
            loaded = await changes.propose(_read_edit(change), change.author)
        return _view_proposal(loaded, effective)

    @router.post("/changes", status_code=201)
    async def make_change(change: NewChange) -> ChangeView:
        """Change the stored layer; in force for the next request."""
        before = effective.describe(None)
        with refuse_change():
            committed = await changes.commit(_read_edit(change), sign(change), base=change.base, force=change.force)
        return _view_committed(committed, before, effective)

    @router.post("/rollback", status_code=201)
    async def roll_back(rollback: NewRollback) -> ChangeView:
        """Restore the stored layer of a revision."""
        before = effective.describe(None)
        with refuse_change():
            committed = await changes.roll_back(rollback.number, sign(rollback), force=rollback.force)
        return _view_committed(committed, before, effective)

    @router.post("/reload")
    async def reload_files(reload: NewReload) -> ChangeView:
        """Read the files now, rather than when they change."""
        before = effective.describe(None)
        if reload.force:
            loaded = await changes.take_files(await read_settled(current.loaded.path), force=True)
        else:
            loaded = await follower.reload()
        good = loaded.snapshot is not None
        return ChangeView(
            ok=good,
            number=current.number if good else None,
            revision=current.snapshot.revision if good else None,
            changes=effective.compare_with(before) if good else [],
            problems=view_problems(loaded.problems),
        )


def view_problems(problems: Sequence[Problem]) -> list[ProblemView]:
    """Problems as the API shows them."""
    return [ProblemView.model_validate(asdict(problem)) for problem in problems]


def _read_edit(change: NewChange) -> Edit:
    return Edit(as_plain(change.set), tuple(change.unset), change.replace)


def _view_proposal(loaded: Loaded, effective: Effective) -> ChangeView:
    good = loaded.snapshot is not None
    return ChangeView(
        ok=good,
        number=None,
        revision=loaded.snapshot.revision if loaded.snapshot else None,
        changes=effective.compare_proposal(loaded) if good else [],
        problems=view_problems(loaded.problems),
    )


def _view_committed(committed: Committed, before: Mapping[str, Plain], effective: Effective) -> ChangeView:
    return ChangeView(
        ok=True,
        number=committed.record.number,
        revision=committed.record.id,
        changes=effective.compare_with(before),
        problems=view_problems(committed.loaded.problems),
    )


def _view_revision(revision: RevisionSummary) -> RevisionView:
    return RevisionView(
        number=revision.number,
        parent=revision.parent,
        author=revision.author,
        reason=revision.reason,
        at=write_time(revision.at_ms),
        id=revision.id,
        origin=revision.origin,
        environment=revision.environment,
    )
