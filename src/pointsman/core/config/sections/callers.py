"""`agents`, `interactions`, `tasks`, `experiments`: who calls, what each runs on, and under which terms."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from pointsman.core.chat.request import ParameterValue
from pointsman.core.config.sections.values import (
    Condition,
    Number,
    Ratio,
    Reference,
    StrictMapping,
    Tokens,
    Weight,
    Words,
    read_stop,
)

PrivacyLevel = Literal["low", "medium", "high"]
Models = Annotated[list[Reference], Field(max_length=64)]
Labels = Annotated[list[Reference], Field(max_length=64)]


class Parameters(StrictMapping):
    """Request parameters used where the caller states none; OpenAI's names and ranges."""

    temperature: Annotated[Number, Field(ge=0, le=2)] | None = Field(
        default=None, description="how freely words are chosen; 0 takes the likeliest"
    )
    top_p: Annotated[Number, Field(ge=0, le=1)] | None = Field(
        default=None, description="the share of likely words that are chosen from"
    )
    max_tokens: Tokens | None = Field(default=None, description="the limit of an answer, as most servers name it")
    max_completion_tokens: Tokens | None = Field(
        default=None, description="the same limit, as OpenAI's newer models name it; write one of the two"
    )
    presence_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = Field(
        default=None, description="above 0: words that have come up at all are chosen less"
    )
    frequency_penalty: Annotated[Number, Field(ge=-2, le=2)] | None = Field(
        default=None, description="above 0: words are chosen less the more often they have come up"
    )
    seed: int | None = Field(
        default=None, description="the same seed gives the same answer, where a provider can do that"
    )
    stop: Annotated[ParameterValue | None, BeforeValidator(read_stop)] = Field(
        default=None, description="where an answer ends: before the first of these texts"
    )
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = Field(
        default=None, description="how long a reasoning model may think"
    )
    verbosity: Literal["low", "medium", "high"] | None = Field(default=None, description="how much a model says")
    parallel_tool_calls: bool | None = Field(default=None, description="whether several tools may be called at once")
    logprobs: bool | None = Field(default=None, description="whether the probability of each token is told")
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = Field(
        default=None, description="how many alternatives to each token are told, too"
    )
    service_tier: Literal["auto", "default", "flex", "priority"] | None = Field(
        default=None, description="the provider's class of service, where it has several"
    )

    @model_validator(mode="after")
    def _limit_once(self) -> "Parameters":
        if self.max_tokens is not None and self.max_completion_tokens is not None:
            raise PydanticCustomError("conflict", "max_tokens and max_completion_tokens are the same limit; keep one")
        return self


class Policy(StrictMapping):
    """The terms that a call runs under."""

    privacy: PrivacyLevel | None = Field(default=None, description="the label that each of its requests has at least")
    detect: Literal["off", "rules", "always"] | None = Field(
        default=None, description="when its requests are searched for private data; as privacy.detect by default"
    )
    strict: bool | None = Field(
        default=None, description="true: refuse what would have to be renamed, clamped or dropped"
    )
    on_loss: Literal["allow", "warn", "refuse"] | None = Field(
        default=None, description="what happens when the provider's dialect cannot say all of a request"
    )
    cache: Literal["off", "exact", "similar"] | None = Field(
        default=None, description="which stored answers may be given"
    )
    stream_guard: bool | None = Field(
        default=None, description="true: hold a stream back until its start has been judged"
    )
    hedging: bool | None = Field(default=None, description="true: ask a second model when the first is slow")
    retry_after_send: bool | None = Field(
        default=None, description="true: try again even where a provider may have done the work already"
    )
    quality_threshold: Ratio | None = Field(
        default=None, description="the least measured quality that a model must have"
    )


class AgentRule(StrictMapping):
    """What an agent does when a condition holds."""

    name: Words = Field(default="", description="what explain calls the rule")
    when: Condition = Field(description="a condition over facts, such as task.complexity > 8")
    use: Reference | None = Field(default=None, description="the model to take")
    deny: bool | None = Field(default=None, description="true: refuse the request")
    because: Words = Field(default="", description="why; shown by explain")

    @model_validator(mode="after")
    def _do_one_thing(self) -> "AgentRule":
        if (self.use is None) == (self.deny is None):
            raise PydanticCustomError("conflict", "a rule does one thing: write either `use: MODEL` or `deny: true`")
        return self


class Agent(StrictMapping):
    """A named caller, the models it runs on, and why."""

    display_name: Words = Field(default="", description="what people read instead of its name")
    description: Words = Field(default="", description="what it is for; shown by /v1/models")
    model: Reference = Field(description="a model's name: what it runs on")
    fallback: Models = Field(default=[], description="models tried in order when the model fails before its first word")
    local_alternative: Reference | None = Field(
        default=None, description="the model taken where requests must stay local"
    )
    budget_mode: Reference | None = Field(default=None, description="the model taken when the budget is near its end")
    capabilities_required: Labels = Field(default=[], description="skills that its models should have")
    strict_capabilities: bool = Field(default=False, description="true: a model that lacks one of them is never taken")
    rules: Annotated[list[AgentRule], Field(max_length=1_000)] = Field(
        default=[], description="the first whose condition holds decides"
    )
    parameters: Parameters = Field(default=Parameters(), description="sent where the caller states none")
    task_type: Reference | None = Field(default=None, description="task.type where the caller states none")
    policy: Policy = Field(default=Policy(), description="the terms its calls run under")
    reasoning: Words = Field(default="", description="why this model; shown by explain")
    tags: Labels = Field(default=[], description="free labels, kept with its usage")
    langsmith_project: Words = Field(default="", description="the LangSmith project its traces go to")


class Interaction(StrictMapping):
    """A purpose that a program has a model for, such as reasoning or planning."""

    description: Words = Field(default="", description="what it is for")
    model: Reference = Field(description="a model's name: what it runs on")
    fallback: Models = Field(default=[], description="models tried in order when the model fails")
    parameters: Parameters = Field(default=Parameters(), description="sent where the caller states none")
    policy: Policy = Field(default=Policy(), description="the terms its calls run under")
    reasoning: Words = Field(default="", description="why this model; shown by explain")
    tags: Labels = Field(default=[], description="free labels, kept with its usage")


class Task(StrictMapping):
    """A type of task and the models that suit it."""

    description: Words = Field(default="", description="what it is")
    model: Reference = Field(description="a model's name: what it runs on")
    fallback: Models = Field(default=[], description="models tried in order when the model fails")
    criteria: Words = Field(default="", description="what the choice was made by; shown by explain")
    capabilities_required: Labels = Field(default=[], description="skills that its models should have")
    parameters: Parameters = Field(default=Parameters(), description="sent where the caller states none")
    policy: Policy = Field(default=Policy(), description="the terms its calls run under")
    reasoning: Words = Field(default="", description="why this model; shown by explain")
    tags: Labels = Field(default=[], description="free labels, kept with its usage")


class Experiment(StrictMapping):
    """Two or more variants of an agent beside one another."""

    description: Words = Field(default="", description="what is to be found out")
    agent: Reference = Field(description="a name under agents: whose requests are split")
    enabled: bool = Field(default=True, description="false: every request is served by control")
    split: Annotated[dict[str, Weight], Field(min_length=2, max_length=16)] = Field(
        description="the variants and their shares; control is the agent as it stands"
    )
    variants: dict[str, Reference] = Field(
        default={}, max_length=16, description="the model of each variant; candidate is the first fallback by default"
    )
    sticky: Literal["user", "session", "request"] = Field(default="user", description="who keeps one variant")
