"""Whether providers answer: those on this machine and its networks always, those in the cloud only when asked to."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pointsman.core.catalog.long_tail import find_long_tail
from pointsman.core.config.base_url import ForbiddenUrl, read_base_url
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Deployment
from pointsman.diagnosis.credential import find_credential
from pointsman.diagnosis.finding import Finding, good, list_names, skip, warn, wrong
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.provider_keys import leads, list_providers
from pointsman.diagnosis.secrecy import name_url
from pointsman.upstream.discovery import REFUSALS, Probe, Reply, ask_all

MOST_PROBED = 32


def check_providers(installation: Installation) -> Iterator[Finding]:
    """One line for each provider that may serve."""
    if installation.snapshot is None:
        yield skip("providers", "which ones are used is not known without a usable configuration")
        return
    providers = list_providers(installation.snapshot)
    asked = {
        name: deployments
        for name, deployments in providers.items()
        if find_long_tail(name) is None and (installation.question.online or _is_near(deployments[0]))
    }
    chosen = dict(list(asked.items())[:MOST_PROBED])
    replies = asyncio.run(ask_all([_prepare(each[0], installation) for each in chosen.values()]))
    for (name, deployments), reply in zip(chosen.items(), replies, strict=True):
        yield _judge(name, deployments, reply, installation)
    through_litellm = [name for name in providers if find_long_tail(name) is not None]
    left = [name for name in providers if name not in asked and name not in through_litellm]
    if left:
        yield skip("providers", f"not called: {list_names(left)}", "pointsman doctor --online calls them too")
    if through_litellm:
        yield skip("providers", f"not called, since only LiteLLM knows how: {list_names(through_litellm)}")
    if len(asked) > len(chosen):
        yield skip("providers", f"{len(asked) - len(chosen)} more were not called: at most {MOST_PROBED} are")


def _is_near(deployment: Deployment) -> bool:
    """Whether it is local and at an address that only this machine and its networks have."""
    try:
        reach = read_base_url(deployment.base_url).reach
    except ForbiddenUrl:
        return False
    return deployment.location == "local" and reach != "public"


def _prepare(deployment: Deployment, installation: Installation) -> Probe:
    if deployment.credential is None:
        return Probe(deployment, None)
    found = find_credential(deployment.credential, installation.environ, installation.question.cwd)
    return Probe(deployment, found.value)


def _judge(name: str, deployments: Sequence[Deployment], reply: Reply, installation: Installation) -> Finding:
    check = f"provider {name}"
    deployment = deployments[0]
    place = name_url(deployment.base_url)
    if reply.fault:
        found = _judge_silence(check, deployment, f"{place}: {reply.fault}")
        return found if leads(name, installation.snapshot) else replace(found, status="warning")
    if reply.status is None:
        return good(check, f"{place} takes connections; without its key nothing was asked")
    if reply.status in REFUSALS:
        return _judge_refusal(check, name, deployment, place, reply.status, installation)
    if reply.status >= 500 or 300 <= reply.status < 400:
        advice = f"look at its status page or log, and whether providers.{name}.base_url ends where its API begins"
        return warn(check, f"{place} answers HTTP {reply.status}", advice)
    if reply.models is None:
        said = "and takes the key" if deployment.credential else f"HTTP {reply.status} to GET /models"
        return good(check, f"{place} answers {said}; it does not list its models")
    missing = _find_missing(deployments, reply.models)
    if missing and deployment.location == "local":
        advice = (
            f"ollama pull {missing[0]}"
            if name == "ollama"
            else f"load it there, or correct the model_id of {missing[0]}"
        )
        return warn(check, f"{place} answers, but does not list {list_names(list(map(quote, missing)))}", advice)
    return good(check, f"{place} answers and lists {len(reply.models)} models")


def _judge_silence(check: str, deployment: Deployment, message: str) -> Finding:
    if deployment.location == "local":
        return wrong(check, message, "start its server, or correct its base URL")
    return wrong(check, message, "look whether this machine may reach it (firewall, proxy, name server)")


def _judge_refusal(
    check: str, name: str, deployment: Deployment, place: str, status: int, installation: Installation
) -> Finding:
    if deployment.credential is None:
        return wrong(check, f"{place} wants a key (HTTP {status})", f"write providers.{name}.api_key")
    found = find_credential(deployment.credential, installation.environ, installation.question.cwd)
    message = f"{place}: the key in {found.place} is refused (HTTP {status})"
    return wrong(check, message, f"make a new key at the provider, and put it into {found.place}")


def _find_missing(deployments: Sequence[Deployment], listed: Sequence[str]) -> list[str]:
    """The models that are configured and not listed; Ollama lists a tag that nobody has to write."""
    known = {one.removesuffix(":latest") for one in listed}
    return [each.upstream_model for each in deployments if each.upstream_model.removesuffix(":latest") not in known]
