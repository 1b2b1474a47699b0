"""Hands over what was decided about a call once it has ended: references only, and nothing of what was said in it."""

from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.record import Settled
from pointsman.relay.call import Progress


def sum_up_decision(progress: Progress, outcome: Outcome) -> Settled | None:
    """What is kept of the decision about a call, or `None` where it ended before anything was decided.

    The call itself is left behind: it holds the prompt, and what is kept may wait for a while.
    """
    answer = progress.decision or progress.refusal
    if answer is None or progress.facts is None:
        return None
    shown_id = progress.call.shown_id
    return Settled(outcome, shown_id, progress.snapshot, progress.facts, progress.live, answer, progress.verification)
