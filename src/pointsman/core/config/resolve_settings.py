"""Completes what an installation is run by: attempts, logs, metrics, where it listens and where it stores."""

import re

from pointsman.core.config.compilation import Compilation
from pointsman.core.config.complete_terms import complete_terms
from pointsman.core.config.locality import find_reason_to_stay
from pointsman.core.config.problems import Place
from pointsman.core.config.resolve_alerts import resolve_webhook, tells_budgets
from pointsman.core.config.resolve_caching import find_caching
from pointsman.core.config.resolve_secret_place import resolve_secret_place
from pointsman.core.config.snapshot import KEPT_DECISIONS_S, CacheBounds, Settings

_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(?P<port>[0-9]{1,5})")
_SQLITE = re.compile(r"sqlite:///[^?#@]+")
_POSTGRESQL = re.compile(r"(?!.*(?i:password)=)postgres(?:ql)?://(?:[^\s:/?#@]+@)?[^\s/?#@]*/[^\s/?#@]+(?:\?[^\s#]*)?")
"""Without a password, be it before the host or in the query."""


def resolve_settings(compilation: Compilation) -> Settings:
    """Complete the settings; what is wrong with one has been noted, and its default stands in."""
    document = compilation.document
    telemetry, routing, cache = document.telemetry.value, document.routing.value, document.cache.value
    return Settings(
        attempts=routing.attempts,
        back_off_ms=(routing.back_off.initial, routing.back_off.max),
        locked=document.head.source == "file",
        metrics_access=telemetry.metrics_access,
        logs_requests=telemetry.request_logging != "off",
        stays_local=find_reason_to_stay(None, document),
        privacy=document.policy.value.privacy or "low",
        detect_entities=tuple(document.privacy.value.entities),
        detect_names=document.privacy.value.names,
        detect_deadline_ms=document.privacy.value.deadline,
        listen=_read_listen(document.server.value.listen, document.server.place_of("listen"), compilation),
        storage_url=_read_storage_url(compilation),
        redis=_resolve_redis(compilation),
        hard_budgets=document.storage.value.hard_budgets,
        lease_ms=document.storage.value.lease,
        kept_revisions=document.retention.value.revisions,
        kept_decisions_s=document.retention.value.decisions or KEPT_DECISIONS_S,
        caches=find_caching(document.policy.value, document),
        cache=CacheBounds(cache.ttl, cache.max_size, cache.max_entries),
        terms=complete_terms(document.policy.value, document.policy.value),
        alert_webhook=resolve_webhook(compilation),
        tells_budgets=tells_budgets(document.alerts.value),
    )


def _read_listen(text: str | None, place: Place, compilation: Compilation) -> tuple[str, int] | None:
    if text is None:
        return None
    match = _LISTEN.fullmatch(text)
    if match is None or int(match["port"]) > 65_535:
        compilation.findings.add(place, "invalid_value", "write an address with its port, such as 127.0.0.1:4100")
        return None
    return match["host"].strip("[]"), int(match["port"])


def _resolve_redis(compilation: Compilation) -> str | None:
    storage = compilation.document.storage
    missing = (
        "limits are shared through PostgreSQL alone until {name} holds the URL; set it, or leave storage.redis out"
    )
    if storage.value.redis is None and storage.value.hard_budgets == "redis":
        message = "budgets can only be shared through Redis where storage.redis says where that is; add it"
        compilation.findings.add(storage.place_of("hard_budgets"), "missing_key", message)
    return resolve_secret_place(storage.value.redis, storage, "redis", missing, compilation)


def _read_storage_url(compilation: Compilation) -> str | None:
    storage = compilation.document.storage
    url = storage.value.url
    if url is None or _SQLITE.fullmatch(url) or _POSTGRESQL.fullmatch(url):
        return url
    # The URL itself stays out of the message: it may hold a password.
    message = (
        "write sqlite:////path/to/pointsman.db or postgresql://user@host/database, or leave it out;"
        " a password stands in the variable PGPASSWORD"
    )
    compilation.findings.add(storage.place_of("url"), "invalid_value", message)
    return None
