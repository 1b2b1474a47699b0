"""Which variant of an experiment a request belongs to: drawn by hash, so that whoever is to keep one keeps it."""

from hashlib import blake2b

from pointsman.core.config.routing_plan import Experiment
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


def _find_holder(experiment: Experiment, facts: Facts) -> str:
    user = facts.value_of("user")
    if experiment.sticky == "user" and user:
        return f"user {user}"
    if experiment.sticky in ("user", "session") and facts.session:
        return f"session {facts.session}"
    return f"request {facts.dice!r}"


def _draw(experiment: str, holder: str) -> float:
    digest = blake2b(f"{experiment}\0{holder}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / _WHOLE
