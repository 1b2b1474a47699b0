"""An error as OpenAI's API words it: one exception, one document, whatever refused the request."""

import msgspec


class Refusal(Exception):
    """The simulator answers a request with an error.

    Attributes:
        status: the HTTP status.
        message: what is wrong, for a person.
        kind: OpenAI's `error.type`.
        code: OpenAI's `error.code`, or `None`.
        param: the request field at fault, or `None`.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.kind = kind
        self.code = code
        self.param = param

    def encode(self) -> bytes:
        """The error document: `{"error": {"message", "type", "param", "code"}}`."""
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return msgspec.json.encode({"error": error})
