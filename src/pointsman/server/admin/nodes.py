"""`/api/v1/nodes`: which gateways there are on this database, and what each of them runs."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from pointsman.control.nodes import Node
from pointsman.server.admin.signature import write_time


class NodeView(BaseModel):
    """A gateway. `id` stays with its home directory; `revision` is what its answers carry as `x-pointsman-revision`;
    `state` is `live` until `lease_left_s` is over, then `silent`; `self` is the one that answers."""

    id: str
    name: str
    revision: str
    state: Literal["live", "silent"]
    last_seen: str
    lease_left_s: float
    parts: int
    open_calls: int
    is_self: bool = Field(serialization_alias="self")


class NodeList(BaseModel):
    """All that are not forgotten, by name."""

    nodes: list[NodeView]


def build_nodes(list_nodes: Callable[[], Awaitable[Sequence[Node]]]) -> APIRouter:
    """The nodes resource."""
    router = APIRouter(prefix="/api/v1/nodes", tags=["nodes"])

    @router.get("")
    async def read_nodes() -> NodeList:
        """The gateways that share this database; with SQLite the one that answers."""
        return NodeList(nodes=[_view(each) for each in await list_nodes()])

    return router


def _view(node: Node) -> NodeView:
    return NodeView(
        id=node.id,
        name=node.name,
        revision=node.revision,
        state="live" if node.left_ms > 0 else "silent",
        last_seen=write_time(node.seen_at_ms),
        lease_left_s=node.left_ms / 1_000,
        parts=node.parts,
        open_calls=node.open_calls,
        is_self=node.is_self,
    )
