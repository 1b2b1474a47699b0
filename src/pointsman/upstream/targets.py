"""Where requests go and how they begin: composed once per deployment and path, anew when the provider key changes."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pointsman
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Secrets
from pointsman.upstream.origin import Origin, parse_origin
from pointsman.upstream.pool import Lane, Pool

MOST_TARGETS = 1024

_UNFIT_FOR_VALUE = re.compile(r"[^\x20-\x7e]")
_UNFIT_FOR_PATH = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True, slots=True)
class Target:
    """Where the requests of one deployment and path go, and how they begin.

    Attributes:
        deployment: the very object that the head was composed for.
        secret: the provider key in the head, or `None` when none is needed.
        head: up to and including `content-length: `.
        lane: the connections to use.
    """

    deployment: Deployment
    secret: str | None = field(repr=False)
    head: bytes = field(repr=False)
    lane: Lane


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

    def find(self, deployment: Deployment, path: str) -> Target:
        """The target of a deployment and a path such as `/chat/completions`.

        Raises:
            UpstreamFailure: CREDENTIAL_MISSING without a usable key; UNREACHABLE for a base URL that leads nowhere.
        """
        secret = self._reveal(deployment)
        # Hashing a deployment means hashing all its fields; its identity is safe as a key while the entry holds it.
        target = self._known.get((id(deployment), path))
        if target is None or target.secret != secret:
            target = self._remember(deployment, path, secret)
        return target

    def _reveal(self, deployment: Deployment) -> str | None:
        reference = deployment.credential
        if reference is None:
            return None
        secret = self._secrets.reveal(reference)
        if not secret:
            detail = f"{reference} is not set; provider {deployment.provider} needs it"
            raise UpstreamFailure(FailureKind.CREDENTIAL_MISSING, detail, sent=False)
        return secret

    def _remember(self, deployment: Deployment, path: str, secret: str | None) -> Target:
        origin = parse_origin(deployment)
        head = compose_head(deployment, origin, path, secret)
        target = Target(deployment, secret, head, self._pool.find_lane(origin))
        if len(self._known) >= MOST_TARGETS:
            self._known.clear()
        self._known[id(deployment), path] = target
        return target


def compose_head(deployment: Deployment, origin: Origin, path: str, secret: str | None) -> bytes:
    """Write the head of a POST of JSON up to and including `content-length: `.

    Raises:
        UpstreamFailure: CREDENTIAL_MISSING for a key, UNREACHABLE for a path that does not fit into a head.
    """
    if secret is not None and _UNFIT_FOR_VALUE.search(secret):
        detail = f"the value of {deployment.credential} has a line break or another character that no key has"
        raise UpstreamFailure(FailureKind.CREDENTIAL_MISSING, detail, sent=False)
    full_path = urlsplit(deployment.base_url).path + path
    if _UNFIT_FOR_PATH.search(full_path):
        detail = (
            f"the base URL of provider {deployment.provider}, or what follows it, has a blank or a non-ASCII character"
        )
        raise UpstreamFailure(FailureKind.UNREACHABLE, detail, sent=False)
    lines = [
        f"POST {full_path} HTTP/1.1",
        f"host: {origin.authority}",
        f"user-agent: pointsman/{pointsman.__version__}",
        "accept: application/json, text/event-stream",
        "accept-encoding: identity",
        "content-type: application/json",
    ]
    lines += (f"{name}: {value}" for name, value in deployment.headers)
    if secret is not None:
        lines.append(f"authorization: Bearer {secret}")
    return "\r\n".join([*lines, "content-length: "]).encode("ascii")
