"""Settled calls to record, by random configurations and questions about them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec

from core.routing.explained import draw_document, draw_question, load_document
from pointsman.control.configuration import Loaded
from pointsman.control.ingredients import Ingredients, compile_ingredients
from pointsman.control.sources import Gathered
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.ports import OverrideKind, OverrideRecord
from pointsman.core.routing.ask import build_hypothesis
from pointsman.core.routing.decide import decide
from pointsman.core.routing.facts import Facts, LiveTarget, LiveView
from pointsman.core.routing.record import Settled
from storage.usage_examples import EXAMPLE

AT_MS = 1_763_000_000_000
ENVIRON: Mapping[str, str] = {}


def draw_loaded(dice: Random, number: int) -> Loaded:
    """A random configuration that can be in force; under some a runtime override is live."""
    while True:
        loaded = load_document(draw_document(dice))
        if loaded.snapshot is None:
            continue
        overrides = _draw_overrides(dice, number)
        _, loaded = compile_ingredients(
            Ingredients(Gathered(Path(), loaded.files), overrides=overrides), ENVIRON, "production"
        )
        if loaded.snapshot is not None:
            return loaded


def _draw_overrides(dice: Random, number: int) -> tuple[OverrideRecord, ...]:
    drawn: list[tuple[OverrideKind, str, dict[str, object]]] = []
    if dice.random() < 0.4:
        drawn.append(("agent", "writer", {"model": dice.choice(("large", "small", "own"))}))
    if dice.random() < 0.3:
        drawn.append(("strategy", "routing", {"strategy": dice.choice(("balanced", "privacy_first"))}))
    return tuple(
        OverrideRecord(f"ovr_{number}_{kind}", kind, target, value, f"author {number}", "a test", number)
        for kind, target, value in drawn
    )


def settle(snapshot: Snapshot, facts: Facts, live: LiveView, number: int, at_ms: int = AT_MS) -> Settled:
    """A call that has ended as the decision about it says."""
    outcome = msgspec.structs.replace(EXAMPLE, request_id=f"req_{number}", at_ms=at_ms, revision=snapshot.revision)
    return Settled(outcome, f"req_{number}", snapshot, facts, live, decide(snapshot, facts, live))


def draw_settled(dice: Random, snapshot: Snapshot, numbers: range, at_ms: int = AT_MS) -> Iterator[Settled]:
    """Random calls under a configuration, each number used once."""
    for number in numbers:
        hypothesis = build_hypothesis(snapshot, draw_question(dice))
        live = {model.deployment.id: _draw_live(dice) for model in snapshot.models.values() if dice.random() < 0.4}
        hypothesis = replace(hypothesis, live={**hypothesis.live, **live})
        facts = msgspec.structs.replace(hypothesis.facts, dice=dice.random())
        yield settle(snapshot, facts, hypothesis.live, number, at_ms)


def _draw_live(dice: Random) -> LiveTarget:
    return LiveTarget(
        cooling_ms=dice.choice((0, 0, 500)),
        used=dice.random() * 1.2,
        health=dice.random(),
        first_token_ms=dice.choice((None, dice.random() * 1_000)),
        tokens_per_second=dice.choice((None, dice.random() * 100)),
        in_flight=dice.randint(0, 9),
    )
