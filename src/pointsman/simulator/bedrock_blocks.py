"""The content blocks of a Bedrock Converse request, read strictly: no unknown fields, one kind of content a block."""

from base64 import b64decode
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, structs

from pointsman.simulator.refusal import Refusal

JsonObject = dict[str, Any]
"""A JSON document whose inside belongs to the caller or to the model."""

ToolUseId = Annotated[str, Meta(pattern="^[a-zA-Z0-9_.:-]{1,64}$")]
ToolName = Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]{1,64}$")]


class Strict(Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An object of the API: no unknown fields, names in camel case."""


class S3Location(Strict):
    """A file in a bucket."""

    uri: Annotated[str, Meta(pattern=r"^s3://[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9](/.*)?$")]
    bucket_owner: Annotated[str, Meta(pattern="^[0-9]{12}$")] | None = None


class TextHolder(Strict):
    """A text with nothing beside it."""

    text: str


class MediaSource(Strict):
    """Bytes or a file in a bucket: exactly one."""

    bytes: Annotated[str, Meta(min_length=1)] | None = None
    s3_location: S3Location | None = None


class DocumentSource(MediaSource):
    """Where a document is, or its text: exactly one."""

    text: str | None = None
    content: list[TextHolder] | None = None


class Image(Strict):
    """A picture."""

    format: Literal["png", "jpeg", "gif", "webp"]
    source: MediaSource


class CitationsConfig(Strict):
    """Whether to cite."""

    enabled: bool


class Document(Strict):
    """A document with a neutral name."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    source: DocumentSource
    format: Literal["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"] | None = None
    context: str | None = None
    citations: CitationsConfig | None = None


class Video(Strict):
    """A film."""

    format: Literal["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"]
    source: MediaSource


class Audio(Strict):
    """A sound."""

    format: Literal[
        "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"
    ]
    source: MediaSource


class ToolUse(Strict):
    """A call that the assistant made before, given back."""

    tool_use_id: ToolUseId
    name: ToolName
    input: JsonObject
    type: Literal["server_tool_use"] | None = None


class SearchResult(Strict):
    """Something found, to answer from and to cite."""

    source: str
    title: str
    content: list[TextHolder]
    citations: CitationsConfig | None = None


class ResultBlock(Strict):
    """One part of a tool's result: exactly one field."""

    text: str | None = None
    json: JsonObject | None = None
    image: Image | None = None
    document: Document | None = None
    video: Video | None = None
    search_result: SearchResult | None = None


class ToolResult(Strict):
    """What a tool returned."""

    tool_use_id: ToolUseId
    content: list[ResultBlock]
    status: Literal["success", "error"] | None = None
    type: str | None = None


class CachePoint(Strict):
    """The prompt up to here may be kept."""

    type: Literal["default"]
    ttl: Literal["5m", "1h"] | None = None


class ReasoningText(Strict):
    """A thought of the assistant with its signature, given back."""

    text: str
    signature: str | None = None


class Reasoning(Strict):
    """A thought that can be read or one that cannot: exactly one."""

    reasoning_text: ReasoningText | None = None
    redacted_content: str | None = None


class CitationsContent(Strict):
    """An earlier text with citations, given back."""

    content: list[TextHolder] | None = None
    citations: list[JsonObject] | None = None


class Block(Strict):
    """One block of a message: exactly one field."""

    text: str | None = None
    image: Image | None = None
    document: Document | None = None
    video: Video | None = None
    audio: Audio | None = None
    tool_use: ToolUse | None = None
    tool_result: ToolResult | None = None
    guard_content: JsonObject | None = None
    cache_point: CachePoint | None = None
    reasoning_content: Reasoning | None = None
    citations_content: CitationsContent | None = None
    search_result: SearchResult | None = None


class SystemBlock(Strict):
    """One block of the system prompt: exactly one field."""

    text: Annotated[str, Meta(min_length=1)] | None = None
    guard_content: JsonObject | None = None
    cache_point: CachePoint | None = None


class Message(Strict):
    """One turn."""

    role: Literal["user", "assistant"]
    content: Annotated[list[Block], Meta(min_length=1)]


def check_block(block: Block, path: str) -> None:
    """Refuse a block, or anything in it, with no or several kinds of content, or with bytes that are no base64.

    Raises:
        Refusal: 400, naming the place.
    """
    check_single(block, path)
    if block.text is not None and not block.text.strip():
        raise refuse(path, f"The text field in the ContentBlock object at {path} is blank. Add text to the field.")
    if block.reasoning_content is not None:
        check_single(block.reasoning_content, f"{path}.reasoningContent")
    for name in ("image", "document", "video", "audio"):
        _check_source(getattr(block, name), f"{path}.{name}")
    for place, result in enumerate(block.tool_result.content if block.tool_result is not None else []):
        inner = f"{path}.toolResult.content[{place}]"
        check_single(result, inner)
        for name in ("image", "document", "video"):
            _check_source(getattr(result, name), f"{inner}.{name}")


def check_single(union: Strict, path: str) -> None:
    """Refuse a union that has no member or several."""
    given = [name for name, value in structs.asdict(union).items() if value is not None]
    if len(given) != 1:
        raise refuse(path, f"A union must have exactly one member, got {given} at {path}.")


def _check_source(media: Image | Document | Video | Audio | None, path: str) -> None:
    if media is None:
        return
    check_single(media.source, f"{path}.source")
    if media.source.bytes is not None:
        try:
            b64decode(media.source.bytes, validate=True)
        except ValueError:
            raise refuse(f"{path}.source.bytes", f"The bytes at {path} are not base64.") from None


def refuse(path: str, message: str) -> Refusal:
    """The error for what stands at `path`."""
    return Refusal(400, message, code="invalid_value", param=path)
