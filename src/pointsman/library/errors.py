"""What programs catch: one tree, grouped by what the caller does about it; every message says what to do next.

PointsmanError > RequestRefused, MissingCredential, ProviderFailed, GatewayUnreachable, RequestTimedOut, EngineClosed
"""

from dataclasses import dataclass


class PointsmanError(Exception):
    """A request got no answer.

    Attributes:
        status: as over HTTP, or `None` where it never came to one.
        code: stable, such as `model_not_found`; `docs/errors.md` lists them.
        request_id: finds the request in logs and records; `""` where it has none.
        param: the path of the offending value, or `None`.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str = "", request_id: str = "", param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.param = param


class RequestRefused(PointsmanError):
    """The request itself is why: something in it is wrong, or it may not go anywhere. The same one is refused again."""


class ProviderFailed(PointsmanError):
    """No provider gave a good answer; another try, or another model, may."""


class GatewayUnreachable(PointsmanError):
    """The gateway that `url` or `POINTSMAN_URL` names does not answer."""


class RequestTimedOut(PointsmanError, TimeoutError):
    """The time that the caller gave is over; the call was ended upstream, too."""


class EngineClosed(PointsmanError):
    """The engine was closed before the answer was there, or before it was asked."""


class MissingCredential(PointsmanError):
    """A provider's key is not set.

    Attributes:
        provider: whose.
        variables: the environment variables of which one must be set; empty where a file must be there.
    """

    def __init__(
        self, message: str, *, provider: str = "", variables: tuple[str, ...] = (), request_id: str = ""
    ) -> None:
        super().__init__(message, status=503, code="upstream_credential_missing", request_id=request_id)
        self.provider = provider
        self.variables = variables


@dataclass(frozen=True, slots=True)
class MissingKey:
    """The key that a provider lacks.

    Attributes:
        provider: its name in the configuration.
        variables: of which one must be set, the usual one first; empty where a file must be there.
        file: the path of that file, or `""`.
    """

    provider: str
    variables: tuple[str, ...] = ()
    file: str = ""

    def __str__(self) -> str:
        """What to do, as a sentence."""
        if self.file:
            return f'put the key of the provider "{self.provider}" into the file "{self.file}", readable for you alone'
        return f'set {" or ".join(self.variables)} for the provider "{self.provider}"'
