"""Whose a request is, as its books say it: worked out once, when its first call is made or when it ends."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from pointsman.core.config.snapshot import Agent
from pointsman.core.expressions.facts import Value
from pointsman.core.routing.conceal import conceal_text
from pointsman.core.routing.decision import Decision
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.money_facts import Payer

_NOTHING_GIVEN: Mapping[str, Value | None] = MappingProxyType({})


class Whose(msgspec.Struct, frozen=True):
    """Names that a request counts for, each `""` where nobody is named; see `Outcome`."""

    agent: str = ""
    interaction: str = ""
    task: str = ""
    team: str = ""
    user: str = ""
    tags: tuple[str, ...] = ()
    experiment: str = ""
    session: str = ""

    def as_payer(self, key_id: str, model: str | None) -> Payer:
        """The same as whoever looks for limits asks for it."""
        return Payer(
            agent=self.agent if self.agent and ":" not in self.agent else None,
            interaction=self.interaction or None,
            team=self.team or None,
            user=self.user or None,
            key_id=key_id,
            tags=self.tags,
            model=model,
            session=self.session or None,
        )


NOBODY_YET = Whose()


def find_whose(facts: Facts | None, decision: Decision | None) -> Whose:
    """Read it from what is known of a request and what was decided."""
    agent = decision.agent if decision else None
    given = facts.given if facts and facts.given else _NOTHING_GIVEN
    name = agent.name if agent else ""
    kind, _, rest = name.partition(":")
    session = facts.session if facts else None
    if not given and not session:
        interaction = rest if kind == "interaction" else ""
        experiment = decision.name if decision and decision.decided_by == "experiment" else ""
        return Whose(name, interaction, tags=agent.tags if agent else (), experiment=experiment)
    return Whose(
        agent=name,
        interaction=rest if kind == "interaction" else "",
        task=str(given.get("task.type") or ""),
        team=str(given.get("team", "")),
        user=conceal_text(str(given.get("user", ""))),
        tags=_list_tags(agent, given),
        experiment=decision.name if decision and decision.decided_by == "experiment" else "",
        session=conceal_text(session) if session else "",
    )


def _list_tags(agent: Agent | None, given: Mapping[str, Value | None]) -> tuple[str, ...]:
    """The tags of agent, key and request."""
    tags = given.get("tags")
    return tuple(sorted(map(conceal_text, tags))) if isinstance(tags, frozenset) else agent.tags if agent else ()
