"""Which variant of an experiment a request belongs to: drawn by hash, so that whoever is to keep one keeps it."""

from hashlib import blake2b

from pointsman.core.config.routing_plan import Experiment, Sticky
from pointsman.core.routing.facts import Facts

_WHOLE = 2**64


def pick_variant(experiment: Experiment, facts: Facts) -> str:
    """The variant for this request; its share of all users, sessions or requests is as the document says.

    A request without a user, or without a session, is drawn by the next best that it has.
    """
    place = _draw(experiment.name, _find_holder(experiment, facts))
    reached = 0.0
    for variant, share in experiment.shares:
        reached += share
        if place < reached:
            return variant
    # Shares that add up to a hair less than 1 leave the very last place to the last one that has a share.
    return next(variant for variant, share in reversed(experiment.shares) if share > 0)


def find_keeper(experiment: Experiment, facts: Facts) -> Sticky:
    """Who keeps the variant: as the document says, or the next best that the request has."""
    if experiment.sticky == "user" and facts.value_of("user"):
        return "user"
    return "session" if experiment.sticky != "request" and facts.session else "request"


def _find_holder(experiment: Experiment, facts: Facts) -> str:
    match find_keeper(experiment, facts):
        case "user":
            return f"user {facts.value_of('user')}"
        case "session":
            return f"session {facts.session}"
        case "request":
            return f"request {facts.dice!r}"


def _draw(experiment: str, holder: str) -> float:
    digest = blake2b(f"{experiment}\0{holder}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / _WHOLE
