"""What the resources of teams and of users share: finding one, changing it, and saying what is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Response

from pointsman.control.tenants import Tenants
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.routing.key_policy import UNREADABLE_TERMS
from pointsman.core.tenant_ports import Tenant, TenantKind
from pointsman.server.admin.signature import Signed
from pointsman.server.admin.tenant_forms import (
    TenantChange,
    change_tenant,
    describe_tenant,
    make_tenant,
    warn_of_models,
)
from pointsman.server.admin.unknown_names import KeyWarning, find_unregistered
from pointsman.server.admin.versions import read_base, refuse_stored, tag_version, write_note
from pointsman.server.errors import OperatorError


@dataclass(frozen=True, slots=True)
class TenantResource:
    """Teams, or users.

    Attributes:
        kind: which of them.
        tenants: all that there are.
        snapshot: gives the configuration in force.
    """

    kind: TenantKind
    tenants: Tenants
    snapshot: Callable[[], Snapshot]

    def find(self, id: str) -> Tenant:
        """One of them.

        Raises:
            OperatorError: 404 when there is none of that id.
        """
        tenant = self.tenants.find(self.kind, id)
        if tenant is None:
            raise self.refuse_unknown(id)
        return tenant

    async def make(self, id: str, new: TenantChange, response: Response) -> dict[str, object]:
        """Make one; answers what it is, with warnings."""
        note = write_note(new)
        with refuse_stored():
            tenant = await self.tenants.add(make_tenant(self.kind, id, new, note.at_ms), note)
        return self._show(tenant, response)

    async def change(
        self, id: str, change: TenantChange, if_match: str | None, response: Response
    ) -> dict[str, object]:
        """Change one; answers what it is now, with warnings."""

        def apply(tenant: Tenant) -> Tenant:
            if tenant.terms == UNREADABLE_TERMS:
                detail = "what is stored of its terms cannot be read: delete it and make it anew"
                raise OperatorError(409, "key_unreadable", detail)
            return change_tenant(tenant, change)

        with refuse_stored():
            tenant = await self.tenants.update(self.kind, id, apply, write_note(change), read_base(if_match))
        if tenant is None:
            raise self.refuse_unknown(id)
        return self._show(tenant, response)

    async def remove(self, id: str, signed: Signed, if_match: str | None) -> Response:
        """Forget one."""
        with refuse_stored():
            found = await self.tenants.remove(self.kind, id, write_note(signed), read_base(if_match))
        if not found:
            raise self.refuse_unknown(id)
        return Response(status_code=204)

    def refuse_unknown(self, id: str) -> OperatorError:
        """There is none of this id."""
        guess = suggest_name(id, [tenant.id for tenant in self.tenants.list(self.kind)])
        hint = f" Did you mean {quote(guess)}?" if guess else ""
        detail = f"No {self.kind} has the id {quote(id)}; GET /api/v1/{self.kind}s lists them.{hint}"
        return OperatorError(404, "not_found", detail)

    def _show(self, tenant: Tenant, response: Response) -> dict[str, object]:
        tag_version(response, tenant.version)
        return describe_tenant(tenant) | {"warnings": self._warn(tenant)}

    def _warn(self, tenant: Tenant) -> list[KeyWarning]:
        return [
            *warn_of_models(tenant, self.snapshot()),
            *find_unregistered("team", tenant.team, self.tenants),
        ]
