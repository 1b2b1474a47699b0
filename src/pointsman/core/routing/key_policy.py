"""What a virtual key may ask for and what holds for each of its requests; settled when the key is made."""

from typing import Annotated

import msgspec

from pointsman.core.config.routing_plan import Detect
from pointsman.core.privacy.labels import Label

LONGEST_LABEL = 128
"""Characters of a team, a user or a tag."""

LONGEST_NAME = 256
"""Characters of what can be asked for, as in the document."""

MOST_TAGS = 16
MOST_MODELS = 64
MOST_STRATEGIES = 32

STARRED = frozenset({"agent", "interaction", "task"})
"""Kinds of which all can be listed at once, as in `agent:*`."""

EVERYTHING = "*"
"""Among the strategies: whatever there is, now or later."""

_Text = Annotated[str, msgspec.Meta(max_length=LONGEST_LABEL)]
_Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_LABEL)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]


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
    """

    team: _Text = ""
    user: _Text = ""
    tags: Annotated[tuple[_Tag, ...], msgspec.Meta(max_length=MOST_TAGS)] = ()
    models: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=MOST_MODELS)] = ()
    privacy: Label | None = None
    detect: Detect | None = None
    strategies: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=MOST_STRATEGIES)] = ()
    budget_mode: bool = False

    def allows(self, target: str, *others: str) -> bool:
        """Whether a target may be asked for under any of its names, such as an alias and what that stands for.

        Says nothing about whether there is such a target: whoever may not ask gets the answer for one that is not
        there.
        """
        return not self.models or self._lists(target) or any(map(self._lists, others))

    def allows_strategy(self, name: str) -> bool:
        """Whether a request may ask for this strategy."""
        return name in self.strategies or EVERYTHING in self.strategies

    def _lists(self, name: str) -> bool:
        kind, colon, _ = name.partition(":")
        return name in self.models or (colon != "" and kind in STARRED and f"{kind}:*" in self.models)


NO_POLICY = KeyPolicy()
"""Of a key that may do everything and of whose requests nothing is said."""

UNREADABLE = KeyPolicy(models=("",), privacy="high", detect="always")
"""Stands for a stored policy that cannot be read: its key opens nothing. No policy that can be decoded equals it."""
