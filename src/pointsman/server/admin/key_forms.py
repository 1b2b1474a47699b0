"""Keys as the admin API writes them: strict and bounded where they come in, plain where they go out."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.problems import quote
from pointsman.core.config.routing_plan import Detect
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.ports import KeyRecord
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.key_policy import (
    EVERYTHING,
    LONGEST_LABEL,
    LONGEST_NAME,
    MOST_MODELS,
    MOST_STRATEGIES,
    MOST_TAGS,
    NO_POLICY,
    STARRED,
    UNREADABLE,
    KeyPolicy,
)
from pointsman.server.admin.signature import write_time

AUTO = "auto"
"""What a request asks for that leaves the choice to routing; there is always one."""

UNUSABLE = "what is stored of its policy cannot be read, so it opens nothing: revoke it and make another one"


def refuse_key(text: str) -> str:
    """A text that is no key: whoever puts one here has mistaken the field, and it would be shown and stored."""
    if holds_secret(text):
        raise PydanticCustomError("secret", "this looks like a key; say whom the key is for, never a key itself")
    return text


def refuse_edges(text: str) -> str:
    """A text without blanks around it, which nobody would see and no request would match."""
    if text != text.strip():
        raise PydanticCustomError("blank", "leave out the blanks before and after it")
    return text


_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]+$"
_IN_LISTS = r"^[^\x00-\x1f\x7f-\x9f,]+$"

KeyName = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(refuse_key)
]
Owner = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_LABEL, pattern=_PRINTABLE),
    AfterValidator(refuse_edges),
    AfterValidator(refuse_key),
]
Tag = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_LABEL, pattern=_IN_LISTS),
    AfterValidator(refuse_edges),
    AfterValidator(refuse_key),
]
Target = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=_PRINTABLE),
    AfterValidator(refuse_edges),
    AfterValidator(refuse_key),
]


class NewKey(BaseModel):
    """What a key is made from; but for its name, what is left out restricts nothing and says nothing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: KeyName
    team: Owner | None = Field(default=None, description="whose requests these are")
    user: Owner | None = Field(default=None, description="likewise, one person or program")
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = Field(
        default=[], description="labels that each of its requests has"
    )
    models: Annotated[list[Target], Field(max_length=MOST_MODELS)] = Field(
        default=[], description="what it may ask for, such as gpt-4o, agent:writer or agent:*; empty: everything"
    )
    privacy: Label | None = Field(default=None, description="the label that each of its requests has at least")
    detect: Detect | None = Field(default=None, description="when private data is looked for in its requests")
    strategies: Annotated[list[Target], Field(max_length=MOST_STRATEGIES)] = Field(
        default=[], description="strategies that its requests may ask for; * stands for all; empty: none"
    )
    budget_mode: bool = Field(default=False, description="true: each of its requests takes the model for saving")


class KeyView(BaseModel):
    """What may be known of a key; times are ISO 8601 in UTC. `problem` says why a key opens nothing."""

    id: str
    name: str
    display: str
    created_at: str
    revoked_at: str | None = None
    team: str | None = None
    user: str | None = None
    tags: list[str] = []
    models: list[str] = []
    privacy: Label | None = None
    detect: Detect | None = None
    strategies: list[str] = []
    budget_mode: bool = False
    problem: str | None = None


class KeyWarning(BaseModel):
    """Something about a new key that is probably not what was meant."""

    path: str
    code: Literal["unknown_reference"] = "unknown_reference"
    message: str
    suggestion: str | None = None


class CreatedKeyView(KeyView):
    """A new key with its text, which is shown this once."""

    key: str
    warnings: list[KeyWarning] = []


class KeyList(BaseModel):
    """All keys, the revoked ones included."""

    keys: list[KeyView]


def read_policy(new: NewKey) -> KeyPolicy:
    """The policy that a new key is given; what is listed twice counts once."""
    return KeyPolicy(
        team=new.team or "",
        user=new.user or "",
        tags=tuple(dict.fromkeys(new.tags)),
        models=tuple(dict.fromkeys(new.models)),
        privacy=new.privacy,
        detect=new.detect,
        strategies=tuple(dict.fromkeys(new.strategies)),
        budget_mode=new.budget_mode,
    )


def view_key(record: KeyRecord) -> KeyView:
    """What may be known of a key."""
    unusable = record.policy == UNREADABLE
    policy = NO_POLICY if unusable else record.policy
    return KeyView(
        id=record.id,
        name=record.name,
        display=record.display,
        created_at=write_time(record.created_at_ms),
        revoked_at=None if record.revoked_at_ms is None else write_time(record.revoked_at_ms),
        team=policy.team or None,
        user=policy.user or None,
        tags=list(policy.tags),
        models=list(policy.models),
        privacy=policy.privacy,
        detect=policy.detect,
        strategies=list(policy.strategies),
        budget_mode=policy.budget_mode,
        problem=UNUSABLE if unusable else None,
    )


def find_unknown_names(policy: KeyPolicy, snapshot: Snapshot) -> list[KeyWarning]:
    """What a key lists and nothing answers to now; the next configuration may have it, so this is no error."""
    targets = _list_targets(snapshot)
    strategies = {EVERYTHING, *snapshot.routing.strategies}
    return [
        *(_warn(f"/models/{place}", name, targets) for place, name in _unknown(policy.models, targets)),
        *(_warn(f"/strategies/{place}", name, strategies) for place, name in _unknown(policy.strategies, strategies)),
    ]


def _list_targets(snapshot: Snapshot) -> set[str]:
    agents = {f"agent:{name}" for name in snapshot.agents}
    tasks = {f"task:{name}" for name in snapshot.tasks}
    interactions = {f"interaction:{name}" for name in snapshot.interactions}
    stars = {f"{kind}:*" for kind in STARRED}
    return {AUTO, *snapshot.models, *snapshot.aliases, *agents, *tasks, *interactions, *stars}


def _unknown(names: Iterable[str], known: set[str]) -> Iterable[tuple[int, str]]:
    return [(place, name) for place, name in enumerate(names) if name not in known]


def _warn(path: str, name: str, known: set[str]) -> KeyWarning:
    if "*" in name:
        message = f"{quote(name)} allows nothing: a star stands for all of a kind and nothing else, as in agent:*"
        return KeyWarning(path=path, message=message)
    message = f"nothing is called {quote(name)} now; it counts once the configuration has it"
    # Whoever forgets the kind means an agent more often than anything else.
    kinds = (f"{kind}:{name}" for kind in sorted(STARRED))
    suggestion = next((full for full in kinds if full in known), None) or suggest_name(name, sorted(known))
    return KeyWarning(path=path, message=message, suggestion=suggestion)
