"""A key may ask for what it lists and for nothing else; a key that lists nothing may ask for everything."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.routing.key_policy import NO_POLICY, UNREADABLE, KeyPolicy

NAMES = st.sampled_from(["gpt-4o", "llama3:8b", "agent:writer", "agent:*", "task:review", "interaction:chat", "agent"])
TARGETS = NAMES | st.text(max_size=12)
LISTS = st.lists(NAMES, min_size=1, max_size=4).map(tuple)


@given(TARGETS)
def test_without_a_list_everything_may_be_asked_for(target: str) -> None:
    assert NO_POLICY.allows(target)


@given(LISTS, TARGETS)
def test_what_is_listed_is_allowed_and_nothing_else(models: tuple[str, ...], target: str) -> None:
    by_star = "agent:*" in models and target.startswith("agent:")
    assert KeyPolicy(models=models).allows(target) == (target in models or by_star)


@given(LISTS, NAMES, NAMES)
def test_an_alias_is_allowed_by_its_own_name_or_by_what_it_stands_for(
    models: tuple[str, ...], alias: str, target: str
) -> None:
    policy = KeyPolicy(models=models)
    assert policy.allows(alias, target) == (policy.allows(alias) or policy.allows(target))


@given(LISTS, LISTS, TARGETS)
def test_a_longer_list_allows_no_less(models: tuple[str, ...], more: tuple[str, ...], target: str) -> None:
    assert KeyPolicy(models=models + more).allows(target) >= KeyPolicy(models=models).allows(target)


@pytest.mark.parametrize(
    ("listed", "target"),
    [
        ("agent:*", "agent"),
        ("agent:*", "agents:writer"),
        ("agent:*", "task:writer"),
        ("agent:*", "Agent:writer"),
        ("agent:wri*", "agent:writer"),
        ("llama3:*", "llama3:8b"),
        ("*", "gpt-4o"),
        ("gpt-4*", "gpt-4o"),
    ],
)
def test_a_star_stands_for_all_of_one_kind_only(listed: str, target: str) -> None:
    assert not KeyPolicy(models=(listed,)).allows(target)


@pytest.mark.parametrize(
    ("strategies", "allowed"),
    [
        ((), set()),
        (("balanced",), {"balanced"}),
        (("balanced", "mine"), {"balanced", "mine"}),
        (("*",), {"balanced", "mine", "x"}),
    ],
)
def test_strategies_have_to_be_allowed(strategies: tuple[str, ...], allowed: set[str]) -> None:
    policy = KeyPolicy(strategies=strategies)
    assert {name for name in ("balanced", "mine", "x") if policy.allows_strategy(name)} == allowed


@given(NAMES | st.text(min_size=1, max_size=12))
def test_a_policy_that_cannot_be_read_allows_nothing(target: str) -> None:
    assert not UNREADABLE.allows(target)
    assert not UNREADABLE.allows_strategy(target)
    assert (UNREADABLE.privacy, UNREADABLE.detect) == ("high", "always")


def test_nothing_that_can_be_decoded_equals_the_unreadable_one() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(UNREADABLE), type=KeyPolicy)


@given(LISTS, LISTS, LISTS, TARGETS)
def test_what_team_and_user_list_has_to_allow_it_too(
    own: tuple[str, ...], team: tuple[str, ...], user: tuple[str, ...], target: str
) -> None:
    alone = [KeyPolicy(models=names).allows(target) for names in (own, team, user)]
    assert KeyPolicy(models=own, within=(team, user)).allows(target) == all(alone)
