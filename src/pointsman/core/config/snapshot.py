"""The compiled configuration: immutable, complete, and all that a request ever reads; one is pinned per request."""

from dataclasses import dataclass
from typing import Literal

from pointsman.core.chat.request import ParameterValue
from pointsman.core.pricing.prices import PriceTable

Location = Literal["local", "cloud"]


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
        credential: reference of the provider key (`env:NAME`, `file:PATH`), or `None` when none is needed.
        deadlines: how long an upstream call may take.
        max_response_bytes: the largest plain answer, decoded, that is accepted.
    """

    id: str
    provider: str
    model: str
    upstream_model: str
    dialect: str
    base_url: str
    location: Location
    credential: str | None = None
    deadlines: Deadlines = Deadlines()
    max_response_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the registry, ready to be chosen.

    Attributes:
        name: our name.
        deployment: where it is served.
        prices: what it costs, or `None` when that is unknown.
        context_window: tokens of prompt and answer together, or `None` when unknown.
        max_output_tokens: the most tokens an answer may have, or `None` when unknown.
        capabilities: what the catalogue and the configuration say it can do.
    """

    name: str
    deployment: Deployment
    prices: PriceTable | None
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agent:
    """A named caller and what it runs on.

    Attributes:
        name: as in `model: "agent:NAME"`.
        model: the name of its first model.
        fallback: names of the models tried next, in order.
        parameters: request parameters used where the caller states none, in the order of the document.
        description: what the agent is for; shown wherever the agent is.
        reasoning: why this model; shown wherever the choice is.
        tags: free labels, kept with its usage.
    """

    name: str
    model: str
    fallback: tuple[str, ...] = ()
    parameters: tuple[tuple[str, ParameterValue], ...] = ()
    description: str = ""
    reasoning: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One compiled configuration.

    Attributes:
        revision: the first 12 hex digits of the SHA-256 of the effective document.
        environment: the name of the environment whose overlay was applied.
        models: by our name.
        agents: by name.
    """

    revision: str
    environment: str
    models: dict[str, Model]
    agents: dict[str, Agent]
