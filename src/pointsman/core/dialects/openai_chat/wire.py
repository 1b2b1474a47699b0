"""What OpenAI's format, and those who imitate it, put into answers; what is not named here is not read."""

import msgspec

Text = str | None


class Detail(msgspec.Struct, gc=False):
    """A piece of a thought, as OpenRouter has it in `reasoning_details`."""

    type: str = ""
    text: Text = None
    summary: Text = None
    data: Text = None
    signature: Text = None
    id: Text = None
    format: Text = None
    index: int | None = None


class Function(msgspec.Struct):
    """What is called; some servers send the arguments as an object."""

    name: Text = None
    arguments: str | dict[str, object] | None = None


class Call(msgspec.Struct):
    """A call of a tool, or a piece of one."""

    index: int | None = None
    id: Text = None
    type: Text = None
    function: Function | None = None
    extra_content: object = None
    custom: object = None


class ContentPart(msgspec.Struct):
    """A piece of content where a server sends a list, as Mistral does with thoughts."""

    type: str = "text"
    text: Text = None
    refusal: Text = None
    thinking: "str | list[ContentPart] | None" = None


class ImageUrl(msgspec.Struct, gc=False):
    """Where an image is; mostly within the URL itself."""

    url: str


class Image(msgspec.Struct):
    """An image in an answer, as OpenRouter has it."""

    image_url: ImageUrl


class Said(msgspec.Struct):
    """A message, or what a chunk adds to one."""

    content: str | list[ContentPart] | None = None
    refusal: Text = None
    reasoning_content: Text = None
    reasoning: object = None
    reasoning_details: list[Detail] | None = None
    tool_calls: list[Call] | None = None
    function_call: Function | None = None
    images: list[Image] | None = None
    audio: object = None
    annotations: object = None


class Token(msgspec.Struct):
    """A token with its likelihood."""

    token: str
    logprob: float
    bytes: list[int] | None = None
    top_logprobs: "list[Token] | None" = None


class Logprobs(msgspec.Struct):
    """Likelihoods of a choice's text."""

    content: list[Token] | None = None


class WireChoice(msgspec.Struct):
    """One answer, or what a chunk adds to one."""

    index: int | None = None
    message: Said | None = None
    delta: Said | None = None
    finish_reason: Text = None
    stop_reason: object = None
    logprobs: Logprobs | None = None
    error: object = None


class WireAnswer(msgspec.Struct):
    """An answer or a chunk of one."""

    id: Text = None
    model: Text = None
    created: int | float | None = None
    choices: list[WireChoice] | None = None
    usage: object = None
    service_tier: Text = None
    error: object = None
    object: Text = None


def convert_answer(document: dict[str, object]) -> WireAnswer:
    """Read an answer or a chunk.

    Raises:
        msgspec.ValidationError: when a member has another type than the format gives it.
    """
    return msgspec.convert(document, WireAnswer)
