"""`/api/v1/configuration`: what is in force, where each value comes from, its revisions, and the ways to change it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from pointsman.control.changes import Changes, Committed
from pointsman.control.configuration import Loaded
from pointsman.control.current import CurrentConfiguration
from pointsman.control.effective import Effective, compare_loaded
from pointsman.control.follow import Follower, read_settled
from pointsman.control.in_force import name_main_file
from pointsman.control.nodes import Node, compare_nodes
from pointsman.core.config.problems import Problem
from pointsman.core.config.stored_layer import Edit
from pointsman.core.ports import ConfigStore, RevisionSummary, StorageUnavailable
from pointsman.server.admin.signature import Signed, encode_answer, refuse_change, sign, write_time

MOST_LISTED = 200

ListNodes = Callable[[], Awaitable[Sequence[Node]]]


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
    list_nodes: ListNodes,
) -> APIRouter:
    """The configuration resource."""
    router = APIRouter(prefix="/api/v1/configuration", tags=["configuration"])
    _add_reading(router, current, effective)
    _add_drift(router, current, effective, list_nodes)
    _add_history(router, store, effective)
    _add_changing(router, current, changes, follower)
    return router


def _add_reading(router: APIRouter, current: CurrentConfiguration, effective: Effective) -> None:
    @router.get("")
    async def read_configuration() -> ConfigurationView:
        """The revision that new requests see."""
        snapshot = current.pin()
        view = ConfigurationView(
            revision=snapshot.revision,
            number=current.number,
            environment=snapshot.environment,
            source="file" if snapshot.settings.locked else "stored",
            files=[source.file for source in current.loaded.files],
            agents=list(snapshot.agents),
            models=list(snapshot.models),
            drift=0,
            overrides=len(current.ingredients.overrides),
            rejected=view_problems(current.rejected),
        )
        return view.model_copy(update={"drift": len(await effective.list_drift())})

    @router.get("/effective")
    async def read_effective(layer: str | None = None) -> Response:
        """The effective document, or one of its layers."""
        revision, number = current.snapshot.revision, current.number
        with refuse_change():
            document = await effective.describe(layer)
        return await encode_answer({"revision": revision, "number": number, "document": document})

    @router.get("/explain")
    async def explain_value(path: Annotated[str, Query(min_length=1, max_length=512)]) -> Response:
        """Where a value comes from and what it shadows."""
        with refuse_change():
            return await encode_answer(await effective.explain(path))

    @router.get("/export")
    async def export_files() -> Response:
        """The stored layer written back into the files: their new text, and the difference as a patch."""
        with refuse_change():
            return await encode_answer(await effective.export())


def _add_drift(router: APIRouter, current: CurrentConfiguration, effective: Effective, list_nodes: ListNodes) -> None:
    @router.get("/drift")
    async def list_drift() -> Response:
        """The values that differ from what the files say; `problems` tell in what replicas differ."""
        problems = [] if current.unlike is None else [current.unlike]
        try:
            nodes = await list_nodes()
        except StorageUnavailable:
            # The values are known all the same; who the others are is not.
            nodes = ()
        file = name_main_file(current.loaded)
        problems += compare_nodes(nodes, file, current.snapshot.revision)
        drift = await effective.list_drift()
        return await encode_answer({"drift": drift, "problems": [asdict(each) for each in problems]})


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
    async def read_revision(number: int) -> Response:
        """One revision with its documents."""
        with refuse_change():
            return await encode_answer(await effective.describe_revision(number))

    @router.get("/diff")
    async def compare_revisions(
        old: Annotated[int, Query(alias="from", ge=1)], new: Annotated[int, Query(alias="to", ge=1)]
    ) -> Response:
        """What differs between the documents of two revisions."""
        with refuse_change():
            return await encode_answer({"from": old, "to": new, "changes": await effective.compare(old, new)})


def _add_changing(router: APIRouter, current: CurrentConfiguration, changes: Changes, follower: Follower) -> None:
    @router.post("/propose")
    async def propose_change(change: NewChange) -> ChangeView:
        """What a change would lead to; nothing changes."""
        with refuse_change():
            before = current.loaded
            loaded = await changes.propose(_read_edit(change), change.author)
        return await _view_proposal(loaded, before)

    @router.post("/changes", status_code=201)
    async def make_change(change: NewChange) -> ChangeView:
        """Change the stored layer; in force for the next request."""
        with refuse_change():
            committed = await changes.commit(_read_edit(change), sign(change), base=change.base, force=change.force)
        return await _view_committed(committed)

    @router.post("/rollback", status_code=201)
    async def roll_back(rollback: NewRollback) -> ChangeView:
        """Restore the stored layer of a revision."""
        with refuse_change():
            committed = await changes.roll_back(rollback.number, sign(rollback), force=rollback.force)
        return await _view_committed(committed)

    @router.post("/reload")
    async def reload_files(reload: NewReload) -> ChangeView:
        """Read the files now, rather than when they change."""
        before = current.loaded
        with refuse_change():
            if reload.force:
                loaded = await changes.take_files(await read_settled(current.loaded.path), force=True)
            else:
                loaded = await follower.reload()
        good = loaded.snapshot is not None
        view = ChangeView(
            ok=good,
            number=current.number if good else None,
            revision=current.snapshot.revision if good else None,
            changes=[],
            problems=view_problems(loaded.problems),
        )
        return view.model_copy(update={"changes": await compare_loaded(before, current.loaded)}) if good else view


def view_problems(problems: Sequence[Problem]) -> list[ProblemView]:
    """Problems as the API shows them."""
    return [ProblemView.model_validate(asdict(problem)) for problem in problems]


def _read_edit(change: NewChange) -> Edit:
    return Edit(change.set, tuple(change.unset), change.replace)


async def _view_proposal(loaded: Loaded, before: Loaded) -> ChangeView:
    good = loaded.snapshot is not None
    return ChangeView(
        ok=good,
        number=None,
        revision=loaded.snapshot.revision if loaded.snapshot else None,
        changes=await compare_loaded(before, loaded) if good else [],
        problems=view_problems(loaded.problems),
    )


async def _view_committed(committed: Committed) -> ChangeView:
    return ChangeView(
        ok=True,
        number=committed.record.number,
        revision=committed.record.id,
        changes=await compare_loaded(committed.before, committed.loaded),
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
