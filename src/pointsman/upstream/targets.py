"""Where requests go and how they begin: composed once per deployment and path, anew when the provider key changes."""

from dataclasses import dataclass, field

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Secrets
from pointsman.upstream.head import Head, compose_head
from pointsman.upstream.origin import parse_origin
from pointsman.upstream.pool import Lane, Pool

MOST_TARGETS = 1024


@dataclass(frozen=True, slots=True)
class Target:
    """Where the requests of one deployment and path go, and how they begin.

    Attributes:
        deployment: the very object that the head was composed for.
        secret: the provider key in the head, or the token that stands for it; `None` when none is needed.
        head: what a request begins with.
        plain: the whole of it, where it is the same for each request; else `None`.
        lane: the connections to use.
    """

    deployment: Deployment
    secret: str | None = field(repr=False)
    head: Head = field(repr=False)
    plain: bytes | None = field(repr=False)
    lane: Lane


def reveal_key(secrets: Secrets, deployment: Deployment) -> str | None:
    """The provider key of a deployment, or `None` when it needs none.

    Raises:
        UpstreamFailure: CREDENTIAL_MISSING when there is none that can be used.
    """
    reference = deployment.credential
    if reference is None:
        return None
    secret = secrets.reveal(reference)
    if not secret:
        detail = f"{reference} is not set; provider {deployment.provider} needs it"
        raise UpstreamFailure(FailureKind.CREDENTIAL_MISSING, detail, sent=False)
    return secret


class Targets:
    """Remembers at most `MOST_TARGETS` targets; a changed key is noticed at the next request.

    Args:
        secrets: asked at every request for the provider key.
        pool: gives the lane of each origin.
    """

    def __init__(self, secrets: Secrets, pool: Pool) -> None:
        self._secrets = secrets
        self._pool = pool
        self._known: dict[tuple[int, str], Target] = {}

    def reveal(self, deployment: Deployment) -> str | None:
        """The provider key of a deployment, or `None` when it needs none.

        Raises:
            UpstreamFailure: CREDENTIAL_MISSING when there is none that can be used.
        """
        return reveal_key(self._secrets, deployment)

    def find(self, deployment: Deployment, path: str, secret: str | None) -> Target:
        """The target of a deployment and a path such as `/chat/completions`.

        Args:
            deployment: where to.
            path: what follows its base URL.
            secret: what `reveal` gave, or the access token that stands for it.

        Raises:
            UpstreamFailure: CREDENTIAL_MISSING without a usable key; UNREACHABLE for a base URL that leads nowhere.
        """
        # Hashing a deployment means hashing all its fields; its identity is safe as a key while the entry holds it.
        target = self._known.get((id(deployment), path))
        if target is None or target.secret != secret:
            target = self._remember(deployment, path, secret)
        return target

    def _remember(self, deployment: Deployment, path: str, secret: str | None) -> Target:
        origin = parse_origin(deployment)
        head = compose_head(deployment, origin, path, secret)
        plain = head.write(b"", 0.0) if head.keys is None else None
        target = Target(deployment, secret, head, plain, self._pool.find_lane(origin))
        if len(self._known) >= MOST_TARGETS:
            self._known.clear()
        self._known[id(deployment), path] = target
        return target
