"""`providers` and `models`: who serves what, where, and at which price."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from pointsman.core.catalog.catalog import Auth
from pointsman.core.config.sections.prices import Price, PriceChanges
from pointsman.core.config.sections.values import (
    Count,
    Duration,
    Location,
    Number,
    Quantity,
    Ratio,
    Reference,
    Scalar,
    StrictMapping,
    Tokens,
    Words,
    read_secret_reference,
    refuse,
)

Dialect = Literal["openai_chat", "openai_responses", "anthropic_messages", "gemini", "cohere", "bedrock_converse"]
MemberName = Annotated[str, Field(min_length=1, max_length=128)]
"""A member of a request's body, one of a member's with a dot."""
MOST_QUIRKS = 64


class SecretReference(StrictMapping):
    """Where a key is: in an environment variable, a file, our own secret store, or AWS Secrets Manager."""

    env: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None, description="a variable's name: one of the catalogue's, or one that begins with POINTSMAN_"
    )
    file: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(
        default=None, description="a path, for a mounted file"
    )
    secret: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(
        default=None, description="a path in Pointsman's own encrypted store"
    )
    aws: Annotated[str, Field(min_length=1, max_length=512)] | None = Field(
        default=None, description="a name in AWS Secrets Manager"
    )

    @model_validator(mode="after")
    def _name_one_place(self) -> "SecretReference":
        if sum(place is not None for place in (self.env, self.file, self.secret, self.aws)) != 1:
            raise PydanticCustomError("conflict", "name one place: {env: NAME} or {file: PATH}")
        return self


SecretPlace = Annotated[SecretReference | None, BeforeValidator(read_secret_reference)]


class Timeouts(StrictMapping):
    """How long a call may take: to connect, to the first byte, between bytes, and in all."""

    connect: Duration | None = Field(
        default=None, description="for name lookup, TCP and TLS together; 5s unless written"
    )
    first_byte: Duration | None = Field(
        default=None, description="from the request's last byte to the answer's first; 60s unless written"
    )
    idle: Duration | None = Field(
        default=None, description="silence between two pieces of an answer; 120s unless written"
    )
    total: Duration | None = Field(
        default=None,
        description="a plain call from start to end; 600s unless written; connect and first_byte must fit in",
    )
    stream_total: Duration | None = Field(
        default=None, description="a streamed call from start to end; 1800s unless written"
    )

    @model_validator(mode="after")
    def _fit_into_total(self) -> "Timeouts":
        for name, part in (("connect", self.connect), ("first_byte", self.first_byte)):
            if part is not None and self.total is not None and part > self.total:
                raise refuse("invalid_timeout", f"{name} is longer than total")
        return self


class RateLimits(StrictMapping):
    """What a provider lets us send."""

    requests_per_minute: Count | None = Field(default=None, description="requests in any minute")
    tokens_per_minute: Count | None = Field(default=None, description="tokens of prompt and answer in any minute")


class WrittenQuirk(StrictMapping):
    """One thing that a provider, or a model of it, wants said otherwise than its wire format has it.

    The fields are those of `core.catalog.quirk.Quirk`.
    """

    name: Reference = Field(description="takes the place of the catalogue's quirk of the same name")
    models: list[Reference] = Field(
        default=["*"],
        max_length=64,
        description="patterns of its ids, such as o3*; !o3-mini* leaves some out",
    )
    dialects: list[Dialect] = Field(
        default=[], max_length=8, description="wire formats that it holds for; whichever the provider speaks by default"
    )
    unless: dict[MemberName, list[Scalar]] = Field(
        default={}, max_length=MOST_QUIRKS, description="members, and the values with which it does not hold"
    )
    rename: dict[MemberName, MemberName] = Field(
        default={}, max_length=MOST_QUIRKS, description="members, and what they are called there"
    )
    replace: dict[MemberName, dict[str, Scalar]] = Field(
        default={}, max_length=MOST_QUIRKS, description="members, and for a value of theirs what is sent in its place"
    )
    drop: list[MemberName] = Field(default=[], max_length=MOST_QUIRKS, description="members that are left out")
    drop_unless: dict[MemberName, list[Scalar]] = Field(
        default={}, max_length=MOST_QUIRKS, description="members, and the values without which they are left out"
    )
    only_one: list[list[MemberName]] = Field(
        default=[], max_length=MOST_QUIRKS, description="members of which only the first that is said is sent"
    )
    least: dict[MemberName, Quantity] = Field(
        default={}, max_length=MOST_QUIRKS, description="members, and what a smaller number is raised to"
    )
    most: dict[MemberName, Quantity] = Field(
        default={}, max_length=MOST_QUIRKS, description="members, and what a larger number is lowered to"
    )
    add: dict[MemberName, Scalar] = Field(
        default={}, max_length=MOST_QUIRKS, description="members, and what is sent where nothing is said"
    )


class Provider(StrictMapping):
    """Who serves models; what the catalogue knows of a provider need not be written."""

    enabled: bool = Field(default=True, description="false: its models stay in the document and serve nothing")
    display_name: Words = Field(default="", description="what people read instead of its name")
    dialect: Dialect | None = Field(
        default=None, description="the wire format that it speaks; as the catalogue has it, else openai_chat"
    )
    auth: Auth | None = Field(
        default=None, description="how the key travels; as the catalogue has it, else as is usual in the wire format"
    )
    base_url: str | None = Field(
        default=None, description="where calls go; as a variable or the catalogue has it by default"
    )
    api_key: SecretPlace = Field(
        default=None, description="where the provider's key is; the catalogue's variables by default"
    )
    headers: dict[str, str] = Field(
        default={}, max_length=16, description="further headers of each call, such as an organisation's id; no secrets"
    )
    quirks: list[WrittenQuirk] = Field(
        default=[], max_length=MOST_QUIRKS, description="what it wants said otherwise, beside what the catalogue knows"
    )
    location: Location | None = Field(
        default=None, description="whether prompts stay on machines of your own; as the base URL tells by default"
    )
    trust: Literal["local"] | None = Field(
        default=None, description="with trusted_networks: a public address that is a machine of your own"
    )
    trusted_networks: list[str] = Field(
        default=[], max_length=64, description="networks, such as 203.0.113.0/24, that trust: local holds for"
    )
    allow_private: list[str] = Field(
        default=[],
        max_length=16,
        description="addresses such as 127.0.0.1:4101 where a cloud provider may be",
    )
    data_policy: Literal["zero_retention", "no_training", "may_train"] | None = Field(
        default=None,
        description="what a cloud provider does with prompts; privacy medium goes only where none are trained on",
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="how long a call may take")
    rate_limits: RateLimits = Field(
        default=RateLimits(), description="what the provider lets us send, over all its models"
    )

    @model_validator(mode="after")
    def _name_quirks_once(self) -> "Provider":
        names = [quirk.name for quirk in self.quirks]
        if len(set(names)) < len(names):
            raise PydanticCustomError("conflict", "two of the quirks have the same name")
        return self


class Resources(StrictMapping):
    """What a machine has, or what a local model needs of it."""

    gpu_memory_gb: Annotated[Number, Field(ge=0, le=1_000_000)] | None = Field(
        default=None, description="memory of the GPUs"
    )
    cpu_cores: Annotated[Number, Field(ge=0, le=1_000_000)] | None = Field(default=None, description="cores")
    memory_gb: Annotated[Number, Field(ge=0, le=1_000_000)] | None = Field(default=None, description="main memory")


class Speed(StrictMapping):
    """How fast a model answers, as far as it is known before any call."""

    tokens_per_second: Annotated[Number, Field(gt=0, le=1_000_000)] | None = Field(
        default=None, description="generated tokens per second of one answer"
    )
    first_token: Duration | None = Field(default=None, description="usual time to the first token")


class Supports(StrictMapping):
    """What a model can do beyond text; what is not said is assumed."""

    tools: bool = Field(default=True, description="false: requests that offer tools never go there")
    vision: bool = Field(default=True, description="false: requests that hold images never go there")
    structured_output: bool = Field(default=True, description="false: requests that ask for a schema never go there")


class Model(StrictMapping):
    """A name of ours for a provider's model; what the catalogue knows of it need not be written."""

    provider: Reference = Field(description="a name under providers: who serves it")
    model_id: Reference | None = Field(
        default=None, description="what the provider calls it; the model's name by default"
    )
    enabled: bool = Field(default=True, description="false: it stays in the document and serves nothing")
    description: Words = Field(default="", description="what it is good for; shown by explain")
    price_per_1m_tokens: Price | None = Field(
        default=None, description="what it costs; as the catalogue has it by default"
    )
    price_changes: PriceChanges = Field(
        default=[], description="what it costs from certain days on, the oldest first, in place of all that held before"
    )
    context_window: Tokens | None = Field(
        default=None, description="tokens of prompt and answer together; as the catalogue has it by default"
    )
    max_output_tokens: Tokens | None = Field(
        default=None, description="the most tokens of an answer; as the catalogue has it by default"
    )
    capabilities: Annotated[list[Reference], Field(max_length=64)] | None = Field(
        default=None, description="what it can do, in place of what the catalogue says"
    )
    supports: Supports = Field(default=Supports(), description="what it cannot do")
    tier: Annotated[int, Field(ge=1, le=10)] | None = Field(default=None, description="1 is the most capable class")
    quality: Ratio | None = Field(
        default=None, description="how good its answers are, where nothing has been measured yet"
    )
    rate_limits: RateLimits = Field(default=RateLimits(), description="what the provider lets us send to this model")
    resources: Resources = Field(
        default=Resources(), description="what a local model needs; compared with server.local_resources"
    )
    speed: Speed = Field(default=Speed(), description="how fast it answers; shown by explain")
