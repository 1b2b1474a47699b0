"""What a virtual key may ask for and what holds for each of its requests; a change counts from the next one on."""

from typing import Annotated

import msgspec

from pointsman.core.config.routing_plan import Detect
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.key_budget import LARGEST_NUSD, KeyBudget

LONGEST_LABEL = 128
"""Characters of a team, a user or a tag."""

LONGEST_NAME = 256
"""Characters of what can be asked for, as in the document."""

MOST_TAGS = 16
MOST_MODELS = 64
MOST_STRATEGIES = 32
MOST_BUDGETS = 16
LARGEST_RATE = 1_000_000_000

STARRED = frozenset({"agent", "interaction", "task"})
"""Kinds of which all can be listed at once, as in `agent:*`."""

EVERYTHING = "*"
"""Among the strategies: whatever there is, now or later."""

_Text = Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)]
_Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_LABEL)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
_Names = Annotated[tuple[_Name, ...], msgspec.Meta(max_length=MOST_MODELS)]
_Rate = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_RATE)]
_Budgets = Annotated[tuple[KeyBudget, ...], msgspec.Meta(max_length=MOST_BUDGETS)]


class KeyPolicy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The terms of a key; the bounds are checked where a policy is decoded.

    A field that is not known is refused there: whoever wrote it meant to restrict something.

    Attributes:
        team: whose requests these are; `""` when nobody said.
        user: likewise, one person or program; `""` when nobody said.
        tags: labels that each of its requests has.
        models: what it may ask for, as a request's `model` writes it: `gpt-4o`, `agent:writer`, `task:review`,
            `interaction:chat`, or all of a kind, `agent:*`. Empty: everything.
        privacy: the label that each of its requests has at least, or `None`.
        detect: when private data is looked for in its requests, or `None` to leave that to others.
        strategies: those that a request of its may ask for; `*` stands for all. Empty: none.
        budget_mode: whether each of its requests takes the model for saving.
        budgets: what its requests may cost together, per window.
        requests_per_minute: how many requests it may make, or `None`.
        tokens_per_minute: how many tokens these may use, prompt and answer together, or `None`.
        concurrent: how many of them may be under way at the same time, or `None`.
        strict: whether a request is refused where a parameter would be changed on its way.
        max_cost_nusd: what one request may cost at most, in nano-dollars, or `None`.
        clamp: whether an answer's limit that would cost too much is cut to what may be spent, instead of refused.
        within: what its team and its user list as `models`; a key may ask only for what each of them allows. Never
            stored with a key: it follows those.
    """

    team: _Text = ""
    user: _Text = ""
    tags: Annotated[tuple[_Tag, ...], msgspec.Meta(max_length=MOST_TAGS)] = ()
    models: _Names = ()
    privacy: Label | None = None
    detect: Detect | None = None
    strategies: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=MOST_STRATEGIES)] = ()
    budget_mode: bool = False
    budgets: _Budgets = ()
    requests_per_minute: _Rate | None = None
    tokens_per_minute: _Rate | None = None
    concurrent: _Rate | None = None
    strict: bool = False
    max_cost_nusd: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUSD)] | None = None
    clamp: bool = False
    within: Annotated[tuple[_Names, ...], msgspec.Meta(max_length=2)] = ()

    def allows(self, target: str, *others: str) -> bool:
        """Whether a target may be asked for under any of its names, such as an alias and what that stands for.

        Says nothing about whether there is such a target: whoever may not ask gets the answer for one that is not
        there.
        """
        if self.models and not _lists(self.models, target, others):
            return False
        return not self.within or all(_lists(names, target, others) for names in self.within)

    def allows_strategy(self, name: str) -> bool:
        """Whether a request may ask for this strategy."""
        return name in self.strategies or EVERYTHING in self.strategies


class TenantTerms(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What holds for all keys of a team, or of a user; the attributes are those of `KeyPolicy`."""

    models: _Names = ()
    budgets: _Budgets = ()
    requests_per_minute: _Rate | None = None
    tokens_per_minute: _Rate | None = None
    concurrent: _Rate | None = None


def _lists(names: tuple[str, ...], target: str, others: tuple[str, ...]) -> bool:
    """Whether a list has one of the names, or all of a name's kind."""
    for name in (target, *others):
        kind, colon, _ = name.partition(":")
        if name in names or (colon != "" and kind in STARRED and f"{kind}:*" in names):
            return True
    return False


NO_POLICY = KeyPolicy()
"""Of a key that may do everything and of whose requests nothing is said."""

UNREADABLE = KeyPolicy(models=("",), privacy="high", detect="always")
"""Stands for a stored policy that cannot be read: its key opens nothing. No policy that can be decoded equals it."""

NO_TERMS = TenantTerms()
"""Of a team or a user that may do everything."""

UNREADABLE_TERMS = TenantTerms(models=("",))
"""Stands for stored terms that cannot be read: no key of that team or user opens anything."""
