"""Completes a provider from the catalogue and the surroundings: where it is, whether it is local, what key it takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.core.catalog.catalog import Auth, KnownProvider
from pointsman.core.catalog.long_tail import find_long_tail
from pointsman.core.catalog.quirk import Quirk
from pointsman.core.config.base_url import BaseUrl, ForbiddenUrl, complete_base_url, read_base_url
from pointsman.core.config.check_long_tail import check_long_tail
from pointsman.core.config.compilation import Compilation
from pointsman.core.config.model_operations import Operations, list_provider_operations
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.provider_facts import choose_auth, choose_dialect, find_kin, list_quirks, merge_headers
from pointsman.core.config.provider_network import read_addresses, read_headers, read_networks
from pointsman.core.config.read_document import Written
from pointsman.core.config.sections.providers import Provider, RateLimits
from pointsman.core.config.sections.values import Location
from pointsman.core.config.snapshot import Deadlines
from pointsman.core.privacy.labels import Label

_OWN_VARIABLE = re.compile(r"POINTSMAN_[A-Z0-9_]{1,100}")
_NEVER_SENT = frozenset(("POINTSMAN_ADMIN_KEY", "POINTSMAN_API_KEY"))


@dataclass(frozen=True, slots=True)
class ResolvedProvider:
    """A provider that can be called; the fields are those of `Deployment`."""

    name: str
    dialect: str
    base_url: str
    location: Location
    clearance: Label
    credential: str | None
    deadlines: Deadlines
    enabled: bool
    headers: tuple[tuple[str, str], ...]
    auth: Auth
    quirks: tuple[Quirk, ...]
    trusted_networks: tuple[str, ...]
    allowed_addresses: tuple[str, ...]
    rate_limits: RateLimits
    operations: Operations


def resolve_provider(name: str, written: Written[Provider], compilation: Compilation) -> ResolvedProvider | None:
    """Complete a provider, or note why it cannot be called."""
    known = compilation.surroundings.catalog.providers.get(name)
    dialect, kin = choose_dialect(written.value, known), find_kin(name, written.value, compilation.surroundings.catalog)
    place = _resolve_place(name, written, compilation)
    credential = _resolve_credential(name, written, compilation)
    if place is None:
        return None
    base_url, location = place
    return ResolvedProvider(
        name=name,
        dialect=dialect,
        base_url=base_url,
        location=location,
        clearance=_resolve_clearance(name, location, written, compilation),
        credential=credential,
        deadlines=_resolve_deadlines(written, compilation),
        enabled=written.value.enabled,
        headers=merge_headers(read_headers(written, compilation), kin, dialect),
        auth=choose_auth(written.value, kin, dialect),
        quirks=list_quirks(written.value, kin, dialect),
        trusted_networks=read_networks(written, compilation),
        allowed_addresses=read_addresses(written, compilation),
        rate_limits=written.value.rate_limits,
        operations=list_provider_operations(kin, dialect),
    )


def list_provider_limits(providers: Mapping[str, ResolvedProvider]) -> dict[str, tuple[int | None, int | None]]:
    """Requests and tokens per minute that a provider takes over all its models, of those where any is stated."""
    stated = {
        name: (provider.rate_limits.requests_per_minute, provider.rate_limits.tokens_per_minute)
        for name, provider in providers.items()
    }
    return {name: limits for name, limits in stated.items() if limits != (None, None)}


def _resolve_place(name: str, written: Written[Provider], compilation: Compilation) -> tuple[str, Location] | None:
    """The base URL and whose machine that is; `""` for the cloud provider that LiteLLM knows the way to."""
    is_long_tail = find_long_tail(name) is not None
    if is_long_tail and written.value.base_url is None:
        check_long_tail(name, "cloud", written, compilation)
        return "", "cloud"
    base_url = _resolve_base_url(name, written, compilation)
    location = _resolve_location(name, base_url, written, compilation) if base_url else None
    if base_url is None or location is None:
        return None
    if is_long_tail:
        check_long_tail(name, location, written, compilation)
    return base_url.url, location


def _resolve_base_url(name: str, written: Written[Provider], compilation: Compilation) -> BaseUrl | None:
    """As written, else as an environment variable has it, else as the catalogue knows it."""
    text, place, origin = written.value.base_url, written.place_of("base_url"), "this base URL"
    known = compilation.surroundings.catalog.providers.get(name)
    if text is None and known is None:
        _report_unknown_address(name, written, compilation)
        return None
    if text is None and known is not None:
        text = known.base_url
        moved_by = next((each for each in known.base_url_variables if each in compilation.surroundings.base_urls), None)
        if moved_by is not None:
            text = complete_base_url(compilation.surroundings.base_urls[moved_by], known.usual_base_url)
            origin = f"the base URL of {moved_by}"
        elif not text:
            _report_missing_address(known, written, compilation)
            return None
    try:
        return read_base_url(text or "")
    except ForbiddenUrl as reason:
        compilation.findings.add(place, "forbidden_url", f"{origin} may not be used: {reason}")
        return None


def _report_unknown_address(name: str, written: Written[Provider], compilation: Compilation) -> None:
    message = f"the catalogue does not know {quote(name)}; write its base_url"
    guess = compilation.findings.guess_name(name, compilation.surroundings.catalog.providers)
    place = written.key.renamed(f"{written.key.path}.base_url")
    compilation.findings.add(place, "missing_key", message, suggestion=guess)


def _report_missing_address(known: KnownProvider, written: Written[Provider], compilation: Compilation) -> None:
    """Of a provider that gives each of its customers an address of their own."""
    message = f"write your base_url, which looks like {known.base_url_form}"
    if known.base_url_variables:
        message += f", or set {' or '.join(known.base_url_variables)}"
    compilation.findings.add(written.key.renamed(f"{written.key.path}.base_url"), "missing_key", message)


def _resolve_location(
    name: str, base_url: BaseUrl, written: Written[Provider], compilation: Compilation
) -> Location | None:
    """Loopback is local by definition, a private address must be called so, any other is cloud unless called local."""
    known = compilation.surroundings.catalog.providers.get(name)
    stated = written.value.location
    if stated == "cloud" and written.value.allow_private and base_url.reach != "public":
        return "cloud"
    if base_url.reach == "loopback":
        if stated == "cloud":
            message = (
                "a provider at a loopback address is local by definition; leave `location` out,"
                " or name the address and port under allow_private"
            )
            compilation.findings.add(written.place_of("location"), "conflict", message)
        return "local"
    if base_url.reach == "public" and stated == "local" and not _is_trusted(written):
        message = (
            "this is not an address of your own network; write `trust: local` and the network under"
            " trusted_networks if the machine is yours"
        )
        compilation.findings.add(written.place_of("location"), "not_local", message)
        return None
    if base_url.reach == "private":
        stated = stated or (known.location if known else None)
        if stated != "local":
            message = "this is a private address; write `location: local` if the machine is yours"
            compilation.findings.add(written.place_of("base_url"), "forbidden_url", message)
            return None
    location = stated or "cloud"
    if location == "cloud" and not base_url.encrypted:
        message = "http is only for local providers; use https, or write `location: local` if the machine is yours"
        compilation.findings.add(written.place_of("base_url"), "forbidden_url", message)
        return None
    return location


def _resolve_clearance(name: str, location: Location, written: Written[Provider], compilation: Compilation) -> Label:
    """Own machines take every label; elsewhere only what is not trained on may be a little private."""
    if location == "local":
        return "high"
    known = compilation.surroundings.catalog.providers.get(name)
    # What the catalogue knows holds for the provider's own address, not for wherever a document points its name.
    moved = written.value.base_url
    usual = known.data_policy if known and (moved is None or known.is_own_address(moved)) else None
    policy = written.value.data_policy or usual
    return "medium" if policy in ("zero_retention", "no_training") else "low"


def _is_trusted(written: Written[Provider]) -> bool:
    return written.value.trust == "local" and bool(written.value.trusted_networks)


def _resolve_credential(name: str, written: Written[Provider], compilation: Compilation) -> str | None:
    """The reference that the provider's key is revealed by; a missing value is worth a warning, no more."""
    known = compilation.surroundings.catalog.providers.get(name)
    reference = written.value.api_key
    if written.value.auth == "none":
        return None
    if reference is not None and reference.file is not None:
        return f"file:{reference.file}"
    if reference is not None and reference.env is None:
        kind = "secret" if reference.secret is not None else "aws"
        message = f"{{{kind}: ...}} cannot be read by this version yet; use {{env: NAME}} or {{file: PATH}}"
        compilation.findings.add(written.place_of("api_key", kind), "secret_store_missing", message)
        return None
    if reference is not None and reference.env is not None:
        if not accept_variable(reference.env, written.place_of("api_key", "env"), compilation):
            return None
        variables: tuple[str, ...] = (reference.env,)
    else:
        variables = known.key_variables if known else ()
    if not variables:
        return None
    if compilation.surroundings.set_variables.isdisjoint(variables):
        message = f"{quote(name)} has no key; set {' or '.join(variables)}"
        compilation.findings.add(written.key, "credential_missing", message, severity="warning")
    return "env:" + ",".join(map(compilation.surroundings.catalog.read_variable, variables))


def accept_variable(variable: str, place: Place, compilation: Compilation) -> bool:
    """Whether a document may have this variable's value sent somewhere; noted where it may not."""
    if variable in _NEVER_SENT:
        message = f"{variable} guards Pointsman itself and is never sent to a provider"
    elif (
        variable in compilation.surroundings.catalog.key_variables()
        or _OWN_VARIABLE.fullmatch(variable)
        or variable in compilation.document.security.value.environment_variables
    ):
        return True
    else:
        message = (
            f"the variable {quote(variable)} may not be read; put the key into one named POINTSMAN_...,"
            " or list it under security.environment_variables"
        )
    compilation.findings.add(place, "variable_not_allowed", message)
    return False


def _resolve_deadlines(written: Written[Provider], compilation: Compilation) -> Deadlines:
    timeouts, usual = written.value.timeouts, Deadlines()
    deadlines = Deadlines(
        connect_ms=timeouts.connect or usual.connect_ms,
        first_byte_ms=timeouts.first_byte or usual.first_byte_ms,
        idle_ms=timeouts.idle or usual.idle_ms,
        total_ms=timeouts.total or usual.total_ms,
        stream_total_ms=timeouts.stream_total or usual.stream_total_ms,
    )
    # Against the defaults too: a total of 30s beside the usual first_byte of 60s is one deadline less than it seems.
    for field, part_ms in (("connect", deadlines.connect_ms), ("first_byte", deadlines.first_byte_ms)):
        if getattr(timeouts, field) is not None and part_ms > deadlines.total_ms:
            message = f"{field} is longer than total, which is {deadlines.total_ms // 1_000}s unless written"
            compilation.findings.add(written.place_of("timeouts", field), "invalid_timeout", message)
    return deadlines
