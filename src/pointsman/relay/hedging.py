"""Asks a second model beside one that is slow to begin: the first content wins, the other is given up and charged."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.core.chat.failures import POLICIES, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.routing.decision import Attempt, Degraded
from pointsman.relay.attempt_notes import accept_answer, begin_attempt, note_failure, pick_attempt
from pointsman.relay.call import Guard, Progress, Relay
from pointsman.relay.egress import EgressRefused
from pointsman.relay.holding import LimitReached, take_hold
from pointsman.relay.order import Order
from pointsman.relay.sending import Sending
from pointsman.relay.settle import Called, set_aside
from pointsman.relay.try_model import Answer, PlainAnswer, StreamedAnswer, split_usage, try_model


@dataclass(frozen=True, slots=True)
class _Runner:
    """A model that was asked, and how that goes."""

    number: int
    attempt: Attempt
    degraded: Degraded
    started_s: float
    sending: Sending
    guard: Guard | None
    task: asyncio.Task[Answer]

    def has_failed(self) -> bool:
        return self.task.done() and (self.task.cancelled() or self.task.exception() is not None)


async def try_two_models(relay: Relay, progress: Progress, order: Order) -> Answer:
    """The answer of the decision's first model or, once that is slow, of the second if it is sooner.

    Raises:
        UpstreamFailure: of the one that failed last, or of the first where no other may be tried after it.
        LimitReached: when limits have nothing left for the first; where they have nothing for the second beside it, the
            first is waited for.
    """
    runners: list[_Runner] = []
    is_stream = order.request.stream

    async def start(beside_nusd: int = 0) -> _Runner:
        attempt = pick_attempt(progress, order.decision)
        limited = await take_hold(relay, progress, order, attempt.model, beside_nusd)
        begin_attempt(relay, progress, order.decision, attempt)
        sending = progress.sending
        task = asyncio.create_task(try_model(relay, limited, attempt.model, sending))
        started_s, guard = relay.monotonic_s(), progress.guard
        runners.append(_Runner(progress.number, attempt, progress.degraded, started_s, sending, guard, task))
        return runners[-1]

    winner: _Runner | None = None
    try:
        relay.hedging.count_request()
        first = await start()
        delay_s = relay.hedging.find_delay_s(first.attempt.model, is_stream, first.started_s)
        await asyncio.wait([first.task], timeout=delay_s)
        if not first.task.done() and relay.hedging.take():
            held_nusd = progress.hold.most_nusd if progress.hold is not None else None
            try:
                await start(held_nusd or 0)
            except LimitReached:
                # Alone it may fit in, should the first one fail.
                progress.next_place -= 1
        winner = await _await_first_good(relay, progress, runners)
        answer = winner.task.result()
        _follow(progress, winner)
        accept_answer(progress, answer)
        return answer
    except asyncio.CancelledError:
        _leave_one_to_settle(progress, runners)
        raise
    finally:
        for runner in runners:
            if runner is not winner:
                _give_up(relay, progress, runner)
            if winner is not None and not runner.has_failed():
                now_s = relay.monotonic_s()
                relay.hedging.note(runner.attempt.model, is_stream, now_s - runner.started_s, now_s)


async def _await_first_good(relay: Relay, progress: Progress, runners: Sequence[_Runner]) -> _Runner:
    """The first runner with a good answer; where both have one at the same time, the one that was asked first."""
    running = list(runners)
    while True:
        await asyncio.wait([runner.task for runner in running], return_when=asyncio.FIRST_COMPLETED)
        for runner in [runner for runner in running if runner.task.done()]:
            running.remove(runner)
            failure = runner.task.exception()
            if failure is None:
                return runner
            if isinstance(failure, UpstreamFailure):
                must_stop = runner is runners[0] and not POLICIES[failure.kind].try_next
            else:
                must_stop = not isinstance(failure, EgressRefused)
            if must_stop or not running:
                _follow(progress, runner)
                raise failure
            if isinstance(failure, UpstreamFailure):
                _follow(progress, runner)
                note_failure(relay, progress, failure)
            _follow(progress, running[0])


def _follow(progress: Progress, runner: _Runner) -> None:
    progress.model, progress.degraded, progress.sending = runner.attempt.model, runner.degraded, runner.sending
    progress.number, progress.guard = runner.number, runner.guard


def _leave_one_to_settle(progress: Progress, runners: list[_Runner]) -> None:
    """The client has gone: the first that has not failed is what `settle` charges, and is not charged here as well."""
    for runner in runners:
        if not runner.has_failed():
            _follow(progress, runner)
            progress.usage, progress.counted, progress.content_bytes = _abort(runner)
            runners.remove(runner)
            return


def _give_up(relay: Relay, progress: Progress, runner: _Runner) -> None:
    """Abort what is no longer wanted, and charge what it may have cost."""
    if runner.has_failed():
        return
    usage, counted, content_bytes = _abort(runner)
    sent = runner.sending.has_begun
    called = Called(runner.number, runner.attempt.model, sent, usage, counted, content_bytes)
    set_aside(relay, progress, called, "replaced")


def _abort(runner: _Runner) -> tuple[Usage | None, Usage | None, int]:
    """End a call that has not failed; its usage, what was counted of one that goes on, and the bytes that have come."""
    task = runner.task
    if not task.done():
        task.cancel()
        task.add_done_callback(_discard)
        return None, None, 0
    answer = task.result()
    _let_go(answer)
    if isinstance(answer, PlainAnswer):
        return answer.usage, None, len(answer.body)
    return *split_usage(answer.reader), answer.reader.content_bytes


def _discard(task: asyncio.Task[Answer]) -> None:
    """Close an answer that nobody waits for any more, and look at a failure so that nobody warns of it."""
    if not task.cancelled() and task.exception() is None:
        _let_go(task.result())


def _let_go(answer: Answer) -> None:
    if isinstance(answer, StreamedAnswer):
        answer.give_up()
