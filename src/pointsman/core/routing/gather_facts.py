"""What is known of one request, put together for `decide`; only what rules, strategy and limits read is looked for."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast

import msgspec

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.routing_plan import Detect, RoutingPlan
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.expressions.facts import FACTS, FactTable, InvalidFact, Value, check_value
from pointsman.core.expressions.mistake import guess_word
from pointsman.core.privacy.labels import LABELS, Label, raise_label
from pointsman.core.routing.add_money import add_money, wants_money
from pointsman.core.routing.describe_body import describe_body, list_needs
from pointsman.core.routing.estimate_complexity import estimate_complexity
from pointsman.core.routing.estimate_tokens import PromptEstimate, estimate_prompt, estimate_tokens
from pointsman.core.routing.facts import Facts, ForcedModel
from pointsman.core.routing.find_target import AUTO, find_asking
from pointsman.core.routing.key_policy import NO_POLICY, KeyPolicy
from pointsman.core.routing.learned_tokens import LearnedTokens
from pointsman.core.routing.money_facts import MoneyFacts
from pointsman.core.routing.said import SAID_NOTHING, Said

_BODY = frozenset(("request.has_tools", "request.has_images"))
CLOCK = frozenset(fact.name for fact in FACTS if fact.source == "clock")
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DETECT_RANKS: tuple[Detect, ...] = ("off", "rules", "always")

LookAtMoney = Callable[[], MoneyFacts]


class Found(msgspec.Struct, frozen=True):
    """What the search for private data came to.

    Attributes:
        because: what was found, or that the search failed; `""` when it found nothing.
    """

    because: str = ""


class Circumstances(msgspec.Struct, frozen=True):
    """What is known of a request beside its bytes.

    Attributes:
        policy: of the key.
        said: what the caller says.
        at_ms: when it came, in milliseconds since the Unix epoch.
        dice: in [0, 1), drawn from its id.
        found: what the search for private data came to, or `None` when nobody searched.
        forced: what an operator forces for its task, or `None`.
        chosen: what its user has chosen, or `None`.
        money: tells what was spent; asked only where somebody reads it.
        history: what was learned of how long prompts and answers are, or `None`.
        has_other_budgets: whether budgets apply that the document does not write, such as those of keys.
    """

    policy: KeyPolicy
    said: Said = SAID_NOTHING
    at_ms: int = 0
    dice: float = 0.0
    found: Found | None = None
    forced: ForcedModel | None = None
    chosen: ForcedModel | None = None
    money: LookAtMoney | None = None
    history: LearnedTokens | None = None
    has_other_budgets: bool = False


def gather_plainly(snapshot: Snapshot, request: ChatRequest, policy: KeyPolicy) -> Facts | None:
    """The facts of a request of which its caller says nothing beside its body, where there is no need to look at it.

    `None` where there is: then a rule, a strategy, the key or a limit might have a word.
    """
    plan = snapshot.routing
    if policy is not NO_POLICY or plan.experiments or request.operation != "chat" or _reads_facts(plan, request):
        return None
    return Facts(request.model)


def gather_facts(snapshot: Snapshot, request: ChatRequest, around: Circumstances) -> Facts:
    """The facts of a request.

    Raises:
        ClientError: 400 for what the caller says and no fact can be, 403 for what its key does not allow.
    """
    plan, said, policy = snapshot.routing, around.said, around.policy
    caller = find_caller_of(snapshot, request.model, said)
    given = describe_caller(caller) | _read_task(plan.facts, said) | _describe_sender(caller, said, policy)
    label, because = _find_label(given, caller, around)
    strategy = _read_strategy(snapshot, said, policy)
    reads = plan.reads | plan.agent_reads.get(caller.name, frozenset()) if caller else plan.reads
    weighs = strategy is not None or plan.strategy is not None or plan.cheap_when_simple or request.model == AUTO
    cap_nusd = _choose_cap(said, policy)
    tokens, estimated = _estimate(request, given, reads, snapshot, weighs=weighs or cap_nusd is not None)
    looks = plan.abilities_matter or reads & _BODY or request.operation != "chat"
    needs = list_needs(request) if looks else ()
    given |= describe_body(request, tokens, needs)
    if around.found is not None and around.found.because:
        given["data.contains_pii"] = True
    if reads & CLOCK:
        given |= describe_time(datetime.fromtimestamp(around.at_ms / 1_000, UTC))
    facts = Facts(
        target=request.model,
        agent=said.agent,
        given=given,
        label=label,
        label_because=because,
        estimated=estimated,
        tokens=tokens,
        most_output_tokens=request.output_limit,
        needs=needs,
        policy=policy,
        strategy=strategy,
        forced=around.forced,
        chosen=around.chosen,
        timeout_ms=said.timeout_ms,
        max_cost_nusd=cap_nusd,
        fallback_models=said.fallback_models,
        min_quality=said.min_quality,
        session=said.session,
        dice=around.dice,
    )
    if around.history is not None and tokens:
        facts = _recall(facts, caller, estimate_prompt(request), around.history, snapshot)
    asks_money = around.has_other_budgets or wants_money(snapshot, request.model, caller, strategy)
    if around.money is not None and asks_money:
        facts = add_money(facts, given, around.money())
    if said.budget_mode or policy.budget_mode:
        given["budget_mode"] = True
    return facts


def find_caller_of(snapshot: Snapshot, target: str, said: Said) -> Agent | None:
    """Who asks, by the request's `model` and what is said beside it; `None` where that is nobody in particular."""
    return find_asking(snapshot, target, said.agent, said.task.get("type") if said.task else None)


def describe_caller(caller: Agent | None) -> dict[str, Value | None]:
    """Who asks, and the type of task that is meant where a request does not say."""
    if caller is None:
        return {}
    kind, colon, name = caller.name.partition(":")
    stated: dict[str, Value | None] = {"task.type": caller.task_type} if caller.task_type else {}
    if not colon:
        stated["agent"] = caller.name
    elif kind == "interaction":
        stated["interaction"] = name
    return stated


def should_search(snapshot: Snapshot, caller: Agent | None, policy: KeyPolicy, beside: Agent | None = None) -> bool:
    """Whether a request is searched for private data: caller, key, an agent named beside them or a rule asks for it."""
    plan = snapshot.routing
    asked: tuple[Detect, ...] = (policy.detect or "off", beside.detect if beside else "off")
    mode: Detect = max((caller.detect if caller else plan.detect, *asked), key=_DETECT_RANKS.index)
    if mode != "rules":
        return mode == "always"
    own = plan.agent_reads.get(caller.name, frozenset()) if caller else frozenset()
    return plan.local_for_pii or "data.contains_pii" in plan.reads or "data.contains_pii" in own


def _reads_facts(plan: RoutingPlan, request: ChatRequest) -> bool:
    """Whether a request of which its caller says nothing more has to be looked at all the same."""
    return plan.needs_facts or request.model == AUTO or _may_overflow(plan, request)


def _may_overflow(plan: RoutingPlan, request: ChatRequest) -> bool:
    """Whether prompt and answer could be longer than the smallest context: no token is shorter than a byte."""
    if plan.smallest_context is None:
        return False
    return len(request.body) + (request.output_limit or 0) > plan.smallest_context


def _read_task(table: FactTable, said: Said) -> dict[str, Value | None]:
    """What the caller says of the task, checked against the facts that there are."""
    if not said.task:
        return {}
    stated: dict[str, Value | None] = {}
    for name, value in said.task.items():
        fact = table.facts.get(f"task.{name}")
        if fact is None:
            guess = guess_word(f"task.{name}", [each for each in table.facts if each.startswith("task.")])
            hint = (
                f"did you mean {guess.removeprefix('task.')}?" if guess else "declare it under routing.task_attributes"
            )
            raise _refuse_task(f"{str(name)[:64]!r} is nothing that is known of a task; {hint}")
        try:
            stated[fact.name] = check_value(fact, value)
        except InvalidFact as error:
            raise _refuse_task(str(error)) from None
    return stated


def _refuse_task(what: str) -> ClientError:
    return ClientError(400, "invalid_task", f"x-pointsman-task (or metadata.task): {what}.", "x-pointsman-task")


def _read_strategy(snapshot: Snapshot, said: Said, policy: KeyPolicy) -> str | None:
    """The strategy that the caller asks for, if its key may ask for one."""
    if said.strategy is None:
        return None
    if not policy.allows_strategy(said.strategy):
        message = "This key may not ask for a strategy; leave x-pointsman-strategy out, or ask the operator."
        raise ClientError(403, "strategy_not_allowed", message, "x-pointsman-strategy")
    if said.strategy not in snapshot.routing.strategies:
        message = f"There is no strategy {said.strategy[:64]!r}; leave x-pointsman-strategy out, or name another."
        raise ClientError(400, "unknown_strategy", message, "x-pointsman-strategy")
    return said.strategy


def _choose_cap(said: Said, policy: KeyPolicy) -> int | None:
    """What the request may cost at most: what its caller says, but never more than its key allows."""
    stated = [cap for cap in (said.max_cost_nusd, policy.max_cost_nusd) if cap is not None]
    return min(stated) if stated else None


def _find_label(given: Mapping[str, Value | None], caller: Agent | None, around: Circumstances) -> tuple[Label, str]:
    """How private the request is and what says so; a header below what key or caller want is refused, not raised."""
    floor = raise_label(around.policy.privacy, caller.privacy if caller else None)
    stated = around.said.privacy
    if stated is not None and LABELS.index(stated) < LABELS.index(floor):
        message = f"Key or agent label these requests {floor}; x-pointsman-privacy may only raise that."
        raise ClientError(403, "privacy_downgrade", message, "x-pointsman-privacy")
    found = around.found.because if around.found else ""
    sources: tuple[tuple[Label | None, str], ...] = (
        ("high" if found else None, found),
        (around.policy.privacy, "as its key says"),
        (stated, "as the caller says"),
        (cast(Label | None, given.get("task.privacy_level")), "as the task says"),
    )
    label = raise_label(*(said for said, _ in sources))
    return label, next(because for said, because in sources if said == label) if label != "low" else ""


def _describe_sender(caller: Agent | None, said: Said, policy: KeyPolicy) -> dict[str, Value | None]:
    """On whose behalf; a key's user and team count before what a caller says of itself."""
    stated: dict[str, Value | None] = {}
    if policy.user or said.user:
        stated["user"] = policy.user or said.user
    if policy.team:
        stated["team"] = policy.team
    tags = (*policy.tags, *said.tags, *(caller.tags if caller else ()))
    if tags:
        stated["tags"] = frozenset(tags)
    return stated


def _estimate(
    request: ChatRequest,
    given: dict[str, Value | None],
    reads: frozenset[str],
    snapshot: Snapshot,
    *,
    weighs: bool,
) -> tuple[int, tuple[str, ...]]:
    """Estimated tokens, and a complexity where nobody states one and somebody reads it."""
    wants_complexity = (weighs or "task.complexity" in reads) and "task.complexity" not in given
    wants_tokens = wants_complexity or weighs or "request.tokens_estimated" in reads
    if not wants_tokens and not _may_overflow(snapshot.routing, request):
        return 0, ()
    tokens = estimate_tokens(request)
    if not wants_complexity:
        return tokens, ()
    given["task.complexity"] = estimate_complexity(request, tokens).value
    return tokens, ("task.complexity",)


def _recall(
    facts: Facts, caller: Agent | None, estimate: PromptEstimate, history: LearnedTokens, snapshot: Snapshot
) -> Facts:
    """The facts with what history says of such a prompt on the model that it will probably go to."""
    model = caller.model if caller is not None else snapshot.aliases.get(facts.target, facts.target)
    agent = caller.name if caller is not None else ""
    learned = history.find_sizes(model, agent, estimate)
    if learned is None:
        return facts
    most = history.expect_input(model, agent, estimate)
    return msgspec.structs.replace(facts, most_tokens=most, learned=learned)


def describe_time(moment: datetime) -> dict[str, Value | None]:
    """The facts about a moment, which is given in UTC."""
    return {"time.hour": moment.hour, "time.weekday": WEEK[moment.weekday()]}
