"""Completes what may happen to requests on their way into a provider's format, from the policies that say so."""

from pointsman.core.config.sections.callers import Policy
from pointsman.core.config.snapshot import Terms


def complete_terms(own: Policy, common: Policy) -> Terms:
    """What a caller's own policy says, else the policy over all callers, else the default."""
    strict = common.strict if own.strict is None else own.strict
    return Terms(is_strict=bool(strict), on_loss=own.on_loss or common.on_loss or "warn")
