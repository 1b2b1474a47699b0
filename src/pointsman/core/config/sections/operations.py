"""`cache`, `alerts`, `retention`, `security`, `telemetry`, `server`, `storage`: how an installation is run."""

from typing import Annotated, Literal

from pydantic import Field

from pointsman.core.config.sections.providers import Resources, SecretPlace
from pointsman.core.config.sections.values import Count, Duration, Period, Ratio, Size, StrictMapping, Words
from pointsman.core.privacy.entities import ENTITIES, Entity

Compliance = Literal[
    "GDPR_data_protection", "SOC2_security_controls", "HIPAA_privacy_safeguards", "PCI_DSS_payment_security"
]
AlertKind = Literal[
    "budget_threshold_warnings",
    "performance_degradation_alerts",
    "provider_outage_notifications",
    "quality_score_drops",
]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Series = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Privacy(StrictMapping):
    """How private data is looked for; what is found makes a request's label high."""

    detect: Literal["off", "rules", "always"] = Field(
        default="rules", description="when requests are searched: never, where a rule reads the result, or always"
    )
    entities: Annotated[list[Entity], Field(max_length=16)] = Field(
        default=list(ENTITIES), description="what counts as private data"
    )
    names: bool = Field(default=False, description="true: names and addresses count, too; needs the extra pii")
    deadline: Duration = Field(
        default=2_000,
        description="how long a search for private data may take; what takes longer counts as a find",
    )


class Cache(StrictMapping):
    """Stored answers."""

    mode: Literal["off", "exact", "similar"] = Field(default="off", description="which requests count as the same")
    ttl: Period = Field(default=3_600, description="how long an answer may be given again; 1h unless written")
    max_size: Size = Field(default=256 * 2**20, description="what all answers together may take; 256MiB unless written")
    max_entries: Count = Field(default=100_000, description="how many answers are kept")
    similarity: Ratio = Field(default=950_000, description="how alike two requests must be in mode similar")


class Alerts(StrictMapping):
    """Who is told of what."""

    on: Annotated[list[AlertKind], Field(max_length=16)] = Field(default=[], description="what is worth telling")
    webhook: SecretPlace = Field(default=None, description="where the URL that is told stands; it may hold a token")


class Retention(StrictMapping):
    """How long records are kept."""

    usage: Period | None = Field(default=None, description="rows of usage; for good unless written")
    decisions: Period | None = Field(default=None, description="decisions on record; 7d unless written")
    audit: Period | None = Field(default=None, description="who changed what")
    revisions: Annotated[int, Field(ge=10, le=100_000)] = Field(
        default=1_000, description="configurations to go back to"
    )


class Security(StrictMapping):
    """Keys, secrets and what must be proved."""

    environment_variables: Annotated[list[Variable], Field(max_length=256)] = Field(
        default=[], description="further variables that {env: NAME} may name"
    )
    secret_store: Literal["environment", "encrypted", "aws_secrets_manager"] = Field(
        default="environment", description="where provider keys are kept"
    )
    key_rotation: Period | None = Field(default=None, description="how old a provider's key may become")
    access_control: Literal["single_admin", "role_based"] = Field(
        default="single_admin", description="who may change what"
    )
    compliance: Annotated[list[Compliance], Field(max_length=16)] = Field(
        default=[], description="checks of doctor --compliance to turn on"
    )


class Telemetry(StrictMapping):
    """What is measured, kept and shown."""

    metrics_access: Literal["loopback", "open", "key"] = Field(
        default="loopback",
        description="who may read /metrics without a key: callers of a loopback address, all, or nobody",
    )
    level: Literal["basic", "detailed", "comprehensive"] = Field(default="basic", description="how much is kept")
    request_logging: Literal["off", "metadata_only"] = Field(
        default="metadata_only", description="whether each request has a line in the log; prompts never have"
    )
    series: Annotated[list[Series], Field(max_length=256)] = Field(default=[], description="series to keep")
    panels: Annotated[list[Series], Field(max_length=256)] = Field(default=[], description="panels to show")


class Server(StrictMapping):
    """Where the gateway listens, and what its machine has."""

    listen: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None, description="address and port, such as 127.0.0.1:4100; --host and --port count before it"
    )
    admin_listen: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None, description="an address and port of their own for the admin API and the console"
    )
    local_resources: Resources = Field(default=Resources(), description="what local models may take of this machine")


class Storage(StrictMapping):
    """Where state lives."""

    url: Words | None = Field(
        default=None,
        description=(
            "sqlite:///PATH, or postgresql://USER@HOST/DATABASE with the password in PGPASSWORD;"
            " pointsman.db in the home directory unless written"
        ),
    )
    redis: SecretPlace = Field(
        default=None,
        description="where the URL of a Redis or Valkey server stands, for rates and calls at the same time",
    )
    hard_budgets: Literal["postgresql", "redis"] = Field(
        default="postgresql", description="through what several gateways share budgets that must hold"
    )
    lease: Duration = Field(
        default=120_000,
        description="how long a gateway that is silent is believed to live, before others book its calls",
    )
