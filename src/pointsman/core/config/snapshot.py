"""The compiled configuration: immutable, complete, and all that a request ever reads; one is pinned per request."""

from dataclasses import dataclass, field
from typing import Literal

from pointsman.core.catalog.catalog import Auth
from pointsman.core.catalog.quirk import Quirk
from pointsman.core.chat.request import Operation, ParameterValue
from pointsman.core.config.routing_plan import Detect, RoutingPlan
from pointsman.core.config.sections.values import Location
from pointsman.core.limits.scopes import OnExceed, ScopeKind
from pointsman.core.limits.windows import WindowKind
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.privacy.entities import Entity
from pointsman.core.privacy.labels import Label

OnLoss = Literal["allow", "warn", "refuse"]
MetricsAccess = Literal["loopback", "open", "key"]

KEPT_DECISIONS_S = 7 * 86_400
"""How long decisions are kept on record where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each phase of an upstream call may take, in milliseconds.

    Attributes:
        connect_ms: name lookup, TCP and TLS together.
        first_byte_ms: from the request's last byte to the first byte of the answer.
        idle_ms: silence between two pieces of an answer.
        total_ms: a plain call from start to end.
        stream_total_ms: a streamed call from start to end.
    """

    connect_ms: int = 5_000
    first_byte_ms: int = 60_000
    idle_ms: int = 120_000
    total_ms: int = 600_000
    stream_total_ms: int = 1_800_000


@dataclass(frozen=True, slots=True)
class Deployment:
    """One place where a model is served; its id is stable across revisions so that live state can hang on it.

    Attributes:
        id: `provider/upstream model id`, such as `openai/gpt-4o-2024-11-20`.
        provider: the provider's name in the configuration.
        model: our name of the model.
        upstream_model: the id the provider knows it by.
        dialect: the wire format the provider speaks, a key of the dialect table.
        base_url: without a trailing slash, such as `https://api.openai.com/v1`.
        location: `local` when prompts stay on machines of the operator's own.
        clearance: the most private label whose requests may go there.
        credential: reference of the provider key (`env:NAME`, `file:PATH`), or `None` when none is needed.
        deadlines: how long an upstream call may take.
        max_response_bytes: the largest plain answer, decoded, that is accepted.
        headers: further headers of each call.
        auth: how the provider key travels.
        quirks: what this provider wants said otherwise of this model than its wire format has it.
        trusted_networks: public networks, such as `203.0.113.0/24`, where a local deployment may be.
        allowed_addresses: private addresses with port, such as `127.0.0.1:4101`, where a cloud deployment may be.
    """

    id: str
    provider: str
    model: str
    upstream_model: str
    dialect: str
    base_url: str
    location: Location
    clearance: Label = "low"
    credential: str | None = None
    deadlines: Deadlines = Deadlines()
    max_response_bytes: int = 64 * 1024 * 1024
    headers: tuple[tuple[str, str], ...] = ()
    auth: Auth = "bearer"
    quirks: tuple[Quirk, ...] = field(default=(), hash=False)
    trusted_networks: tuple[str, ...] = ()
    allowed_addresses: tuple[str, ...] = ()


DatedPrices = tuple[tuple[int, PriceTable], ...]
"""The first millisecond since the Unix epoch from which prices hold, and the prices; the oldest first."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the registry, ready to be chosen.

    Attributes:
        name: our name.
        deployment: where it is served.
        prices: what it costs on the day of the compilation, or `None` when that is unknown.
        context_window: tokens of prompt and answer together, or `None` when unknown.
        max_output_tokens: the most tokens an answer may have, or `None` when unknown.
        capabilities: what the catalogue and the configuration say it can do.
        lacks: what it is known not to be able to do: `tools`, `vision`, `structured_output`.
        operations: what it can be asked for; where `count_tokens` is missing, we estimate.
        enabled: false keeps it, or all of its provider's models, from serving anything.
        description: what it is good for.
        tier: 1 is the most capable class; `None` when nobody said.
        quality: declared quality in millionths, or `None`.
        tokens_per_second: how fast it answers, or `None` when nobody said.
        first_token_ms: its usual time to the first token, or `None`.
        requests_per_minute: what its provider takes, or `None` when nobody said.
        tokens_per_minute: what its provider takes, or `None` when nobody said.
        dated_prices: what it costs from each day on which that changes; empty where it never does.
    """

    name: str
    deployment: Deployment
    prices: PriceTable | None
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    operations: frozenset[Operation] = frozenset({"chat"})
    enabled: bool = True
    description: str = ""
    tier: int | None = None
    quality: int | None = None
    tokens_per_second: float | None = None
    first_token_ms: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    dated_prices: DatedPrices = field(default=(), hash=False)

    def prices_at(self, at_ms: int) -> PriceTable | None:
        """What a request costs that arrived at a moment, in milliseconds since the Unix epoch."""
        if not self.dated_prices:
            return self.prices
        found = None
        for since_ms, prices in self.dated_prices:
            if since_ms > at_ms:
                break
            found = prices
        return found


@dataclass(frozen=True, slots=True)
class Terms:
    """What may happen to a request on its way into a provider's format.

    Attributes:
        is_strict: whether it is refused where anything would be renamed, clamped, left out or lost.
        on_loss: what happens where the format cannot say all of it: nothing, a header that names it, or a refusal.
    """

    is_strict: bool = False
    on_loss: OnLoss = "warn"


@dataclass(frozen=True, slots=True)
class Agent:
    """A named caller and what it runs on; an interaction and a type of task are callers too.

    Attributes:
        name: as in `model: "agent:NAME"`; `interaction:NAME` and `task:NAME` for the other kinds.
        model: the name of its first model.
        fallback: names of the models tried next, in order.
        parameters: request parameters used where the caller states none, in the order of the document.
        description: what the agent is for; shown wherever the agent is.
        reasoning: why this model; shown wherever the choice is.
        tags: free labels, kept with its usage.
        display_name: what people read instead of its name.
        local_alternative: the model for requests that must stay local, or `None`.
        budget_mode: the model for when the budget is near its end, or `None`.
        capabilities_required: skills that its models should have.
        strict_capabilities: whether a model that lacks one of them is never taken.
        task_type: `task.type` where the caller states none, or `None`.
        langsmith_project: where its traces go; `""` for nowhere in particular.
        stays_local: why none of its requests may go to a cloud model, or `None` when they may.
        privacy: the label that each of its requests has at least.
        detect: when private data is looked for in its requests.
        quality_threshold: the least quality of its models in millionths, or `None`.
        hedges: whether a second model is asked when the first is slow; `None`: as the strategy says.
        retries_after_send: whether its only model may be tried again where the provider may have done the work already.
        caches: whether an answer may be kept and given again to the same request; `None`: as the strategy says.
        terms: what may happen to its requests on the way into a provider's format.
    """

    name: str
    model: str
    fallback: tuple[str, ...] = ()
    parameters: tuple[tuple[str, ParameterValue], ...] = ()
    description: str = ""
    reasoning: str = ""
    tags: tuple[str, ...] = ()
    display_name: str = ""
    local_alternative: str | None = None
    budget_mode: str | None = None
    capabilities_required: tuple[str, ...] = ()
    strict_capabilities: bool = False
    task_type: str | None = None
    langsmith_project: str = ""
    stays_local: str | None = None
    privacy: Label = "low"
    detect: Detect = "rules"
    quality_threshold: int | None = None
    hedges: bool | None = None
    retries_after_send: bool = False
    caches: bool | None = None
    terms: Terms = Terms()


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in each window of time.

    Attributes:
        name: what people call it; its scope and window where nobody named it.
        scope_kind: what its scope is: everything, the cloud, or one agent, team and so on.
        scope_name: of that; `""` for `total` and `cloud`, `*` for a budget of each of them by itself.
        window: of the calendar, or the time up to now.
        limit_nusd: nano-dollars per window; 0 lets nothing through.
        time_zone: the IANA zone whose clock the windows go by.
        on_exceed: what happens to requests once it is used up.
        alert_at: shares of the limit at which to warn, in millionths, rising.
    """

    name: str
    scope_kind: ScopeKind
    scope_name: str
    window: WindowKind
    limit_nusd: int
    time_zone: str = "UTC"
    on_exceed: OnExceed = "deny"
    alert_at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What may be asked for in a minute, and at the same time; `None` where there is no limit.

    Attributes:
        name: what people call it; its scope where nobody named it.
        scope_kind, scope_name: as a budget's.
        requests_per_minute: of which ten seconds' worth may come at once.
        tokens_per_minute: of prompts and answers; a minute's worth may come at once.
        concurrent: requests under way at the same time.
    """

    name: str
    scope_kind: ScopeKind
    scope_name: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent: int | None = None


@dataclass(frozen=True, slots=True)
class CacheBounds:
    """How long answers are kept, and how many.

    Attributes:
        ttl_s: how long an answer may be given again, in seconds.
        max_bytes: what all of them together may take.
        max_entries: how many there may be.
    """

    ttl_s: int = 3_600
    max_bytes: int = 256 * 2**20
    max_entries: int = 100_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is run by, beside its models and callers.

    Attributes:
        attempts: upstream calls per request, over all models.
        back_off_ms: the first wait before a model is tried again, and the longest one, in milliseconds.
        locked: whether API and console may change nothing, because the file alone counts.
        metrics_access: who may read the metrics without a key.
        logs_requests: whether each request has a line in the log.
        stays_local: why no request at all may go to a cloud model, or `None` when they may.
        privacy: the label that each request has at least.
        detect_entities: what counts as private data.
        detect_names: whether names and addresses count, too; the extra `pii` finds them.
        detect_deadline_ms: how long looking for private data may take, names included.
        listen: host and port to listen on, or `None` when the document does not say.
        storage_url: of the database, or `None` for the one in the home directory.
        redis: reference of the URL of a Redis or Valkey server, or `None`.
        hard_budgets: through what several gateways share budgets that must hold.
        lease_ms: how long a gateway that is silent is believed to live.
        kept_revisions: how many configurations can be gone back to.
        kept_decisions_s: how long decisions are kept on record, in seconds.
        caches: whether answers may be kept where no caller's policy says so; `None`: as the strategy says.
        cache: how long answers are kept, and how many.
        terms: as an agent's, where a model is asked for by its name.
        alert_webhook: reference of the URL that is told of alerts (`env:NAME`, `file:PATH`), or `None`.
        tells_budgets: whether it is told of budgets that near their end.
    """

    attempts: int = 3
    back_off_ms: tuple[int, int] = (250, 2_000)
    locked: bool = False
    metrics_access: MetricsAccess = "loopback"
    logs_requests: bool = True
    stays_local: str | None = None
    privacy: Label = "low"
    detect_entities: tuple[Entity, ...] = ()
    detect_names: bool = False
    detect_deadline_ms: int = 2_000
    listen: tuple[str, int] | None = None
    storage_url: str | None = None
    redis: str | None = None
    hard_budgets: Literal["postgresql", "redis"] = "postgresql"
    lease_ms: int = 120_000
    kept_revisions: int = 1_000
    kept_decisions_s: int = KEPT_DECISIONS_S
    caches: bool | None = None
    cache: CacheBounds = CacheBounds()
    terms: Terms = Terms()
    alert_webhook: str | None = None
    tells_budgets: bool = True


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One compiled configuration.

    Attributes:
        revision: the first 12 hex digits of the SHA-256 of the effective document.
        environment: the name of the environment whose overlay was applied.
        models: by our name.
        agents: by name.
        interactions: by name.
        tasks: by type.
        aliases: further names that callers may ask for, and what each means.
        settings: what the installation is run by.
        routing: what decisions go by, compiled.
        provider_limits: requests and tokens per minute that each provider takes over all its models, where stated.
        budgets: in the order of the document.
        limits: rates and calls at the same time, likewise.
    """

    revision: str
    environment: str
    models: dict[str, Model]
    agents: dict[str, Agent]
    interactions: dict[str, Agent] = field(default_factory=dict)
    tasks: dict[str, Agent] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    settings: Settings = Settings()
    routing: RoutingPlan = field(default_factory=RoutingPlan)
    provider_limits: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    limits: tuple[RateLimit, ...] = ()
