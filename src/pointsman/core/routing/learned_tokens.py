"""What providers report, held against our estimates: by which factor those are to be raised, and how long answers are.

The one rule: an estimate that goes by a history is above what is reported in all but one of a thousand cases.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import msgspec

from pointsman.core.routing.estimate_cost import LearnedSizes
from pointsman.core.routing.estimate_tokens import PromptEstimate
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.token_history import History, HistoryState, Scale

MOST_HISTORIES = 4_096
ENOUGH = 32
"""From so many on something counts as a history."""

_THOUSANDTHS = 1_000
_RATIOS = Scale(tuple([round(125 * 2 ** (step / 16)) for step in range(161)]))
"""Reported by estimated, in thousandths: from an eighth to 128 times, in steps of 4.4 %."""
_LENGTHS = Scale(tuple([round(2 ** (step / 4)) for step in range(97)]))
"""Tokens of an answer, up to 16 million."""

_PRIOR = {"mixed": 3_000}
_USUAL_PRIOR = 2_000
"""In thousandths, where there is no history: no known tokenizer makes twice as many of a text as the estimate has."""

_PLENTY = 512
_LEARNED_OF_MANY = 4

# From so many learned (left), so many thousandths above the top of what was seen.
_MARGINS = ((0, 1_500), (8, 1_250), (32, 1_150), (128, 1_100), (512, 1_070), (2_000, 1_050))
_SIZES = (64, 512)
_DOUBTED_STEPS = 32
_ALARM_LASTS = 128
_MOST_ALARM = 2_000
_OUTPUT = "output"
_LEARNED_FROM = frozenset(("chat", "embeddings", "moderations"))
_LEARNED_PARTS = frozenset(("answer", "replaced"))

HistoryKey = tuple[str, str, str]
"""Model, agent (`""` for all of them together), and what of them: a kind and size of prompts, or `output`."""


class UsualOutput(msgspec.Struct, frozen=True, gc=False):
    """How long answers are: half of them have no more tokens than `usual`, and 95 of a hundred no more than `high`."""

    usual: int
    high: int


class StoredHistory(msgspec.Struct, frozen=True):
    """One history, as it survives a restart."""

    model: str
    agent: str
    kind: str
    state: HistoryState


class _Alarm(msgspec.Struct, gc=False):
    """A model's estimates were too low just now: all of them are raised until its histories have seen the change."""

    thousandths: int
    left: int


class LearnedTokens:
    """What was learned by model, and by agent and model; bounded, those learned from longest ago go first."""

    def __init__(self, most: int = MOST_HISTORIES) -> None:
        self._most = most
        self._turn = 0
        self._histories: OrderedDict[HistoryKey, History] = OrderedDict()
        self._alarms: dict[str, _Alarm] = {}
        self._doubted: set[HistoryKey] = set()
        self._changed: set[HistoryKey] = set()

    def __len__(self) -> int:
        return len(self._histories)

    def expect_input(self, model: str, agent: str, estimate: PromptEstimate) -> int:
        """The tokens that a prompt has at most in 999 of 1,000 cases, as its provider will count them.

        Args:
            model: our name of the model.
            agent: whose request it is; `""` for none.
            estimate: of the prompt.
        """
        alarm = self._alarms.get(model)
        thousandths = self._find_factor(model, agent, estimate)
        if alarm is not None:
            thousandths = thousandths * alarm.thousandths // _THOUSANDTHS
        return -(-estimate.tokens * thousandths // _THOUSANDTHS)

    def usual_input(self, model: str, agent: str, estimate: PromptEstimate) -> int:
        """The tokens that a prompt probably has; the estimate itself where there is no history."""
        history = self._find_history(model, agent, _name_class(estimate))
        if history is None or history.learned < ENOUGH:
            return estimate.tokens
        return -(-estimate.tokens * _RATIOS.bounds[history.find_place(1, 2)] // _THOUSANDTHS)

    def expect_output(self, model: str, agent: str) -> UsualOutput | None:
        """How long answers of a model are for an agent, or `None` when there is no history."""
        history = self._find_history(model, agent, _OUTPUT)
        if history is None or history.learned < ENOUGH:
            return None
        return UsualOutput(_LENGTHS.bounds[history.find_place(1, 2)], _LENGTHS.bounds[history.find_place(1, 20)])

    def find_sizes(self, model: str, agent: str, estimate: PromptEstimate) -> LearnedSizes | None:
        """The same two as costs are estimated from, or `None` when nothing was learned of either."""
        usual, output = self.usual_input(model, agent, estimate), self.expect_output(model, agent)
        if output is None:
            return LearnedSizes(usual) if usual != estimate.tokens else None
        return LearnedSizes(usual, output.usual, output.high)

    def learn(self, outcome: Outcome, estimate: PromptEstimate) -> None:
        """Learn from what a request's providers reported, if they did.

        Args:
            outcome: of the request.
            estimate: that was made of its prompt.
        """
        if outcome.cached or outcome.operation not in _LEARNED_FROM:
            return
        self._turn += 1
        agent = outcome.agent
        for charge in outcome.charges:
            usage = charge.usage
            if charge.status != "actual" or usage is None or charge.part not in _LEARNED_PARTS:
                continue
            if usage.input_tokens and estimate.tokens:
                self._learn_input(charge.model, agent, estimate, usage.input_tokens)
            if usage.output_tokens and not charge.failure and not self._has_plenty(charge.model, agent, _OUTPUT):
                self._learn_output(charge.model, agent, usage.output_tokens)

    def list_changed(self) -> list[StoredHistory]:
        """What has learned since this was asked last, to be stored."""
        changed, self._changed = self._changed, set()
        return [StoredHistory(*key, self._histories[key].write()) for key in sorted(changed) if key in self._histories]

    def mark_changed(self, stored: Iterable[StoredHistory]) -> None:
        """These could not be stored, so they are listed again."""
        self._changed.update((each.model, each.agent, each.kind) for each in stored)

    def restore(self, stored: Iterable[StoredHistory]) -> None:
        """Take over what was stored; whatever has learned already in this process stays as it is."""
        for each in stored:
            key = (each.model, each.agent, each.kind)
            if key not in self._histories and len(self._histories) < self._most:
                self._histories[key] = history = History(len(_scale_of(each.kind).bounds))
                self._histories.move_to_end(key, last=False)
                history.read(each.state)

    def _learn_input(self, model: str, agent: str, estimate: PromptEstimate, reported: int) -> None:
        expected, kind = self.expect_input(model, agent, estimate), _name_class(estimate)
        self._watch(model, expected, reported)
        if reported <= expected and self._has_plenty(model, agent, kind):
            return
        place = _RATIOS.place_of(-(-reported * _THOUSANDTHS // estimate.tokens))
        for key in _list_keys(model, agent, kind):
            history = self._open(key)
            if history.learned > ENOUGH and place > history.top + _DOUBTED_STEPS and key not in self._doubted:
                # Four times what was ever seen is not believed until it comes again.
                self._doubted.add(key)
                continue
            history.learn(place)

    def _learn_output(self, model: str, agent: str, reported: int) -> None:
        place = _LENGTHS.place_of(reported)
        for key in _list_keys(model, agent, _OUTPUT):
            self._open(key).learn(place)

    def _has_plenty(self, model: str, agent: str, kind: str) -> bool:
        """Whether this one need not be learned from: where so much is known, every fourth is enough."""
        if not self._turn % _LEARNED_OF_MANY:
            return False
        history = self._histories.get((model, agent, kind))
        return history is not None and history.learned >= _PLENTY

    def _watch(self, model: str, expected: int, reported: int) -> None:
        alarm = self._alarms.get(model)
        if reported > expected:
            now = alarm.thousandths if alarm is not None else _THOUSANDTHS
            raised = now * reported * _MARGINS[-1][1] // (max(expected, 1) * _THOUSANDTHS)
            self._alarms[model] = _Alarm(min(raised, _MOST_ALARM), _ALARM_LASTS)
        elif alarm is not None:
            alarm.left -= 1
            if not alarm.left:
                del self._alarms[model]

    def _find_factor(self, model: str, agent: str, estimate: PromptEstimate) -> int:
        prior = _PRIOR.get(estimate.kind, _USUAL_PRIOR)
        history = self._find_history(model, agent, _name_class(estimate))
        if history is None:
            return prior
        margin = _MARGINS[bisect_right(_MARGINS, (history.learned, _MOST_ALARM)) - 1][1]
        found = _RATIOS.bounds[history.top] * margin // _THOUSANDTHS
        return found if history.learned >= ENOUGH else max(found, prior)

    def _find_history(self, model: str, agent: str, kind: str) -> History | None:
        """The agent's own once there is enough of it, else that of all agents together."""
        if agent:
            own = self._histories.get((model, agent, kind))
            if own is not None and own.learned >= ENOUGH:
                return own
        return self._histories.get((model, "", kind))

    def _open(self, key: HistoryKey) -> History:
        history = self._histories.get(key)
        if history is None:
            if len(self._histories) >= self._most:
                former, _ = self._histories.popitem(last=False)
                self._changed.discard(former)
                self._doubted.discard(former)
            history = self._histories[key] = History(len(_scale_of(key[2]).bounds))
        else:
            self._histories.move_to_end(key)
        self._changed.add(key)
        return history


def _list_keys(model: str, agent: str, kind: str) -> Iterator[HistoryKey]:
    yield model, "", kind
    if agent:
        yield model, agent, kind


def _name_class(estimate: PromptEstimate) -> str:
    return _CLASSES[estimate.kind][bisect_right(_SIZES, estimate.tokens)]


def _scale_of(kind: str) -> Scale:
    return _LENGTHS if kind == _OUTPUT else _RATIOS


_CLASSES = {
    kind: tuple([f"{kind} {size}" for size in ("short", "middling", "long")])
    for kind in ("prose", "code", "data", "script", "mixed")
}
