"""Teams and users as the admin API writes them; what both have is written once."""

from dataclasses import replace
from typing import Annotated

import msgspec
from pydantic import BaseModel, Field

from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.key_budget import write_key_budget
from pointsman.core.routing.key_policy import MOST_MODELS, NO_TERMS, UNREADABLE_TERMS, TenantTerms
from pointsman.core.tenant_ports import Tenant, TenantKind
from pointsman.server.admin.amounts import Budgets, Rate, read_budgets
from pointsman.server.admin.plain_texts import DisplayName, Slug, Target
from pointsman.server.admin.signature import Signed, write_time
from pointsman.server.admin.unknown_names import KeyWarning, find_unknown_models

UNUSABLE = "what is stored of its terms cannot be read, so its keys open nothing: delete it and make it anew"


class TenantChange(Signed):
    """What becomes different; what is left out stays, and null takes a term away."""

    name: DisplayName = Field(default="", description="what people call it")
    models: Annotated[list[Target], Field(max_length=MOST_MODELS)] = Field(
        default=[], description="what its keys may ask for at most, as with a key; empty: whatever these may"
    )
    budgets: Budgets = Field(default=[], description="what it may spend, such as $5/day or $100/month Europe/Berlin")
    confirm_zero: bool = Field(default=False, description="must be true beside a budget of 0, which denies everything")
    requests_per_minute: Rate | None = Field(default=None, description="how many requests it may make")
    tokens_per_minute: Rate | None = Field(default=None, description="how many tokens they may use, answers included")
    concurrent: Rate | None = Field(default=None, description="how many of them may be under way at the same time")
    disabled: bool = Field(default=False, description="true: its keys open nothing for now")


class NewTeam(TenantChange):
    """What a team is made from; what is left out restricts nothing."""

    id: Slug


class UserChange(TenantChange):
    """The same about a user."""

    team: Slug | None = Field(default=None, description="the team it belongs to")


class NewUser(UserChange):
    """What a user is made from; what is left out restricts nothing."""

    id: Slug


class TenantView(BaseModel):
    """A team or a user; times are ISO 8601 in UTC. `problem` says why its keys open nothing."""

    id: str
    name: str
    created_at: str
    version: int
    disabled: bool
    models: list[str]
    budgets: list[str]
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent: int | None
    problem: str | None = None


class UserView(TenantView):
    """A user, and the team it belongs to."""

    team: str | None


class ChangedTeamView(TenantView):
    """A team after a change."""

    warnings: list[KeyWarning]


class ChangedUserView(UserView):
    """A user after a change."""

    warnings: list[KeyWarning]


class TeamList(BaseModel):
    """All teams, by id."""

    teams: list[TenantView]


class UserList(BaseModel):
    """All users, by id."""

    users: list[UserView]


def make_tenant(kind: TenantKind, id: str, new: TenantChange, now_ms: int) -> Tenant:
    """The team or user that is made."""
    return change_tenant(Tenant(kind, id, "", now_ms), new)


def change_tenant(tenant: Tenant, change: TenantChange) -> Tenant:
    """What a change makes of it.

    Raises:
        OperatorError: 422 for what only shows beside the rest.
    """
    given = change.model_fields_set
    terms: dict[str, object] = {name: getattr(change, name) for name in _AS_THEY_ARE if name in given}
    if "models" in given:
        terms["models"] = tuple(dict.fromkeys(change.models))
    if "budgets" in given:
        terms["budgets"] = read_budgets(change.budgets, confirm_zero=change.confirm_zero)
    team = change.team or "" if isinstance(change, UserChange) and "team" in given else tenant.team
    return replace(
        tenant,
        name=change.name if "name" in given else tenant.name,
        terms=msgspec.structs.replace(tenant.terms, **terms),
        team=team,
        disabled=change.disabled if "disabled" in given else tenant.disabled,
    )


_AS_THEY_ARE = ("requests_per_minute", "tokens_per_minute", "concurrent")


def describe_tenant(tenant: Tenant) -> dict[str, object]:
    """What is known of a team or a user, by the names that it has in the API."""
    unusable = tenant.terms == UNREADABLE_TERMS
    terms: TenantTerms = NO_TERMS if unusable else tenant.terms
    return {
        **{name: getattr(terms, name) for name in _AS_THEY_ARE},
        "id": tenant.id,
        "name": tenant.name,
        "created_at": write_time(tenant.created_at_ms),
        "version": tenant.version,
        "disabled": tenant.disabled,
        "models": list(terms.models),
        "budgets": [write_key_budget(budget) for budget in terms.budgets],
        "problem": UNUSABLE if unusable else None,
        **({"team": tenant.team or None} if tenant.kind == "user" else {}),
    }


def warn_of_models(tenant: Tenant, snapshot: Snapshot) -> list[KeyWarning]:
    """The models that nothing answers to now."""
    return [] if tenant.terms == UNREADABLE_TERMS else find_unknown_models(tenant.terms.models, snapshot)
