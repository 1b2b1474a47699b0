"""Which gateways there are: each has an id that stays with its home directory, and says what it runs."""

import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pointsman.core.config.problems import Problem, quote

FILE_NAME = "node"
MOST_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Node:
    """A gateway.

    Attributes:
        id: of its home directory.
        name: for people: its host and port.
        revision: of the configuration that it runs.
        seen_at_ms: when it was last heard of, in milliseconds since the Unix epoch, by the store's clock.
        left_ms: what is left of its lease; 0 when it is believed dead.
        parts: of how many windows of shared limits it holds some.
        open_calls: how many of its calls are listed as under way.
        is_self: whether it is the one that was asked.
    """

    id: str
    name: str
    revision: str
    seen_at_ms: int
    left_ms: int
    parts: int = 0
    open_calls: int = 0
    is_self: bool = False


def load_or_create_node_id(home: Path) -> str:
    """The id that stays with a home directory, held by this process; made at the first start.

    Raises:
        OSError: when it can be neither read nor kept.
    """
    place = home / FILE_NAME
    if place.exists():
        written = place.read_text(errors="replace").strip()
        if written.isascii() and written.isalnum() and len(written) <= MOST_CHARACTERS:
            return written
    node_id = secrets.token_hex(8)
    place.write_text(f"{node_id}\n")
    return node_id


def name_node(port: int) -> str:
    """What people call a gateway."""
    return f"{socket.gethostname()}:{port}"


def compare_nodes(nodes: Sequence[Node], file: str, revision: str) -> list[Problem]:
    """What to say of live gateways that run another configuration than this one."""
    return [
        Problem(
            file,
            1,
            1,
            "",
            "nodes_differ",
            severity="warning",
            message=f"{quote(node.name)} runs revision {node.revision}, and this gateway {revision}: "
            "give all replicas the same files, environment variables and version",
        )
        for node in nodes
        if not node.is_self and node.left_ms > 0 and node.revision != revision
    ]
