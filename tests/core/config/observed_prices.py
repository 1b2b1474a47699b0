"""Each key of a price: two documents that differ in it alone cost something else."""

import json
from collections.abc import Iterator
from typing import Any

from compiling import compile_good
from key_pairs import ABSENT, MODEL, Pair
from observations import Document

from pointsman.core.chat.usage import FurtherCounts, Usage
from pointsman.core.pricing.prices import cost_nusd

PRICE, CHANGES = f"{MODEL}.price_per_1m_tokens", f"{MODEL}.price_changes[]"
MOMENTS_MS = (1_700_000_000_000, 1_800_000_000_000)
"""In November 2023 and in January 2027."""

PROMPTS = (1_000, 100_000)
ONE_BY_ONE = (
    None,
    FurtherCounts(cache_write_1h_tokens=10),
    FurtherCounts(audio_input_tokens=10),
    FurtherCounts(audio_output_tokens=10),
    FurtherCounts(image_input_tokens=10),
    FurtherCounts(image_output_tokens=10),
    FurtherCounts(searches=1),
    FurtherCounts(images=1),
)
PER_TOKENS = (
    "input", "output", "cached_input", "cache_write", "cache_write_1h", "reasoning",
    "audio_input", "audio_output", "image_input", "image_output",
)  # fmt: skip
EACH = ("per_request", "per_search", "per_image")
REQUIRED = {"input": "1", "output": "1"}
LONG = {f"{PRICE}.long_prompts[].{name}": "2" for name in REQUIRED} | {
    f"{PRICE}.long_prompts[].above_input_tokens": 50_000
}
CHANGED = {f"{CHANGES}.{name}": "3" for name in REQUIRED} | {f"{CHANGES}.valid_from": "2026-01-01"}
CHANGED_LONG = {
    f"{CHANGES}.long_prompts[].input": "4",
    f"{CHANGES}.long_prompts[].output": "4",
    f"{CHANGES}.long_prompts[].above_input_tokens": 50_000,
}


def bill(document: Document) -> list[int | None]:
    """What calls of all kinds cost on the model, on several days, by themselves and in a batch."""
    model = compile_good(json.dumps(document)).models["m"]
    return [
        cost_nusd(Usage(prompt, 100, 20, 30, 40, used), prices, batch=batch)
        for at_ms in MOMENTS_MS
        if (prices := model.prices_at(at_ms)) is not None
        for prompt in PROMPTS
        for used in ONE_BY_ONE
        for batch in (False, True)
    ]


def list_price_pairs() -> Iterator[Pair]:
    """A pair for each key of a price, in all the places where it may stand."""
    for holder, beside in ((PRICE, {}), (CHANGES, CHANGED)):
        yield from _pair_up(holder, (*PER_TOKENS, *EACH), beside)
        yield Pair(f"{holder}.batch", ABSENT, "40%", bill, dict(beside))
    for holder, beside in ((f"{PRICE}.long_prompts[]", LONG), (f"{CHANGES}.long_prompts[]", CHANGED | CHANGED_LONG)):
        yield from _pair_up(holder, PER_TOKENS, beside)
        yield Pair(f"{holder}.above_input_tokens", 50_000, 500_000, bill, dict(beside))
    yield Pair(f"{CHANGES}.valid_from", "2026-01-01", "2020-01-01", bill, dict(CHANGED))


def _pair_up(holder: str, names: tuple[str, ...], beside: dict[str, Any]) -> Iterator[Pair]:
    for name in names:
        yield Pair(f"{holder}.{name}", "7" if name in REQUIRED else ABSENT, "0.5", bill, dict(beside))
