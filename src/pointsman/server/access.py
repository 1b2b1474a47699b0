"""Who is let in: the admin key guards everything that is not inference, and virtual keys open that."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Header

from pointsman.control.admin_key import AdminKey
from pointsman.core.chat.client_json import ClientError
from pointsman.server.errors import OperatorError


@dataclass(frozen=True, slots=True)
class AdminAccess:
    """Checks the admin key of a request."""

    admin_key: AdminKey

    def require(self, authorization: Annotated[str | None, Header()] = None) -> None:
        """Let the operator pass.

        Raises:
            OperatorError: 401 for everybody else, always in the same words.
        """
        scheme, _, presented = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not self.admin_key.matches(presented.strip()):
            detail = "This needs the admin key: send it as Authorization: Bearer."
            raise OperatorError(401, "invalid_admin_key", detail)


def refuse_key(*, is_disabled: bool) -> ClientError:
    """The answer to a virtual key that opens nothing: which of the reasons it is stays ours, unless one may end it."""
    if is_disabled:
        message = "The API key, its team or its user is disabled for now; ask the operator."
        return ClientError(403, "key_disabled", message)
    return ClientError(401, "invalid_api_key", "The API key is not valid; ask the operator for one.")
