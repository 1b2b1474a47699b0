"""Which providers have a key, by the name of its place alone; and which models nobody knows the price of."""

from collections.abc import Iterator

from pointsman.control.configuration import load_catalog
from pointsman.core.config.snapshot import Deployment, Snapshot
from pointsman.diagnosis.credential import find_credential
from pointsman.diagnosis.finding import Finding, good, list_names, skip, warn, wrong
from pointsman.diagnosis.installation import Installation


def check_provider_keys(installation: Installation) -> Iterator[Finding]:
    """Keys, then prices."""
    snapshot = installation.snapshot
    if snapshot is None:
        yield _list_variables(installation)
        return
    providers = list_providers(snapshot)
    if not providers:
        yield wrong(
            "keys", "no model is enabled, so nothing can be served", "name a provider and a model of it: pointsman init"
        )
    for name, deployments in providers.items():
        yield _check_key(name, deployments[0], installation)
    yield _check_prices(snapshot)


def list_providers(snapshot: Snapshot) -> dict[str, list[Deployment]]:
    """The deployments of the models that may serve, by provider."""
    found: dict[str, list[Deployment]] = {}
    for model in snapshot.models.values():
        if model.enabled:
            found.setdefault(model.deployment.provider, []).append(model.deployment)
    return found


def leads(provider: str, snapshot: Snapshot | None) -> bool:
    """Whether somebody's first model is the provider's, so that without it a fallback answers at best."""
    if snapshot is None:
        return False
    callers = [*snapshot.agents.values(), *snapshot.interactions.values(), *snapshot.tasks.values()]
    first = [snapshot.models[caller.model] for caller in callers if caller.model in snapshot.models]
    return not callers or any(model.deployment.provider == provider for model in first)


def _list_variables(installation: Installation) -> Finding:
    present = sorted(name for name in load_catalog().key_variables() if installation.environ.get(name, "").strip())
    message = "which ones are needed is not known without a usable configuration"
    if present:
        return skip("keys", f"{message}; set: {list_names(present, 10)}")
    return skip("keys", f"{message}; no provider's variable is set", "set one, such as OPENAI_API_KEY")


def _check_key(name: str, deployment: Deployment, installation: Installation) -> Finding:
    check = f"key of {name}"
    if deployment.credential is None:
        if deployment.location == "local":
            return good(check, "none is needed: it is local")
        return warn(check, "none is named, and it is not local", f"write providers.{name}.api_key")
    credential = find_credential(deployment.credential, installation.environ, installation.question.cwd)
    if credential.value is None:
        judge = wrong if leads(name, installation.snapshot) else warn
        return judge(check, f"{credential.place} {credential.fault}", credential.advice)
    if credential.fault:
        return warn(check, f"{credential.place} {credential.fault}", credential.advice)
    return good(check, f"{credential.place} is set")


def _check_prices(snapshot: Snapshot) -> Finding:
    enabled = [model for model in snapshot.models.values() if model.enabled]
    unknown = [m.name for m in enabled if m.prices is None and m.deployment.location == "cloud"]
    if unknown:
        message = f"unknown for {list_names(unknown)}: their calls are missing from every sum"
        return warn("prices", message, f"write models.{unknown[0]}.price_per_1m_tokens")
    return good("prices", "known for every model in the cloud")
