"""`/api/v1/teams`: the teams that keys name; what a team may use up and ask for holds for all of its keys together."""

from collections.abc import Callable

from fastapi import APIRouter, Response

from pointsman.control.tenants import Tenants
from pointsman.core.config.snapshot import Snapshot
from pointsman.server.admin.signature import Signed
from pointsman.server.admin.tenant_forms import (
    ChangedTeamView,
    NewTeam,
    TeamList,
    TenantChange,
    TenantView,
    describe_tenant,
)
from pointsman.server.admin.tenants import TenantResource
from pointsman.server.admin.versions import Author, IfMatch, Reason, tag_version


def build_teams(tenants: Tenants, snapshot: Callable[[], Snapshot]) -> APIRouter:
    """The teams resource; `snapshot` gives the configuration in force."""
    router = APIRouter(prefix="/api/v1/teams", tags=["teams"])
    teams = TenantResource("team", tenants, snapshot)

    @router.get("")
    async def list_teams() -> TeamList:
        """List all teams."""
        return TeamList(teams=[TenantView.model_validate(describe_tenant(each)) for each in tenants.list("team")])

    @router.post("", status_code=201)
    async def create_team(new: NewTeam, response: Response) -> ChangedTeamView:
        """Register a team; what holds for it holds from the next request on."""
        return ChangedTeamView.model_validate(await teams.make(new.id, new, response))

    @router.get("/{team_id}")
    async def read_team(team_id: str, response: Response) -> TenantView:
        """One team; its version is the ETag."""
        found = teams.find(team_id)
        tag_version(response, found.version)
        return TenantView.model_validate(describe_tenant(found))

    @router.patch("/{team_id}")
    async def change_team(
        team_id: str, change: TenantChange, response: Response, if_match: IfMatch = None
    ) -> ChangedTeamView:
        """Change a team; in force for the next request."""
        return ChangedTeamView.model_validate(await teams.change(team_id, change, if_match, response))

    @router.delete("/{team_id}", status_code=204)
    async def delete_team(
        team_id: str, author: Author = "admin", reason: Reason = "", if_match: IfMatch = None
    ) -> Response:
        """Forget a team, once no live key names it and no user belongs to it."""
        return await teams.remove(team_id, Signed(author=author, reason=reason), if_match)

    return router
