"""Whether reported usage is believed: figures that cannot be are replaced by an estimate, and that is noted (F47)."""

import msgspec

from pointsman.core.chat.request import Operation
from pointsman.core.chat.usage import Usage

TENTHS_OF_WINDOW = 11
"""A count may exceed the model's context window by a tenth, because providers count their own words in."""


class Judged(msgspec.Struct, frozen=True):
    """What counts as used.

    Attributes:
        usage: as reported, or the estimate that stands in, or `None` when there is neither.
        is_reported: whether it is what the provider said, so that its cost is actual and not estimated.
        is_rejected: whether the provider said something that cannot be.
    """

    usage: Usage | None
    is_reported: bool
    is_rejected: bool


def judge_usage(
    usage: Usage | None,
    estimate: Usage | None,
    context_window: int | None,
    *,
    operation: Operation = "chat",
    is_rejected: bool = False,
) -> Judged:
    """Choose between what a provider reported and what was estimated.

    Args:
        usage: as reported, or `None` where nothing was, or nothing that could be read.
        estimate: from the bytes seen, or `None` where the provider cannot have worked.
        context_window: tokens that the model takes at most, prompt and answer together, or `None` when unknown.
        operation: what was asked for; only a chat is one prompt in one window.
        is_rejected: whether a report was dropped on reading: `UsageTally.is_rejected`, or for a plain answer without
            usage `reports_usage(body)`.
    """
    if is_rejected or (usage is not None and operation == "chat" and _is_absurd(usage, context_window)):
        return Judged(estimate, False, True)
    if usage is None:
        return Judged(estimate, False, False)
    return Judged(usage, True, False)


def _is_absurd(usage: Usage, context_window: int | None) -> bool:
    """Whether a prompt is longer than the model can read.

    Answers are not compared: several may have been asked for. Where the provider searched, each of its own turns counts
    the prompt once more.
    """
    if context_window is None or 10 * usage.input_tokens <= TENTHS_OF_WINDOW * context_window:
        return False
    return usage.further is None or not usage.further.searches
