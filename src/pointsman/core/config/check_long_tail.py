"""What may be said of a provider that LiteLLM reaches: a key and a base URL; how it speaks there is its own affair."""

from pointsman.core.catalog.long_tail import EXTRA, LONG_TAIL, UNSUITABLE, find_long_tail
from pointsman.core.config.compilation import Compilation
from pointsman.core.config.problems import quote
from pointsman.core.config.read_document import Written
from pointsman.core.config.sections.providers import Provider
from pointsman.core.config.sections.values import Location


def check_long_tail(name: str, location: Location, written: Written[Provider], compilation: Compilation) -> None:
    """Note what cannot hold for such a provider, and what is missing."""
    findings, stated = compilation.findings, written.value
    reason = UNSUITABLE.get(find_long_tail(name) or "")
    if reason is not None:
        findings.add(written.key, "invalid_name", reason)
        return
    if stated.dialect not in (None, LONG_TAIL.dialect):
        message = f"LiteLLM is spoken to in {LONG_TAIL.dialect}, whatever the provider speaks; leave `dialect` out"
        findings.add(written.place_of("dialect"), "conflict", message)
    if stated.auth not in (None, "bearer", "none"):
        findings.add(written.place_of("auth"), "conflict", "LiteLLM sends the key in its own way; leave `auth` out")
    if stated.location == "local" and location == "cloud":
        message = "without a base_url nobody can tell where LiteLLM calls, so this is a cloud provider; write base_url"
        findings.add(written.place_of("location"), "conflict", message)
    if not compilation.surroundings.has_litellm:
        message = f"calls to {quote(name)} fail until LiteLLM is installed: pip install '{EXTRA}'"
        findings.add(written.key, "extra_missing", message, severity="warning")
    if stated.api_key is None and stated.auth != "none" and location == "cloud":
        message = (
            f"{quote(name)} has no key; write api_key, such as {{env: POINTSMAN_NAME_KEY}}, or `auth: none`"
            " where none is needed"
        )
        findings.add(written.key, "credential_missing", message, severity="warning")
