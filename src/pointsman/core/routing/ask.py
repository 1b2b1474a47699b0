"""A question about a request that nobody has sent, made into the hypothesis that a decision is tried on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.expressions.facts import InvalidFact
from pointsman.core.privacy.labels import LABELS
from pointsman.core.routing.add_money import add_money, wants_money
from pointsman.core.routing.changes_of_facts import list_read
from pointsman.core.routing.facts import NOTHING_SEEN, Facts, LiveView
from pointsman.core.routing.gather_facts import describe_caller
from pointsman.core.routing.hypothesis import Hypothesis
from pointsman.core.routing.money_facts import MoneyFacts
from pointsman.core.routing.suppose import suppose

WHO_ASKS = ("task.type", "agent")
"""Facts that may settle who the caller is; they come before all that follows from that."""

PRIVATE = "data.contains_pii"
NOT_SEARCHED = (
    f"{PRIVATE} is left aside: nobody looks for private data in such a request (privacy.detect and policy.detect say"
    " where that is done); task.privacy_level=high says what a find would"
)


class InvalidQuestion(ValueError):
    """Nobody could send such a request.

    Attributes:
        about: what of the question: a fact's name, or `strategy`, `privacy`, `tags`.
        in_task: whether that was said of the task rather than by its whole name.
    """

    def __init__(self, about: str, message: str, *, in_task: bool = False) -> None:
        super().__init__(message)
        self.about = about
        self.in_task = in_task


@dataclass(frozen=True, slots=True)
class Question:
    """What a request would say.

    Attributes:
        target: its `model`, such as `agent:writer`.
        agent: named beside it, or `None`.
        task: what is said of the task, such as `{"type": "review", "complexity": 9}`.
        given: facts by their names; they count before what the task says.
        surroundings: facts that hold unless something else is said, such as the hour; only those that rules read count.
        money: what was spent, or `None` when nobody knows.
        user: on whose behalf, or `None`.
        team: of the key, or `None`.
        tags: of request and key; the caller's own are added.
        strategy: asked for, or `None`.
        privacy: the label that is asked for, or `None`; a task may ask for a higher one.
        is_vouched: whether who asks knows that there is private data, so that it counts though nobody would look.
        has_other_budgets: whether budgets apply that the document does not write, such as those of keys.
    """

    target: str
    agent: str | None = None
    task: Mapping[str, object] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)
    surroundings: Mapping[str, object] = field(default_factory=dict)
    money: MoneyFacts | None = None
    user: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    strategy: str | None = None
    privacy: str | None = None
    is_vouched: bool = False
    has_other_budgets: bool = False


def build_hypothesis(snapshot: Snapshot, question: Question, live: LiveView = NOTHING_SEEN) -> Hypothesis:
    """The request that a question is about, and what would be known of it.

    Raises:
        InvalidQuestion: a fact, strategy or label that there is not.
    """
    strategies = snapshot.routing.strategies
    if question.strategy is not None and question.strategy not in strategies:
        there_are = ", ".join(list(strategies)[:20]) or "none"
        raise InvalidQuestion("strategy", f"there is no strategy {quote(question.strategy)}; there are {there_are}")
    hypothesis = Hypothesis(snapshot, Facts(question.target, question.agent, strategy=question.strategy), live)
    for name in WHO_ASKS:
        value = question.given.get(name, question.task.get(name.removeprefix("task.")) if "." in name else None)
        if value is not None:
            hypothesis = _suppose(hypothesis, question, name, value)
    facts = hypothesis.facts
    asks_money = question.has_other_budgets or wants_money(snapshot, facts.target, hypothesis.caller, facts.strategy)
    if question.money is not None and asks_money:
        hypothesis = replace(hypothesis, facts=add_money(facts, dict(facts.given or {}), question.money))
    stated = _collect(question, hypothesis)
    if type(stated.get(PRIVATE)) is bool and not question.is_vouched and not hypothesis.is_searched:
        hypothesis = replace(hypothesis, notes=(NOT_SEARCHED,) if stated.pop(PRIVATE) else ())
    # In the order of the table a find comes after what is said of privacy, and the first model after who asks.
    places = {name: place for place, name in enumerate(snapshot.routing.facts.facts)}
    for name in sorted(stated, key=lambda name: places.get(name, -1)):
        hypothesis = _suppose(hypothesis, question, name, stated[name])
    return hypothesis


def _collect(question: Question, hypothesis: Hypothesis) -> dict[str, object]:
    """All facts by name, the weightiest word about each."""
    caller, read = hypothesis.caller, list_read(hypothesis)
    around = {name: value for name, value in question.surroundings.items() if name in read}
    stated: dict[str, object] = {**around, **describe_caller(caller)}
    tags = [*question.tags, *(caller.tags if caller else ())]
    if tags:
        stated["tags"] = tags
    stated |= {name: value for name, value in (("user", question.user), ("team", question.team)) if value is not None}
    stated |= {f"task.{name}": value for name, value in question.task.items()}
    stated |= question.given
    if question.privacy is not None:
        levels = (question.privacy, stated.get("task.privacy_level", "low"))
        unknown = next((level for level in levels if level not in LABELS), None)
        stated["task.privacy_level"] = max(levels, key=LABELS.index) if unknown is None else unknown
    return stated


def _suppose(hypothesis: Hypothesis, question: Question, name: str, value: object) -> Hypothesis:
    try:
        return suppose(hypothesis, name, value)
    except InvalidFact as error:
        in_task = name not in question.given and name.removeprefix("task.") in question.task
        raise InvalidQuestion(name, str(error), in_task=in_task) from None
