"""The one way to say that a key cannot be used: it names the reference, never the value."""

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment


def refuse_key(deployment: Deployment, why: str) -> UpstreamFailure:
    """A failure before anything was sent, such as `env:NAME has a line break`."""
    detail = f"the value of {deployment.credential} {why}"
    return UpstreamFailure(FailureKind.CREDENTIAL_MISSING, detail, sent=False)
