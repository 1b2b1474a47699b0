"""What goes wrong at a provider of each format, as the official SDKs raise it, whichever format the client speaks."""

from contextlib import ExitStack
from typing import Any

import pytest

from matrix.talks import TALKS
from matrix.world import CELLS, SPEAKERS, World, open_speaker

TEXT = TALKS["text"]

STATUSES = {"status_400": 400, "status_401": 502, "status_429": 429, "status_500": 502}
"""A fault of the provider, and the status that the client sees: a key that is refused there is the gateway's."""


def read_status(error: Any) -> int:
    """The status of an error of whichever SDK."""
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    assert type(status) is int
    return status


def read_header(error: Any, name: str) -> str | None:
    """A header of the answer that an error is about."""
    headers = getattr(error, "headers", None) or error.response.headers
    value = {key.lower(): value for key, value in headers.items()}.get(name)
    return None if value is None else str(value)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", STATUSES)
@pytest.mark.parametrize(("client", "provider"), CELLS)
def test_an_error_keeps_its_meaning(world: World, client: str, provider: str, fault: str, stream: bool) -> None:
    speaker, status = world.speakers[client], STATUSES[fault]
    model = world.break_next(provider, fault)
    with pytest.raises(speaker.module.STATUS_ERRORS[status]) as failure:
        speaker.ask(model, TEXT, stream=stream)
    assert read_status(failure.value) == status
    if fault == "status_400":
        assert "Invalid value for 'messages'." in str(failure.value), "the provider's own words"
    else:
        assert "Incorrect API key" not in str(failure.value), "no word of the gateway's key"
    if fault == "status_429":
        assert read_header(failure.value, "retry-after") == "7"
    assert read_header(failure.value, "x-request-id")


@pytest.mark.parametrize("client", SPEAKERS)
def test_a_model_that_is_not_there(world: World, client: str) -> None:
    speaker = world.speakers[client]
    with pytest.raises(speaker.module.STATUS_ERRORS[404]) as failure:
        speaker.ask("nothing", TEXT, stream=False)
    assert read_status(failure.value) == 404 and "nothing" in str(failure.value)


@pytest.mark.parametrize("client", SPEAKERS)
def test_a_key_that_is_wrong(world: World, client: str) -> None:
    with ExitStack() as stack:
        stranger = open_speaker(stack, client, world.gateway.url, "pm_wrong")
        with pytest.raises(stranger.module.STATUS_ERRORS[401]) as failure:
            stranger.ask("openai_chat", TEXT, stream=False)
    assert read_status(failure.value) == 401


BREAKS = ["cut_after_tokens", "cut_inside_event", "error_event_after_content", "stall_after_tokens"]


@pytest.mark.parametrize("fault", BREAKS)
@pytest.mark.parametrize(("client", "provider"), CELLS)
def test_a_broken_stream_is_never_taken_for_whole(world: World, client: str, provider: str, fault: str) -> None:
    speaker = world.speakers[client]
    model = world.break_next(provider, fault, after_tokens=8)
    with pytest.raises(speaker.module.BROKEN_STREAM):
        speaker.ask(model, TEXT, stream=True)
    assert speaker.ask(model, TEXT, stream=True).text, "the fault has healed"


@pytest.mark.parametrize(("client", "provider"), [cell for cell in CELLS if cell[1] != "bedrock_converse"])
def test_one_event_that_cannot_be_read_is_passed_over(world: World, client: str, provider: str) -> None:
    model = world.break_next(provider, "malformed_chunk", after_tokens=8)
    broken, healed = (world.speakers[client].ask(model, TEXT, stream=True) for _ in range(2))
    assert broken.text == healed.text, "the simulator sends it once more, whole"
