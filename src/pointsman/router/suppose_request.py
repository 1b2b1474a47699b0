"""The request that a program speaks of, as the gateway would know it: what is said, what its text tells, the hour."""

import random
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.routing.ask import InvalidQuestion, Question, build_hypothesis
from pointsman.core.routing.describe_body import list_needs
from pointsman.core.routing.estimate_complexity import estimate_complexity
from pointsman.core.routing.estimate_tokens import estimate_tokens
from pointsman.core.routing.facts import NEAR_LIMIT, LiveTarget, LiveView
from pointsman.core.routing.find_target import AUTO
from pointsman.core.routing.gather_facts import describe_time, should_search
from pointsman.core.routing.hypothesis import Hypothesis
from pointsman.core.routing.key_policy import NO_POLICY
from pointsman.core.routing.suppose import SUPPOSED_FIND
from pointsman.relay.learn import draw_dice
from pointsman.router.decision import InvalidRequest
from pointsman.router.search import PrivateDataSearch
from pointsman.router.words import LEVEL, PRIVATE, Words

TOKENS = "request.tokens_estimated"
COMPLEXITY = "task.complexity"
IMAGES = "request.has_images"
SAID_PRIVATE = "as the caller says that it holds personal data"
_NOTHING: tuple[str, ...] = ()


def suppose_request(snapshot: Snapshot, agent: Agent, words: Words, looking: PrivateDataSearch) -> Hypothesis:
    """The request that is spoken of, with what its text tells.

    Args:
        snapshot: the configuration.
        agent: who asks.
        words: what is said.
        looking: searches the text where agent or rules want that.

    Raises:
        InvalidRequest: a fact or strategy that cannot be so.
    """
    said = words.said
    given, estimated, found = dict(words.facts), _NOTHING, ""
    if words.messages:
        request = _read_messages(words)
        given, estimated = _estimate(request, words)
        if should_search(snapshot, agent, NO_POLICY):
            found = looking.search(request, snapshot.settings)
            given |= {PRIVATE: True} if found else {}
    question = Question(
        target=f"agent:{agent.name}",
        task=words.task,
        given=given,
        surroundings=describe_time(datetime.now(UTC)),
        tags=said.tags,
        strategy=said.strategy,
        privacy=words.privacy,
        is_vouched=True,
    )
    try:
        hypothesis = build_hypothesis(snapshot, question, _see(snapshot, words.near_limit))
    except InvalidQuestion as invalid:
        raise _refuse(invalid) from None
    facts = hypothesis.facts
    is_supposed = facts.label_because == SUPPOSED_FIND
    facts = msgspec.structs.replace(
        facts,
        label_because=(found or SAID_PRIVATE) if is_supposed else facts.label_because,
        estimated=estimated,
        session=said.session,
        timeout_ms=said.timeout_ms,
        max_cost_nusd=said.max_cost_nusd,
        most_output_tokens=words.most_output_tokens,
        dice=_throw_dice(snapshot, words.request_id),
    )
    return replace(hypothesis, facts=facts)


def _read_messages(words: Words) -> ChatRequest:
    """The text as the gateway would read it."""
    try:
        return decode_request(msgspec.json.encode({"model": AUTO, "messages": words.messages}))
    except ClientError as error:
        raise InvalidRequest("messages", f'task "messages": {error.message}') from None
    except (TypeError, ValueError, RecursionError):
        message = 'task "messages" is a list of plain mappings such as {"role": "user", "content": "..."}, in Unicode'
        raise InvalidRequest("messages", message) from None


def _estimate(request: ChatRequest, words: Words) -> tuple[dict[str, object], tuple[str, ...]]:
    """All facts with those that the text tells, and which of them are estimates; what was said counts before."""
    given = dict(words.facts)
    tokens = estimate_tokens(request)
    given.setdefault(TOKENS, tokens)
    if "vision" in list_needs(request):
        given.setdefault(IMAGES, True)
    if COMPLEXITY in given or COMPLEXITY.removeprefix("task.") in words.task:
        return given, ()
    given[COMPLEXITY] = estimate_complexity(request, tokens).value
    return given, (COMPLEXITY,)


def _see(snapshot: Snapshot, near_limit: frozenset[str]) -> LiveView:
    return {snapshot.models[name].deployment.id: LiveTarget(used=NEAR_LIMIT) for name in near_limit}


def _throw_dice(snapshot: Snapshot, request_id: str) -> float:
    if not snapshot.routing.experiments:
        return 0.0
    return draw_dice(request_id) if request_id else random.random()


def _refuse(invalid: InvalidQuestion) -> InvalidRequest:
    """What cannot be so, named as it was written."""
    if invalid.about == "strategy":
        return InvalidRequest("routing_strategy", f'context "routing_strategy": {invalid}')
    in_task = invalid.in_task or invalid.about == LEVEL
    name = invalid.about.removeprefix("task.") if in_task else invalid.about
    return InvalidRequest(invalid.about, f"{'task' if in_task else 'context'} {quote(name)}: {invalid}")
