"""`routing` and `budgets`: how models are chosen where several could serve, and what may be spent."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pointsman.core.config.sections.values import (
    Condition,
    Duration,
    Location,
    Money,
    Ratio,
    Reference,
    StrictMapping,
    Weight,
    Words,
)

Complexity = Annotated[int, Field(ge=1, le=10)]
Action = Literal[
    "use",
    "deny",
    "prefer",
    "switch_to_fallback",
    "switch_to_local_only",
    "force_local_model",
    "require_cloud_verification",
]
FactorName = Literal[
    "task_complexity",
    "cost_efficiency",
    "privacy_requirements",
    "performance_needs",
    "model_availability",
    "cost_sensitivity",
    "performance_requirements",
    "quality_expectations",
    "specialized_capabilities",
]
Calculation = Literal[
    "based_on_token_count_and_requirements",
    "cost_per_token * estimated_tokens",
    "data_sensitivity_score",
    "required_response_time",
    "current_load_and_rate_limits",
]
Measure = Literal[
    "token_cost",
    "request_cost",
    "budget_constraints",
    "latency",
    "throughput",
    "accuracy",
    "output_quality",
    "consistency",
    "reliability",
    "domain_expertise",
    "function_calling",
    "context_length",
]
Saving = Literal[
    "cache_similar_requests",
    "batch_processing_when_possible",
    "use_cheaper_models_for_simple_tasks",
    "implement_request_deduplication",
]
AttributeType = Literal["text", "number", "bool"]


class CloudThreshold(StrictMapping):
    """From where on a local model does not do."""

    complexity: Complexity = Field(default=7, description="tasks at least as complex go to the cloud first")
    confidence: Ratio = Field(default=600_000, description="a local answer less confident is asked again of the cloud")


class Strategy(StrictMapping):
    """An order for candidates."""

    description: Words = Field(default="", description="what it is for")
    prefer_local_models: bool = Field(default=False, description="local candidates first")
    prefer_cloud_models: bool = Field(default=False, description="cloud candidates first")
    allow_cloud_models: bool = Field(default=True, description="false: cloud candidates are dropped")
    required_model_type: Location | None = Field(default=None, description="candidates elsewhere are dropped")
    cloud_budget_per_day: Money | None = Field(
        default=None, description="spent on cloud models: local only for the day"
    )
    fallback_to_cloud_threshold: CloudThreshold | None = Field(
        default=None, description="from where on local does not do"
    )
    cloud_for_complex_tasks: bool = Field(default=False, description="complex tasks go to the cloud first")
    local_for_routine_tasks: bool = Field(default=False, description="routine tasks stay local first")
    complex_from: Complexity = Field(default=7, description="complexity from which a task counts as complex")
    routine_up_to: Complexity = Field(default=3, description="complexity up to which a task counts as routine")
    dynamic_routing: bool = Field(default=False, description="true: weighted factors decide where nothing else does")
    parallel_requests: bool = Field(default=False, description="true: hedging within its bounds")
    cache_responses: bool = Field(default=False, description="true: these requests may be answered from the cache")
    weights: dict[FactorName, Weight] = Field(
        default={}, max_length=16, description="weights of factors in place of routing.factors"
    )

    @model_validator(mode="after")
    def _agree(self) -> "Strategy":
        if self.prefer_local_models and self.prefer_cloud_models:
            raise PydanticCustomError("conflict", "prefer_local_models and prefer_cloud_models exclude one another")
        if self.required_model_type == "cloud" and not self.allow_cloud_models:
            raise PydanticCustomError("conflict", "no cloud models are allowed, yet cloud is required")
        return self


class GlobalRule(StrictMapping):
    """What happens to every agent's requests when a condition holds."""

    name: Words = Field(default="", description="what explain calls the rule")
    when: Condition = Field(description="a condition over facts, such as data.contains_pii")
    action: Action = Field(description="what to do")
    use: Reference | None = Field(default=None, description="the model of the actions use and prefer")
    because: Words = Field(default="", description="why; shown by explain")

    @model_validator(mode="after")
    def _name_a_model(self) -> "GlobalRule":
        if (self.use is not None) != (self.action in ("use", "prefer")):
            raise PydanticCustomError("conflict", "`use: MODEL` stands with the actions use and prefer, and only there")
        return self


class Factor(StrictMapping):
    """One quantity that candidates are compared by."""

    weight: Weight = Field(description="its share, relative to the other weights")
    calculation: Calculation | None = Field(
        default=None, description="the scoring function, where more than one is known"
    )
    measures: Annotated[list[Measure], Field(max_length=16)] = Field(
        default=[], description="the measured quantities that it is made from"
    )


class BackOff(StrictMapping):
    """How long to wait between two attempts."""

    initial: Duration = Field(default=250, description="before the first repetition")
    max: Duration = Field(default=2_000, description="the longest wait")


class Routing(StrictMapping):
    """How models are chosen."""

    strategy: Reference | None = Field(
        default=None, description="cost_optimized, performance_optimized, privacy_first, balanced, or one of strategies"
    )
    strategies: dict[str, Strategy] = Field(default={}, max_length=100, description="strategies by name")
    rules: Annotated[list[GlobalRule], Field(max_length=10_000)] = Field(
        default=[], description="rules over all agents, in order"
    )
    factors: dict[FactorName, Factor] = Field(default={}, description="what weighted choices go by")
    tiers: Annotated[list[Annotated[list[Reference], Field(max_length=256)]], Field(max_length=10)] = Field(
        default=[], description="lists of models, the most capable class first, tried when all else fails"
    )
    aliases: dict[Reference, Reference] = Field(
        default={},
        max_length=1_000,
        description="further names that callers may ask for, and what each means: a model, or agent:NAME",
    )
    task_attributes: dict[str, AttributeType] = Field(
        default={}, max_length=100, description="further facts task.NAME that callers state, and their types"
    )
    force_local_models: bool = Field(default=False, description="true: nothing leaves your own machines")
    require_local_for_pii: bool = Field(default=False, description="true: what holds personal data stays local")
    verbose_logs: bool = Field(default=False, description="true: the trace of each decision is logged")
    quality_threshold: Ratio | None = Field(default=None, description="the least quality that a model must have")
    fallback_strategy: Literal["quick_degradation", "graceful_degradation", "maximum_resilience"] | None = Field(
        default=None, description="how far to go down when models fail"
    )
    savings: Annotated[list[Saving], Field(max_length=4)] = Field(default=[], description="ways of spending less")
    attempts: Annotated[int, Field(ge=1, le=5)] = Field(
        default=3, description="upstream calls per request, over all models"
    )
    back_off: BackOff = Field(default=BackOff(), description="how long to wait between attempts")


class Budget(StrictMapping):
    """What may be spent in a window of time."""

    name: Words = Field(default="", description="what people call it; its scope and window by default")
    scope: Annotated[str, Field(min_length=1, max_length=256)] = Field(
        description="total, cloud, or KIND:NAME with provider, model, agent, interaction, team, user, key, session or"
        " tag; `*` as NAME of a user, key, team, session or agent is a budget for each of them by itself"
    )
    window: Literal["hour", "day", "week", "month", "rolling_hour", "rolling_day", "rolling_week", "rolling_month"] = (
        Field(description="of the calendar, or the time up to now; a rolling month has 30 days")
    )
    limit: Money = Field(description="dollars per window")
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        default="UTC", description="an IANA time zone, for windows of the calendar"
    )
    on_exceed: Literal["deny", "local_only", "budget_mode", "cheaper", "alert"] = Field(
        default="deny", description="what happens to requests beyond it"
    )
    alert_at: Annotated[list[Ratio], Field(max_length=16)] = Field(
        default=[500_000, 800_000, 950_000, 1_000_000], description="shares of the limit at which to warn"
    )
    confirm_zero: bool = Field(default=False, description="must be true beside a limit of 0, which denies everything")

    @model_validator(mode="after")
    def _mean_zero(self) -> "Budget":
        if self.limit == 0 and not self.confirm_zero:
            raise PydanticCustomError("invalid_money", "a limit of 0 denies everything; add `confirm_zero: true` if so")
        return self
