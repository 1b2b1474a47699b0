"""Seed 004's steps after a failure, as attempts, waits, tiers, and how far down to go."""

import re
from functools import partial

from pointsman.core.config.forms.adaptation import Adaptation, Carry, carry_keys
from pointsman.core.config.forms.draft import Draft, build_text, put_entry
from pointsman.core.config.nodes import Entry, ListNode, Node
from pointsman.core.config.problems import Place, quote
from pointsman.core.config.sections.routing import Routing

RETRY = "retry_with_exponential_backoff"
SWITCH = "switch_to_secondary_model"
DEGRADE = "degrade_gracefully"

STRATEGIES = {
    frozenset((SWITCH,)): "graceful_degradation",
    frozenset((DEGRADE,)): "quick_degradation",
    frozenset((SWITCH, DEGRADE)): "graceful_degradation",
}
"""Same class first and lower ones then is graceful; lower ones at once is quick."""

_WORDS: dict[str, dict[str, dict[str, str]]] = {
    SWITCH: {
        "condition": {"primary_unavailable": ""},
        "selection_criteria": {"same_capability_class": ""},
    },
    DEGRADE: {
        "condition": {"all_premium_models_unavailable": ""},
        "fallback_to": {"lower_tier_models": ""},
    },
}
"""What may stand beside an action: the one way in which it works here."""

_TIER = re.compile(r"tier_([1-9][0-9]?)")


def carry_fallbacks(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    """Take over `fallback_configuration`."""
    keys: dict[str, Carry] = {
        "primary_failure_handling": partial(_carry_steps, draft, adaptation),
        "cascading_fallback_chain": partial(_carry_chain, draft, adaptation),
    }
    carry_keys(adaptation.read_mapping(entry.value), keys, adaptation, Routing.model_fields)


def _carry_steps(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    routing = draft.at("routing", entry.key)
    degrading: dict[str, Place] = {}
    for item in adaptation.read_list(entry.value):
        written = adaptation.read_mapping(item)
        if "action" not in written:
            place = item.place.renamed(f"{item.place.path}.action")
            adaptation.findings.add(place, "missing_key", "`action` is missing")
            continue
        action = adaptation.read_choice(written["action"].value, {name: name for name in (RETRY, SWITCH, DEGRADE)})
        if action is None:
            continue
        if action.value == RETRY:
            _carry_retry(routing, adaptation, written)
        else:
            degrading[str(action.value)] = action.place
            _check_words(str(action.value), adaptation, written)
    strategy = STRATEGIES.get(frozenset(degrading))
    if strategy is not None:
        place = next(iter(degrading.values()))
        routing.put("fallback_strategy", place, build_text(place, strategy))


def _carry_retry(routing: Draft, adaptation: Adaptation, written: dict[str, Entry]) -> None:
    keys: dict[str, Carry] = {
        "action": _read_before,
        "max_attempts": partial(put_entry, routing, "attempts"),
        "initial_delay": partial(_put_wait, routing, "initial"),
        "max_delay": partial(_put_wait, routing, "max"),
    }
    carry_keys(written, keys, adaptation)


def _put_wait(routing: Draft, name: str, entry: Entry) -> None:
    put_entry(routing.at("back_off", entry.key), name, entry)


def _check_words(action: str, adaptation: Adaptation, written: dict[str, Entry]) -> None:
    """What an action depends on has one meaning here; any other would be promised in vain."""
    words = _WORDS[action]
    keys: dict[str, Carry] = {
        "action": _read_before,
        **{name: partial(_check_word, adaptation, known) for name, known in words.items()},
    }
    carry_keys(written, keys, adaptation)


def _check_word(adaptation: Adaptation, known: dict[str, str], entry: Entry) -> None:
    adaptation.read_choice(entry.value, known)


def _carry_chain(draft: Draft, adaptation: Adaptation, entry: Entry) -> None:
    tiers: dict[int, Node] = {}
    for name, written in adaptation.read_mapping(entry.value).items():
        match = _TIER.fullmatch(name)
        if match is None:
            message = f"a tier is called tier_1, tier_2 and so on, not {quote(name)}"
            adaptation.findings.add(written.key, "unknown_key", message)
            continue
        tiers[int(match[1])] = ListNode(written.value.place, adaptation.read_list(written.value))
    routing = draft.at("routing", entry.key)
    routing.append("tiers", entry.key, *(tiers[number] for number in sorted(tiers)))


def _read_before(entry: Entry) -> None:
    """The action has been told by it."""
