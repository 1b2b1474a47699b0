"""Counts tokens: at a provider that can, else by our own estimate, for which nothing is sent anywhere."""

import msgspec

from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.operations import write_token_count
from pointsman.core.routing.decision import Decision
from pointsman.core.routing.estimate_tokens import estimate_tokens

COUNTING = "count_tokens"


def find_counters(decision: Decision) -> Decision | None:
    """The decision with those attempts only whose providers count; `None` where that of the first one does not."""
    attempts = decision.attempts
    if COUNTING not in attempts[0].model.operations:
        return None
    counters = tuple(attempt for attempt in attempts if COUNTING in attempt.model.operations)
    return decision if len(counters) == len(attempts) else msgspec.structs.replace(decision, attempts=counters)


def write_estimate(request: ChatRequest, request_id: str, at_s: int) -> bytes:
    """Our own count, in the client's format."""
    return write_token_count(estimate_tokens(request), Asking(request, request_id, at_s))
