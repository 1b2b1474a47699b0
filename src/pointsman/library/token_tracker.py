"""`token_tracker.get_summary()`: tokens, cost and calls per agent of this process, however many engines it has."""

import os
from decimal import Decimal
from threading import Lock

from pointsman.core.limits.tally import Calendar
from pointsman.core.routing.outcome import Outcome
from pointsman.library.counted_numbers import read_cost, read_name, read_seconds, read_tokens
from pointsman.library.tracking_switch import tracking
from pointsman.telemetry.metrics import BY_MODEL_LABEL, AgentReport, AgentTally

MOST_AGENTS = 500
"""Agents beyond this are counted as `other`."""

OTHER = "other"


class TokenTracker:
    """Counts calls; any number of threads may use one. Money is added up exactly, in nano-dollars.

    With `ENABLE_TOKEN_TRACKING=false` it counts nothing, and refuses nothing either.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._tallies: dict[str, AgentTally] = {}

    @property
    def usage(self) -> dict[str, AgentReport]:
        """The same as `get_summary()`."""
        return self.get_summary()

    def track(
        self,
        agent_name: str,
        prompt_tokens: int,
        completion_tokens: int,
        cost: float | Decimal | str | None,
        latency_seconds: float,
    ) -> None:
        """Count a call that was made by other means; those through the relay are counted by themselves.

        Args:
            agent_name: whose call it was; `""` for nobody's in particular.
            prompt_tokens: of the prompt.
            completion_tokens: of the answer.
            cost: dollars, counted to the nearest billionth; `None` when unknown.
            latency_seconds: how long it took.

        Raises:
            ValueError: for a name or a number that cannot be so; nothing was counted.
        """
        if not tracking.is_on:
            return
        agent = read_name(agent_name, "the agent's name")
        tokens = [read_tokens(each) for each in (prompt_tokens, completion_tokens)]
        cost_nusd = None if cost is None else read_cost(cost)
        latency_us = read_seconds(latency_seconds)
        with self._lock:
            tally = self._find_tally(agent)
            tally.calls += 1
            tally.latency_us += latency_us
            tally.input_tokens += tokens[0]
            tally.output_tokens += tokens[1]
            tally.cost_nusd += cost_nusd or 0
            tally.unknown_cost_calls += cost_nusd is None

    def record(self, outcome: Outcome) -> None:
        """Count a request that an engine has ended; engines call this by themselves."""
        if not tracking.is_on or (not outcome.attempts and outcome.usage is None):
            return
        with self._lock:
            tally = self._find_tally(outcome.agent)
            if outcome.attempts:
                tally.calls += 1
                tally.latency_us += round(outcome.latency_ms * 1_000)
            if outcome.usage is not None:
                tally.input_tokens += outcome.usage.input_tokens
                tally.output_tokens += outcome.usage.output_tokens
            tally.cost_nusd += outcome.cost_nusd or 0
            tally.unknown_cost_calls += outcome.cost_status == "unknown"

    def get_summary(self) -> dict[str, AgentReport]:
        """What each agent's calls add up to, as `GET /metrics/tokens` has it under `per_agent`.

        Requests for a model by its name are `(none)`.
        """
        with self._lock:
            return {agent: tally.report() for agent, tally in self._tallies.items()}

    def reset(self) -> None:
        """Begin at zero."""
        with self._lock:
            self._tallies.clear()

    def renew_lock(self) -> None:
        """In the child after a fork, where the thread that held the lock is not."""
        self._lock = Lock()

    def _find_tally(self, agent: str) -> AgentTally:
        label = agent or BY_MODEL_LABEL
        tally = self._tallies.get(label)
        if tally is None:
            if len(self._tallies) >= MOST_AGENTS:
                label = OTHER
            tally = self._tallies.setdefault(label, AgentTally(1, Calendar("day", "UTC")))
        return tally


token_tracker = TokenTracker()
"""Of this process."""

os.register_at_fork(after_in_child=token_tracker.renew_lock)
