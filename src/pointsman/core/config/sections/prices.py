"""What a model costs, as a document states it: dollars, read from their text and never through a float."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from pointsman.core.config.sections.values import Money, Ratio, StrictMapping, refuse


def check_day(day: str) -> str:
    """A day that the calendar has, such as `2027-01-01`."""
    try:
        date.fromisoformat(day)
    except ValueError:
        raise refuse("invalid_value", "a day is written like 2027-01-01") from None
    return day


Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(check_day)]
"""An ISO date; the day begins at midnight UTC, as providers' prices do."""

MOST_TIERS = 8
MOST_CHANGES = 64


class Rates(StrictMapping):
    """Dollars per million tokens of each component."""

    input: Money = Field(description="dollars per million tokens of prompt")
    output: Money = Field(description="dollars per million generated tokens")
    cached_input: Money | None = Field(
        default=None,
        description="dollars per million tokens of prompt that the provider had in its cache; as input by default",
    )
    cache_write: Money | None = Field(
        default=None,
        description=(
            "dollars per million tokens of prompt that the provider put into its cache; by default in the catalogue's"
            " proportion to input, and as input where it has none"
        ),
    )
    cache_write_1h: Money | None = Field(
        default=None, description="the same for what it keeps for an hour; twice the input by default"
    )
    reasoning: Money | None = Field(
        default=None, description="dollars per million tokens spent on reasoning; as output by default"
    )
    audio_input: Money | None = Field(
        default=None, description="dollars per million tokens of sound in a prompt; unknown by default"
    )
    audio_output: Money | None = Field(
        default=None, description="dollars per million generated tokens of sound; unknown by default"
    )
    image_input: Money | None = Field(
        default=None, description="dollars per million tokens of images in a prompt; as input by default"
    )
    image_output: Money | None = Field(
        default=None, description="dollars per million generated tokens of images; unknown by default"
    )


class Tier(Rates):
    """What all tokens of a call cost once its prompt is long."""

    above_input_tokens: Annotated[int, Field(ge=1, le=100_000_000)] = Field(
        description="holds for prompts of more tokens than this"
    )


class Price(Rates):
    """What a model costs; it takes the place of all that the catalogue says of its price."""

    per_request: Money | None = Field(default=None, description="dollars for each call, on top of its tokens")
    per_search: Money | None = Field(
        default=None,
        description="dollars for each search: of a reranking, or of a provider's own tool; unknown by default",
    )
    per_image: Money | None = Field(
        default=None, description="dollars for each image that is billed as such; unknown by default"
    )
    batch: Ratio | None = Field(
        default=None, description="what a call in a batch costs, as a part of these prices; as the catalogue has it"
    )
    long_prompts: Annotated[list[Tier], Field(max_length=MOST_TIERS)] = Field(
        default=[], description="what calls with long prompts cost, the shortest first"
    )

    @model_validator(mode="after")
    def _order_tiers(self) -> "Price":
        starts = [tier.above_input_tokens for tier in self.long_prompts]
        if starts != sorted(set(starts)):
            raise refuse("conflict", "long_prompts come the shortest first, each with a limit of its own")
        return self


class DatedPrice(Price):
    """What a model costs from a day on."""

    valid_from: Day = Field(description="the first day that it holds for, such as 2027-01-01, from 00:00 UTC")


def check_changes(changes: list[DatedPrice]) -> list[DatedPrice]:
    """Changes come the oldest first, each with a day of its own."""
    days = [change.valid_from for change in changes]
    if days != sorted(set(days)):
        raise refuse("conflict", "price_changes come the oldest first, each with a day of its own")
    return changes


PriceChanges = Annotated[list[DatedPrice], Field(max_length=MOST_CHANGES), AfterValidator(check_changes)]
