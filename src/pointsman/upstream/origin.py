"""Where a base URL leads: connections are shared by requests of one `Origin` and by no others."""

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.sections.values import Location
from pointsman.core.config.snapshot import Deployment

_STANDARD_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Origin:
    """The other end of a connection.

    Attributes:
        host: a name in ASCII or an address without brackets.
        port: of TCP.
        tls: whether the connection is encrypted and the provider's certificate verified.
        location: of the deployment; a connection that the guard allowed to a local provider never serves a cloud one.
        trusted_networks: public networks where a local provider may be.
        allowed_addresses: private addresses with port where a cloud provider may be.
    """

    host: str
    port: int
    tls: bool
    location: Location
    trusted_networks: tuple[str, ...] = ()
    allowed_addresses: tuple[str, ...] = ()

    @property
    def authority(self) -> str:
        """What the `host` header says: an address of IPv6 in brackets, the port only if it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _STANDARD_PORTS[self._scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self._scheme}://{self.authority}"

    @property
    def _scheme(self) -> str:
        return "https" if self.tls else "http"


def parse_origin(deployment: Deployment) -> Origin:
    """Read the origin of a deployment's base URL.

    Raises:
        UpstreamFailure: UNREACHABLE when the URL leads nowhere.
    """
    try:
        return _read_origin(urlsplit(deployment.base_url), deployment)
    except ValueError:  # Its text may quote what looks like a password, so it is not passed on.
        detail = f"the base URL of provider {deployment.provider} does not read http(s)://host[:port][/path]"
        raise UpstreamFailure(FailureKind.UNREACHABLE, detail, sent=False) from None


def _read_origin(url: SplitResult, deployment: Deployment) -> Origin:
    if url.scheme not in _STANDARD_PORTS or not url.hostname or url.username is not None or url.query or url.fragment:
        raise ValueError("not a base URL")
    host = url.hostname.encode("idna").decode("ascii")
    port = url.port if url.port is not None else _STANDARD_PORTS[url.scheme]
    return Origin(
        host,
        port,
        url.scheme == "https",
        deployment.location,
        deployment.trusted_networks,
        deployment.allowed_addresses,
    )
