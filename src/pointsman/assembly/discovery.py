"""How a gateway asks providers for their models: with its own keys, and beside the connections that serve requests."""

from collections.abc import Mapping

from pointsman.assembly.books import now_ms
from pointsman.assembly.control import Control
from pointsman.core.config.snapshot import Deployment
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.server.admin.asked_providers import AskedProviders
from pointsman.server.admin.providers import Providers
from pointsman.upstream.discovery import Probe, Reply, ask_all

WAIT_S = 10.0
"""For everything that asking a provider takes, all pages of its list together."""


def open_discovery(control: Control, environ: Mapping[str, str]) -> Providers:
    """The providers of what is in force, and the way to ask them."""
    secrets = EnvironmentSecrets(environ)

    async def ask(deployment: Deployment) -> Reply:
        key = None if deployment.credential is None else secrets.reveal(deployment.credential)
        (reply,) = await ask_all([Probe(deployment, key)], WAIT_S)
        return reply

    def has_key(reference: str) -> bool:
        return secrets.reveal(reference) is not None

    return Providers(control.current, control.changes, AskedProviders(ask, now_ms), has_key, environ)
