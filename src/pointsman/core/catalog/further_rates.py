"""Prices that only some models have: for sound, images, searches and so on; what is not stated is `None`, never 0."""

from typing import Annotated

import msgspec

MOST_NUSD = 10**15
"""A million dollars per million tokens: nothing costs more."""

Price = Annotated[int, msgspec.Meta(ge=0, le=MOST_NUSD)]


class FurtherRates(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Nano-dollars per million tokens, but for the last three, which are nano-dollars each.

    Attributes:
        reasoning_nusd: generated tokens spent on reasoning; `None`: as any generated ones.
        cache_write_1h_nusd: prompt tokens that the provider's cache keeps for an hour; `None`: see `core.pricing`.
        audio_input_nusd: prompt tokens of sound; `None`: unknown.
        audio_output_nusd: generated tokens of sound; `None`: unknown.
        image_input_nusd: prompt tokens of images; `None`: as any prompt tokens.
        image_output_nusd: generated tokens of images; `None`: unknown.
        request_nusd: each call, on top of its tokens; `None`: nothing.
        search_nusd: each search; `None`: unknown.
        image_nusd: each image that is billed as such; `None`: unknown.
    """

    reasoning_nusd: Price | None = None
    cache_write_1h_nusd: Price | None = None
    audio_input_nusd: Price | None = None
    audio_output_nusd: Price | None = None
    image_input_nusd: Price | None = None
    image_output_nusd: Price | None = None
    request_nusd: Price | None = None
    search_nusd: Price | None = None
    image_nusd: Price | None = None


NOTHING_FURTHER = FurtherRates()
