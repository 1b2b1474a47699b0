"""Leaves out of facts what looks like a key: a caller may put one anywhere by mistake, and none is ever stored."""

from functools import lru_cache

import msgspec

from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.expressions.facts import Value
from pointsman.core.routing.facts import Facts

CONCEALED = "(left out: it looks like a key)"

SHORTEST_KEY = 16
"""Shorter texts have the shape of no key."""

# Who calls, about what and from which session comes again and again.
_holds_secret = lru_cache(4_096)(holds_secret)


def conceal_keys(facts: Facts) -> Facts:
    """The facts, with `CONCEALED` in place of each text from outside that looks like a key."""
    given = facts.given
    if given is not None and any(map(_is_suspect, given.values())):
        facts = msgspec.structs.replace(facts, given={name: _conceal(value) for name, value in given.items()})
    if is_key(facts.target) or is_key(facts.session) or (facts.agent is not None and is_key(facts.agent)):
        agent = None if facts.agent is None else conceal_text(facts.agent)
        target, session = conceal_text(facts.target), conceal_text(facts.session)
        facts = msgspec.structs.replace(facts, target=target, agent=agent, session=session)
    return facts


def has_concealed(facts: Facts) -> bool:
    """Whether something was left out."""
    values = (facts.target, facts.agent, facts.session, *(facts.given or {}).values())
    return any(CONCEALED in value if isinstance(value, frozenset) else value == CONCEALED for value in values)


def is_key(text: str) -> bool:
    """Whether a text looks like a key."""
    return len(text) >= SHORTEST_KEY and _holds_secret(text)


def _is_suspect(value: Value | None) -> bool:
    if isinstance(value, str):
        return is_key(value)
    return isinstance(value, frozenset) and any(map(is_key, value))


def _conceal(value: Value | None) -> Value | None:
    if isinstance(value, frozenset):
        return frozenset(map(conceal_text, value))
    return conceal_text(value) if isinstance(value, str) else value


def conceal_text(text: str) -> str:
    """The text, or `CONCEALED` where it looks like a key."""
    return CONCEALED if is_key(text) else text
