"""Who may operate: the admin key guards everything that is not inference."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Header

from pointsman.control.keys import AdminKey
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
