"""Estimates how many tokens messages have, by the same rule as the relay; nothing is downloaded for it."""

from collections.abc import Mapping

import msgspec

from pointsman.core.routing.estimate_tokens import estimate_tokens
from pointsman.library.calls import find_path

_SENT = ("model", "messages", "tools")


def estimate_payload(payload: Mapping[str, object]) -> int:
    """The estimated tokens of a request as it would be sent.

    Args:
        payload: members of its body; those that are no part of the prompt are left out.
    """
    body = msgspec.json.encode({name: payload[name] for name in _SENT if name in payload})
    return estimate_tokens(find_path("/v1/chat/completions").decode(body))
