"""`/api/v1/users`: the users that keys name; what a user may use up and ask for holds for all of its keys together."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from pointsman.control.tenants import Tenants
from pointsman.core.config.snapshot import Snapshot
from pointsman.server.admin.signature import Signed
from pointsman.server.admin.tenant_forms import (
    ChangedUserView,
    NewUser,
    UserChange,
    UserList,
    UserView,
    describe_tenant,
)
from pointsman.server.admin.tenants import TenantResource
from pointsman.server.admin.versions import Author, IfMatch, Reason, tag_version


def build_users(tenants: Tenants, snapshot: Callable[[], Snapshot]) -> APIRouter:
    """The users resource; `snapshot` gives the configuration in force."""
    router = APIRouter(prefix="/api/v1/users", tags=["users"])
    users = TenantResource("user", tenants, snapshot)

    @router.get("")
    async def list_users() -> UserList:
        """List all users."""
        return UserList(users=[UserView.model_validate(describe_tenant(each)) for each in tenants.list("user")])

    @router.post("", status_code=201)
    async def create_user(new: NewUser, response: Response) -> ChangedUserView:
        """Register a user; what holds for it holds from the next request on."""
        return ChangedUserView.model_validate(await users.make(new.id, new, response))

    @router.get("/{user_id}")
    async def read_user(user_id: str, response: Response) -> UserView:
        """One user; its version is the ETag."""
        found = users.find(user_id)
        tag_version(response, found.version)
        return UserView.model_validate(describe_tenant(found))

    @router.patch("/{user_id}")
    async def change_user(
        user_id: str, change: UserChange, response: Response, if_match: IfMatch = None
    ) -> ChangedUserView:
        """Change a user; in force for the next request."""
        return ChangedUserView.model_validate(await users.change(user_id, change, if_match, response))

    @router.delete("/{user_id}", status_code=204)
    async def delete_user(
        user_id: str, author: Author = "admin", reason: Reason = "", if_match: IfMatch = None
    ) -> Response:
        """Forget a user, once no live key names it."""
        return await users.remove(user_id, Signed(author=author, reason=reason), if_match)

    return router
