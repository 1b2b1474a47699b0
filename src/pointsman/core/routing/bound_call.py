"""What a call may use and cost at most, for hard budgets and limits; what it assumes stands in docs/estimates.md.

It may be far more than the call comes to; it must never be less. Whatever is held and not needed is released.
"""

import msgspec

from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.pricing.upper_bound import PromptSize, SpecialParts, bound_cost_nusd, count_affordable
from pointsman.core.routing.bound_answer import bound_answer
from pointsman.core.routing.bound_prompt import Prompt, read_prompt

LEAST_FITTED_TOKENS = 256
"""An answer is not cut down to fewer tokens than these so that it fits."""

MOST_BYTES_PER_TOKEN = 8
"""Of an answer: prose has four to five, deeply indented code more; an answer that keeps its limit stays below this."""

_REQUEST_TOKENS = {"cohere": 2_048}
"""What a provider itself puts before each prompt: Cohere's counts show some 500 tokens of it, more beside tools."""
_USUAL_REQUEST_TOKENS = 256
_TOOLS_TOKENS = 1_024
_ENTRY_TOKENS = 16
_MOST_CONTEXT_TOKENS = 2_097_152
_MOST_IMAGE_TOKENS = {"openai_chat": 48_169, "openai_responses": 48_169, "anthropic_messages": 4_784}
_USUAL_MOST_IMAGE_TOKENS = 16_384
_NOTHING_SPECIAL = SpecialParts()


class CallBound(msgspec.Struct, frozen=True, gc=False):
    """What one upstream call may use and cost at most.

    Attributes:
        prompt: its prompt.
        output_tokens: all that may be generated: over all choices, with what the model thinks.
        most_nusd: nano-dollars, or `None` when the price of something that may be used is unknown.
        output_limit: what one answer is limited to: as stated, or what is to be said upstream where nobody did.
        choices: how many answers there are.
        thinking_tokens: what the model may think on top of a limit that leaves no room for it.
        injects_output_limit: whether nobody stated a limit, so that `output_limit` has to be said upstream.
        at_ms: when the request arrived, whose day's prices count; `None`: those of today.
    """

    prompt: PromptSize
    output_tokens: int
    most_nusd: int | None
    output_limit: int
    choices: int = 1
    thinking_tokens: int = 0
    injects_output_limit: bool = False
    at_ms: int | None = None

    @property
    def input_tokens(self) -> int:
        """What the prompt may come to at most."""
        return self.prompt.tokens

    @property
    def tokens(self) -> int:
        """Prompt and answers together."""
        return self.prompt.tokens + self.output_tokens


def bound_call(
    request: ChatRequest, body_bytes: int, model: Model, caller: Agent | None = None, at_ms: int | None = None
) -> CallBound:
    """What a call may use and cost at most.

    Args:
        request: as the client sent it.
        body_bytes: the length of its body; of JSON that is no less than its texts have, for escapes only lengthen.
        model: where it would go.
        caller: whose parameters count where the request says nothing, or `None`.
        at_ms: when it arrived, in milliseconds since the Unix epoch, for the prices of that day; `None`: of today.
    """
    prices = model.prices if at_ms is None else model.prices_at(at_ms)
    found = read_prompt(request)
    if type(found) is int:
        before = _REQUEST_TOKENS.get(model.deployment.dialect, _USUAL_REQUEST_TOKENS)
        prompt = PromptSize(body_bytes + before + _ENTRY_TOKENS * found)
    else:
        assert type(found) is Prompt, "it is one or the other"
        prompt = _bound_prompt(found, body_bytes, model, prices)
    if request.operation != "chat":
        # Counting tokens is free wherever it is offered; what is embedded, ranked or judged has no answer to pay for.
        is_free = request.operation == "count_tokens"
        return CallBound(prompt, 0, 0 if is_free else bound_cost_nusd(prompt, 0, prices), 0)
    answer = bound_answer(request, model, caller)
    output = answer.choices * answer.tokens
    most_nusd = bound_cost_nusd(prompt, output, prices)
    return CallBound(
        prompt, output, most_nusd, answer.limit, answer.choices, answer.thinking_tokens, not answer.is_stated, at_ms
    )


def fit_output(bound: CallBound, left_nusd: int, model: Model) -> int | None:
    """The largest limit of one answer, from 256 tokens up, with which a call costs no more than what is left.

    Args:
        bound: of the call as it is.
        left_nusd: what may still be spent.
        model: where the call would go.

    Returns:
        At most the limit that it has; `None` when none fits, or when the price is unknown.
    """
    if bound.most_nusd is None or not bound.output_limit:
        return None
    if bound.most_nusd <= left_nusd:
        return bound.output_limit
    affordable = count_affordable(bound.prompt, left_nusd, _find_prices(bound, model))
    if affordable is None or affordable < 0:
        return None
    limit = min(affordable // bound.choices, bound.output_limit)
    # A limit with no room for what the model is to think is raised upstream.
    if limit < LEAST_FITTED_TOKENS or limit <= bound.thinking_tokens:
        return None
    return limit


def lower_output(bound: CallBound, limit: int, model: Model) -> CallBound:
    """The bound of the same call with each of its answers limited to fewer tokens."""
    output = bound.choices * (limit + bound.thinking_tokens)
    most_nusd = bound_cost_nusd(bound.prompt, output, _find_prices(bound, model))
    return msgspec.structs.replace(bound, output_tokens=output, output_limit=limit, most_nusd=most_nusd)


def tokens_until(bound: CallBound, held_nusd: int, model: Model) -> int | None:
    """After how many generated tokens a call has used up what is held for it, with its prompt at its dearest.

    Returns:
        `None` for never: generated tokens cost nothing, or nobody knows their price.
    """
    affordable = count_affordable(bound.prompt, held_nusd, _find_prices(bound, model))
    return None if affordable is None else max(affordable, 0)


def most_output_bytes(bound: CallBound, held_nusd: int, model: Model) -> int | None:
    """After how many bytes of content a stream is to be cut, whatever limit its provider keeps; `None` for never."""
    tokens = tokens_until(bound, held_nusd, model)
    return None if tokens is None else MOST_BYTES_PER_TOKEN * tokens


def _find_prices(bound: CallBound, model: Model) -> PriceTable | None:
    return model.prices if bound.at_ms is None else model.prices_at(bound.at_ms)


def _bound_prompt(found: Prompt, body_bytes: int, model: Model, prices: PriceTable | None) -> PromptSize:
    per_image = _MOST_IMAGE_TOKENS.get(model.deployment.dialect, _USUAL_MOST_IMAGE_TOKENS)
    tokens = (
        max(body_bytes - found.apart_bytes, 0)
        + _REQUEST_TOKENS.get(model.deployment.dialect, _USUAL_REQUEST_TOKENS)
        + (_TOOLS_TOKENS if found.has_tools else 0)
        + _ENTRY_TOKENS * found.entries
        + per_image * found.images
        + found.further_tokens
    )
    if found.is_open or found.rounds:
        # What the request does not tell the length of ends where the model's context does.
        tokens = max(tokens, model.context_window or _MOST_CONTEXT_TOKENS)
    special = SpecialParts(
        searches=found.rounds + (found.searches if _bills_searches(model, prices) else 0),
        has_sound=found.has_sound,
        has_images=found.images > 0,
        speaks=found.speaks,
        is_kept_longer=found.is_kept_longer,
    )
    return PromptSize(tokens * (1 + found.rounds), None if special == _NOTHING_SPECIAL else special)


def _bills_searches(model: Model, prices: PriceTable | None) -> bool:
    """Whether a reranking is billed by the search; the others who rerank bill its tokens."""
    further = prices.further if prices is not None else None
    return model.deployment.dialect == "cohere" or (further is not None and further.search_nusd is not None)
