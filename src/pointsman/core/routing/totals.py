"""What outcomes add up to per agent, from the first request ever made; metrics go on from it after a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LATENCY_BOUNDS_MS = (10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000)
"""Upper bounds of the latency histogram; a change regroups what is stored by its old bounds, it loses nothing."""


@dataclass(frozen=True, slots=True)
class AgentTotals:
    """What an agent's requests add up to. A call is a request for which at least one upstream call was started.

    Attributes:
        agent: its name; `""` stands for requests that asked for a model by name.
        calls: requests that reached a model, failed ones included.
        input_tokens: prompt tokens.
        output_tokens: generated tokens.
        cost_nusd: known costs, in nano-dollars.
        unknown_cost_calls: requests whose cost is unknown and so not in `cost_nusd`.
        latency_us: the calls' latencies added up, in microseconds.
        endings: requests by failure code; `""` is success. Counts those too that reached no model.
        latencies: calls per bucket of `LATENCY_BOUNDS_MS`, not cumulative, and one more for those above.
    """

    agent: str
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nusd: int = 0
    unknown_cost_calls: int = 0
    latency_us: int = 0
    endings: Mapping[str, int] = field(default_factory=dict)
    latencies: Sequence[int] = (0,) * (len(LATENCY_BOUNDS_MS) + 1)
