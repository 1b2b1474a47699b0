"""Settles whose answers may be kept: a caller's own policy counts before the one over all, and that before `cache`."""

from pointsman.core.config.read_document import Document
from pointsman.core.config.sections.callers import Policy


def find_caching(own: Policy, document: Document) -> bool | None:
    """Whether answers to a caller may be kept and given again, or `None` where its strategy says.

    `similar` is read and does not act yet, so it counts as not written.

    Args:
        own: the caller's policy, or the one over all callers where there is no caller.
        document: the effective one.
    """
    for said in (own.cache, document.policy.value.cache):
        if said in ("exact", "off"):
            return said == "exact"
    return True if document.cache.value.mode == "exact" else None
