"""A client's request: what routing and relay read of it, and everything else as it came."""

from typing import Literal

import msgspec

ParameterValue = str | int | float | bool | tuple[str, ...]
"""What an agent may set a request parameter to."""

Operation = Literal["chat", "embeddings", "rerank", "moderations", "count_tokens"]
"""What is asked of a model."""


class ChatRequest(msgspec.Struct, frozen=True):
    """One client request, decoded but not translated.

    Attributes:
        model: what the client asked for: a model's name or `agent:NAME`.
        stream: whether an event stream was asked for.
        wants_usage: whether the client gets usage in the stream; formats that always tell it say true.
        body: the bytes as received, without a byte order mark.
        fields: the decoded body, in the client's format; unknown fields stay in it.
        dialect: the client's format, a key of the dialect table.
        operation: what is asked for.
        output_limit: the most tokens that the caller lets an answer have, or `None`.
        state_id: the id of an earlier answer that the request goes on from and whose provider keeps it; or `""`.
        memo: what was worked out of the request once and is needed again; belongs to `core/dialects`.
    """

    model: str
    stream: bool
    wants_usage: bool
    body: bytes
    fields: dict[str, object]
    dialect: str = "openai_chat"
    operation: Operation = "chat"
    output_limit: int | None = None
    state_id: str = ""
    memo: dict[str, object] = {}


class Encoded(msgspec.Struct, frozen=True):
    """A request in a provider's wire format.

    Attributes:
        body: what is sent.
        changes: each parameter that differs from what the client sent, as `temperature=0.3`, or was left out, as
            `-metadata.user`.
        losses: what the provider's format cannot say, as paths of the client's request, such as `n` or
            `messages[2].content[0].cache_control`.
        imposed: those of `changes` that the provider imposes: what had to be renamed, clamped or left out.
    """

    body: bytes
    changes: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    imposed: tuple[str, ...] = ()
