"""Keys as the admin API writes them: strict and bounded where they come in, plain where they go out."""

from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, Field

from pointsman.control.tenants import Tenants, join_tenants
from pointsman.core.chat.money import format_usd, parse_usd
from pointsman.core.config.routing_plan import Detect
from pointsman.core.ports import KeyRecord
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.key_budget import write_key_budget
from pointsman.core.routing.key_policy import (
    MOST_MODELS,
    MOST_STRATEGIES,
    MOST_TAGS,
    NO_POLICY,
    UNREADABLE,
    KeyPolicy,
)
from pointsman.server.admin.amounts import Budgets, Expiry, Grace, MoneyText, Rate, read_budgets, refuse_field
from pointsman.server.admin.plain_texts import KeyName, Owner, Tag, Target
from pointsman.server.admin.signature import Signed, write_time
from pointsman.server.admin.unknown_names import KeyWarning

UNUSABLE = "what is stored of its policy cannot be read, so it opens nothing: revoke it and make another one"
AGENT = "agent:"

State = Literal["live", "disabled", "expired", "revoked", "broken"]


class KeyTerms(Signed):
    """The terms of a key. In a new key, what is left out restricts nothing and says nothing; in a change it stays."""

    team: Owner | None = Field(default=None, description="whose requests these are")
    user: Owner | None = Field(default=None, description="likewise, one person or program")
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = Field(
        default=[], description="labels that each of its requests has"
    )
    models: Annotated[list[Target], Field(max_length=MOST_MODELS)] = Field(
        default=[], description="what it may ask for, such as gpt-4o, agent:writer or agent:*; empty: everything"
    )
    agents: Annotated[list[Target], Field(max_length=MOST_MODELS)] = Field(
        default=[], description="agents that it may ask for, by name or *; the same as agent:NAME among models"
    )
    privacy: Label | None = Field(default=None, description="the label that each of its requests has at least")
    detect: Detect | None = Field(default=None, description="when private data is looked for in its requests")
    strategies: Annotated[list[Target], Field(max_length=MOST_STRATEGIES)] = Field(
        default=[], description="strategies that its requests may ask for; * stands for all; empty: none"
    )
    budget_mode: bool = Field(default=False, description="true: each of its requests takes the model for saving")
    budgets: Budgets = Field(default=[], description="what it may spend, such as $5/day or $100/month Europe/Berlin")
    confirm_zero: bool = Field(default=False, description="must be true beside a budget of 0, which denies everything")
    requests_per_minute: Rate | None = Field(default=None, description="how many requests it may make")
    tokens_per_minute: Rate | None = Field(default=None, description="how many tokens they may use, answers included")
    concurrent: Rate | None = Field(default=None, description="how many of them may be under way at the same time")
    strict: bool = Field(default=False, description="true: refused where a parameter would be changed on its way")
    max_cost_per_request: MoneyText | None = Field(default=None, description="dollars that one request may cost")
    clamp: bool = Field(default=False, description="true: too large a limit of the answer is cut, not refused")
    expires: Expiry | None = Field(default=None, description="30d, 2027-01-31 or 2027-01-31T18:00Z; null: never")


class NewKey(KeyTerms):
    """What a key is made from."""

    name: KeyName


class KeyChange(KeyTerms):
    """What becomes different about a key; what is left out stays, and null takes a term away."""

    name: KeyName | None = None
    disabled: bool = Field(default=False, description="true: it opens nothing for now")


class NewText(Signed):
    """How long the text of before works beside the new one; `0` ends it at once."""

    grace: Grace = "24h"


class KeyView(BaseModel):
    """What may be known of a key; times are ISO 8601 in UTC. `problem` says why a key opens nothing."""

    id: str
    name: str
    display: str
    state: State
    created_at: str
    revoked_at: str | None = None
    expires_at: str | None = None
    rotated_at: str | None = None
    former_until: str | None = Field(default=None, description="until when its text of before works, too")
    last_used_at: str | None = None
    version: int
    disabled: bool = False
    team: str | None = None
    user: str | None = None
    tags: list[str] = []
    models: list[str] = []
    privacy: Label | None = None
    detect: Detect | None = None
    strategies: list[str] = []
    budget_mode: bool = False
    budgets: list[str] = []
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent: int | None = None
    strict: bool = False
    max_cost_per_request: str | None = None
    clamp: bool = False
    problem: str | None = None


class ChangedKeyView(KeyView):
    """A key after a change."""

    warnings: list[KeyWarning] = []


class CreatedKeyView(ChangedKeyView):
    """A key with its new text, which is shown this once."""

    key: str


class KeyList(BaseModel):
    """All keys that are kept, those included that open nothing any more."""

    keys: list[KeyView]


def read_policy(said: KeyTerms, base: KeyPolicy = NO_POLICY) -> KeyPolicy:
    """The policy that a key is given, or what becomes of it; what is listed twice counts once.

    Raises:
        OperatorError: 422 for what only shows beside the rest.
    """
    given = said.model_fields_set
    changes: dict[str, object] = {name: getattr(said, name) for name in _AS_THEY_ARE if name in given}
    changes |= {name: getattr(said, name) or "" for name in ("team", "user") if name in given}
    changes |= {name: tuple(dict.fromkeys(getattr(said, name))) for name in ("tags", "strategies") if name in given}
    if given & {"models", "agents"}:
        changes["models"] = _read_models(said, base.models)
    if "budgets" in given:
        changes["budgets"] = read_budgets(said.budgets, confirm_zero=said.confirm_zero)
    if "max_cost_per_request" in given:
        most = said.max_cost_per_request
        changes["max_cost_nusd"] = None if most is None else parse_usd(most)
    policy = msgspec.structs.replace(base, **changes)
    # Whoever meets this very object knows at once that there is nothing to look at.
    return NO_POLICY if policy == NO_POLICY else policy


_AS_THEY_ARE = (
    "privacy",
    "detect",
    "budget_mode",
    "requests_per_minute",
    "tokens_per_minute",
    "concurrent",
    "strict",
    "clamp",
)


def _read_models(said: KeyTerms, former: tuple[str, ...]) -> tuple[str, ...]:
    given = said.model_fields_set
    others = [name for name in former if not name.startswith(AGENT)]
    kept = said.models if "models" in given else others
    names = tuple(dict.fromkeys([*kept, *(f"{AGENT}{agent}" for agent in said.agents)]))
    if not names and former and "models" not in given:
        message = "without its agents this key could ask for everything; send models: [] if that is meant"
        raise refuse_field("/agents", "invalid_value", message)
    if len(names) > MOST_MODELS:
        raise refuse_field("/agents", "invalid_value", f"models and agents together are at most {MOST_MODELS}")
    return names


def view_key(record: KeyRecord, tenants: Tenants, now_ms: int, last_used_at_ms: int | None = None) -> KeyView:
    """What may be known of a key."""
    policy = NO_POLICY if record.policy == UNREADABLE else record.policy
    former_until_ms = max((each.ends_at_ms for each in record.former if each.ends_at_ms > now_ms), default=None)
    used_at_ms = max((at_ms for at_ms in (record.last_used_at_ms, last_used_at_ms) if at_ms is not None), default=None)
    values = {
        "id": record.id,
        "name": record.name,
        "display": record.display,
        "state": _find_state(record, tenants, now_ms),
        "created_at": write_time(record.created_at_ms),
        "revoked_at": _write_time(record.revoked_at_ms),
        "expires_at": _write_time(record.expires_at_ms),
        "rotated_at": _write_time(record.rotated_at_ms),
        "former_until": _write_time(former_until_ms),
        "last_used_at": _write_time(used_at_ms),
        "version": record.version,
        "disabled": record.disabled,
        "problem": UNUSABLE if record.policy == UNREADABLE else None,
    }
    return KeyView.model_validate(values | view_policy(policy))


def view_policy(policy: KeyPolicy) -> dict[str, object]:
    """The terms of a key by the names that they have in the API."""
    most = policy.max_cost_nusd
    return {
        **{name: getattr(policy, name) for name in _AS_THEY_ARE},
        "team": policy.team or None,
        "user": policy.user or None,
        "tags": list(policy.tags),
        "models": list(policy.models),
        "strategies": list(policy.strategies),
        "budgets": [write_key_budget(budget) for budget in policy.budgets],
        "max_cost_per_request": None if most is None else format_usd(most),
    }


def _find_state(record: KeyRecord, tenants: Tenants, now_ms: int) -> State:
    if record.revoked_at_ms is not None:
        return "revoked"
    if record.policy == UNREADABLE:
        return "broken"
    if record.expires_at_ms is not None and record.expires_at_ms <= now_ms:
        return "expired"
    return "disabled" if join_tenants(record, tenants).disabled else "live"


def _write_time(at_ms: int | None) -> str | None:
    return None if at_ms is None else write_time(at_ms)
