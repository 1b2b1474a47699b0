"""`limits`: how much may be asked for in a minute, and at the same time."""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pointsman.core.config.sections.values import StrictMapping, Words

LARGEST_RATE = 1_000_000_000


class Limit(StrictMapping):
    """What may be asked for in a minute, and at the same time."""

    name: Words = Field(default="", description="what people call it; its scope by default")
    scope: Annotated[str, Field(min_length=1, max_length=256)] = Field(
        description="as a budget's: total, cloud, or KIND:NAME; with `*` in place of NAME each has a limit of its own"
    )
    requests_per_minute: Annotated[int, Field(ge=1, le=LARGEST_RATE)] | None = Field(
        default=None, description="requests; ten seconds' worth may come at once"
    )
    tokens_per_minute: Annotated[int, Field(ge=1, le=LARGEST_RATE)] | None = Field(
        default=None, description="tokens of prompts and answers; a minute's worth may come at once"
    )
    concurrent: Annotated[int, Field(ge=1, le=LARGEST_RATE)] | None = Field(
        default=None, description="requests under way at the same time"
    )

    @model_validator(mode="after")
    def _limit_something(self) -> "Limit":
        if self.requests_per_minute is None and self.tokens_per_minute is None and self.concurrent is None:
            raise PydanticCustomError(
                "missing_key", "nothing is limited; write requests_per_minute, tokens_per_minute or concurrent"
            )
        return self
