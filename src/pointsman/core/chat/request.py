"""A chat request in the hub: what routing and relay read of it, and everything else as it came."""

import msgspec

ParameterValue = str | int | float | bool | tuple[str, ...]
"""What an agent may set a request parameter to."""


class ChatRequest(msgspec.Struct, frozen=True):
    """One client request, decoded but not translated.

    Attributes:
        model: what the client asked for: a model's name or `agent:NAME`.
        stream: whether an event stream was asked for.
        wants_usage: whether the client asked for usage in the stream.
        body: the bytes as received, without a byte order mark.
        fields: the decoded body; unknown fields stay in it.
    """

    model: str
    stream: bool
    wants_usage: bool
    body: bytes
    fields: dict[str, object]


class Encoded(msgspec.Struct, frozen=True):
    """A request in a provider's wire format.

    Attributes:
        body: what is sent.
        changes: each parameter that differs from what the client sent, as `temperature=0.3`, or was left out, as
            `-metadata.user`.
    """

    body: bytes
    changes: tuple[str, ...] = ()
