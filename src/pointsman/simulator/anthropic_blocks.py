"""Content blocks of Anthropic's Messages API, every field known; what a user and what an assistant may send differ."""

import base64
import binascii
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from pointsman.simulator.asked import ATTACHMENT_TOKENS, IMAGE_TOKENS, Block, JsonObject
from pointsman.simulator.refusal import Refusal

ToolUseId = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]+$")]


class Strict(Struct, forbid_unknown_fields=True, kw_only=True):
    """An object of the API: no unknown fields."""


class CacheControl(Strict):
    """A mark up to which the prompt is to be kept."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] = "5m"


class Citations(Strict):
    """Whether the answer may cite a document."""

    enabled: bool = False


class _Block(Strict, tag_field="type"):
    """What any block but a thought may carry."""

    cache_control: CacheControl | None = None

    @property
    def cache(self) -> str:
        """How long the prompt up to here is kept; empty for no mark."""
        return self.cache_control.ttl if self.cache_control else ""


class Text(_Block, tag="text", kw_only=True):
    """Words; `citations` come back from earlier answers."""

    text: Annotated[str, Meta(pattern=r"\S")]
    citations: list[JsonObject] | None = None

    def show(self, path: str) -> Block:
        """The block without its dialect."""
        return Block(self.text, cache=self.cache)


class Base64Image(Strict, tag_field="type", tag="base64"):
    """An image sent along."""

    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class Base64Pdf(Strict, tag_field="type", tag="base64"):
    """A document sent along."""

    media_type: Literal["application/pdf"]
    data: str


class UrlSource(Strict, tag_field="type", tag="url"):
    """Something that Anthropic fetches."""

    url: Annotated[str, Meta(pattern=r"^https?://")]


class FileSource(Strict, tag_field="type", tag="file"):
    """Something uploaded before."""

    file_id: str


class PlainText(Strict, tag_field="type", tag="text"):
    """A document that is text."""

    media_type: Literal["text/plain"]
    data: str


class Transformations(Strict):
    """What happens to an image that is too large."""

    oversized_image: Literal["downsize", "error"] | None = None


class Image(_Block, tag="image", kw_only=True):
    """An image; it costs a flat number of tokens."""

    source: Base64Image | UrlSource | FileSource
    transformations: Transformations | None = None

    def show(self, path: str) -> Block:
        """The block without its dialect.

        Raises:
            Refusal: 400 when the data is not base64.
        """
        return Block(attachment=_name_source(self.source, path), attachment_tokens=IMAGE_TOKENS, cache=self.cache)


class BlockSource(Strict, tag_field="type", tag="content"):
    """A document made of blocks."""

    content: str | list[Text | Image]


class Document(_Block, tag="document", kw_only=True):
    """A document; it costs a flat number of tokens unless it is text."""

    source: Base64Pdf | PlainText | UrlSource | FileSource | BlockSource
    citations: Citations | None = None
    context: str | None = None
    title: str | None = None

    def show(self, path: str) -> Block:
        """The block without its dialect.

        Raises:
            Refusal: 400 when the data is not base64.
        """
        source = self.source
        if isinstance(source, PlainText):
            return Block(source.data, cache=self.cache)
        if isinstance(source, BlockSource):
            content = source.content
            texts = [content] if isinstance(content, str) else [part.text for part in content if isinstance(part, Text)]
            return Block("\n".join(texts), cache=self.cache)
        return Block(attachment=_name_source(source, path), attachment_tokens=ATTACHMENT_TOKENS, cache=self.cache)


class SearchResult(_Block, tag="search_result", kw_only=True):
    """Something that was found elsewhere and may be cited."""

    content: Annotated[list[Text], Meta(min_length=1)]
    source: str
    title: str
    citations: Citations | None = None

    def show(self, path: str) -> Block:
        """The block without its dialect."""
        return Block("\n".join(part.text for part in self.content), cache=self.cache)


class ToolReference(_Block, tag="tool_reference", kw_only=True):
    """A tool that a search for tools found."""

    tool_name: str

    def show(self, path: str) -> Block:
        """The block without its dialect."""
        return Block(self.tool_name, cache=self.cache)


class ToolResult(_Block, tag="tool_result", kw_only=True):
    """What a tool answered."""

    tool_use_id: ToolUseId
    content: str | list[Text | Image | SearchResult | Document | ToolReference] = ""
    is_error: bool = False

    def show_all(self, path: str) -> tuple[Block, ...]:
        """The result as blocks of a turn of its own."""
        if isinstance(self.content, str):
            return (Block(self.content, cache=self.cache),)
        blocks = [part.show(f"{path}.content[{place}]") for place, part in enumerate(self.content)]
        return (*blocks, Block(cache=self.cache)) if self.cache else tuple(blocks)


class ContainerUpload(_Block, tag="container_upload", kw_only=True):
    """A file for the container."""

    file_id: str

    def show(self, path: str) -> Block:
        """The block without its dialect."""
        return Block(attachment=self.file_id, attachment_tokens=ATTACHMENT_TOKENS, cache=self.cache)


class Caller(Strict):
    """What called a tool: the model itself or code that it wrote."""

    type: Literal["direct", "code_execution_20250825", "code_execution_20260120"]
    tool_id: str | None = None


class ToolUse(_Block, tag="tool_use", kw_only=True):
    """A tool call that the assistant made before, given back."""

    id: ToolUseId
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    input: JsonObject
    caller: Caller | None = None


class Thinking(Strict, tag_field="type", tag="thinking"):
    """A thought, given back with its signature."""

    thinking: str
    signature: str


class RedactedThinking(Strict, tag_field="type", tag="redacted_thinking"):
    """A hidden thought, given back."""

    data: str


class ServerToolUse(_Block, tag="server_tool_use", kw_only=True):
    """A call of a tool that Anthropic runs, given back."""

    id: str
    name: str
    input: JsonObject
    caller: Caller | None = None


class _ServerToolResult(_Block, kw_only=True):
    """What a tool that Anthropic runs answered, given back."""

    tool_use_id: str
    content: JsonObject | list[JsonObject]
    caller: Caller | None = None


class WebSearchResult(_ServerToolResult, tag="web_search_tool_result", kw_only=True):
    """Of a web search."""


class WebFetchResult(_ServerToolResult, tag="web_fetch_tool_result", kw_only=True):
    """Of a web page."""


class CodeResult(_ServerToolResult, tag="code_execution_tool_result", kw_only=True):
    """Of code."""


class BashResult(_ServerToolResult, tag="bash_code_execution_tool_result", kw_only=True):
    """Of a shell."""


class EditorResult(_ServerToolResult, tag="text_editor_code_execution_tool_result", kw_only=True):
    """Of an editor."""


class ToolSearchResult(_ServerToolResult, tag="tool_search_tool_result", kw_only=True):
    """Of a search for tools."""


UserBlock = Text | Image | Document | SearchResult | ToolResult | ContainerUpload
ServerBlock = (
    ServerToolUse | WebSearchResult | WebFetchResult | CodeResult | BashResult | EditorResult | ToolSearchResult
)
AssistantBlock = Text | ToolUse | Thinking | RedactedThinking | ServerBlock


def show_server_block(block: ServerBlock) -> Block:
    """A block of a tool that Anthropic runs, as the text it costs."""
    inside = block.input if isinstance(block, ServerToolUse) else block.content
    return Block(msgspec.json.encode(inside).decode(), cache=block.cache)


def _name_source(source: Base64Image | Base64Pdf | UrlSource | FileSource, path: str) -> str:
    """What tells the attachment from others; data must be base64."""
    if isinstance(source, UrlSource):
        return source.url
    if isinstance(source, FileSource):
        return source.file_id
    try:
        base64.b64decode(source.data.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        param = f"{path}.source.data"
        raise Refusal(400, "the data is not valid base64", code="invalid_value", param=param) from None
    return source.data
