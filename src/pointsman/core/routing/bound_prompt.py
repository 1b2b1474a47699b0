"""What a prompt holds, as far as its greatest possible length goes by it: a byte of text is one token at most.

What is sent inline and is no text (images, sound) is counted apart from the bytes. Only members that hold content are
looked into, so that nothing in a tool's schema or arguments passes for an image and has its bytes left out.
"""

from collections.abc import Iterable

import msgspec

from pointsman.core.chat.request import ChatRequest

_CONTENT = (
    *("messages", "input", "contents", "system", "systemInstruction", "system_instruction", "documents", "inputs"),
    *("images", "content", "requests"),
)
"""Members of a request that content stands in, in any of the formats; of OpenAI's chat it is the first one alone."""
_INNER = ("content", "parts", "output", "functionResponse", "function_response")
_TOOLS = ("tools", "functions")
_STATE = ("previous_response_id", "conversation", "prompt", "cachedContent", "cached_content")
_SERVED = ("web_search_options", "mcp_servers", "plugins")
_FURTHER_MEMBERS = frozenset((*_CONTENT[1:], *_TOOLS, *_STATE, *_SERVED, "cache_control", "modalities")) - {"system"}
_GEMINI_MEDIA = ("inlineData", "inline_data", "fileData", "file_data")

_KINDS = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "computer_screenshot": "image",
    "input_audio": "audio",
    "audio_url": "audio",
    "audio": "audio",
    "video_url": "video",
    "input_video": "video",
    "video": "video",
    "file": "document",
    "input_file": "document",
    "document": "document",
    "container_upload": "document",
    "item_reference": "document",
}
"""Content parts that are no text, in all formats."""

_CLIENT_TOOLS = ("function", "custom", "bash_", "text_editor_", "computer", "memory_", "local_shell", "apply_patch")
"""How the types of tools begin that the caller itself runs; all others are taken to be run by the provider."""
_GEMINI_DECLARATIONS = frozenset({"functionDeclarations", "function_declarations"})

_USUAL_ROUNDS = 10
"""How often a provider may run its own tools within one call where the caller states no limit."""
_MOST_ROUNDS = 1_000
_CHARACTERS_PER_SOUND_TOKEN = 13
"""Base64 at 500 bytes a second, the least that speech takes, and 50 tokens a second, more than any provider counts."""
_LEAST_SOUND_TOKENS = 64
_OWN_TOOL_TOKENS = 1_024
"""What a provider says to the model of a tool that it knows itself, such as a computer's screen."""
_CHUNK_TOKENS = 500
_LEAST_CHUNK_TOKENS = 100
_DOCUMENTS_PER_SEARCH = 100


class Prompt(msgspec.Struct, gc=False):
    """What was found in a request.

    Attributes:
        apart_bytes: of its body, what is no text: images and sound in base64.
        entries: messages and tools.
        images: how many.
        further_tokens: what inline sound, tools that the provider describes itself and repeated queries may come to.
        rounds: how often the provider may run tools of its own.
        searches: that a reranking may be billed for.
        is_open: whether it holds something of a length that the request does not tell: a document, a film, a file or
            a conversation that the provider keeps.
        has_tools, has_sound, speaks, is_kept_longer: as their names say; see `PromptSize`.
    """

    apart_bytes: int = 0
    entries: int = 0
    images: int = 0
    further_tokens: int = 0
    rounds: int = 0
    searches: int = 0
    is_open: bool = False
    has_tools: bool = False
    has_sound: bool = False
    speaks: bool = False
    is_kept_longer: bool = False


def read_prompt(request: ChatRequest) -> Prompt | int:
    """What a request's prompt holds; of one that is words alone, how many messages it has. Worked out once."""
    fields = request.fields
    if request.operation == "chat" and _FURTHER_MEMBERS.isdisjoint(fields):
        messages = fields.get("messages")
        if type(messages) is list and type(fields.get("system", "")) is str:
            for message in messages:
                if type(message) is not dict or len(message) != 2 or type(message.get("content")) is not str:
                    break
            else:
                return len(messages)
    known = request.memo.get("bound_prompt")
    if type(known) is not Prompt:
        known = request.memo["bound_prompt"] = _read(request)
    return known


def _read(request: ChatRequest) -> Prompt:
    prompt, fields = Prompt(), request.fields
    for name in _CONTENT:
        value = fields.get(name)
        if type(value) is list:
            prompt.entries += sum(type(item) is not int for item in value)
            if name == "images":
                _add_plain_images(prompt, value)
                continue
        if type(value) is list or type(value) is dict:
            _visit(prompt, value)
    for name in _TOOLS:
        tools = fields.get(name)
        if type(tools) is list and tools:
            _add_tools(prompt, tools, fields)
    prompt.is_open |= bool(request.state_id) or any(fields.get(name) for name in _STATE)
    if any(fields.get(name) for name in _SERVED):
        prompt.rounds = max(prompt.rounds, _read_rounds(fields.get("max_tool_calls")))
    _add_mark(prompt, fields)
    prompt.speaks = _asks_for_sound(fields)
    if request.operation == "rerank":
        _add_reranking(prompt, fields)
    return prompt


def _visit(prompt: Prompt, content: object) -> None:
    """Go through content without recursion, whatever it nests."""
    waiting: list[object] = [content]
    while waiting:
        item = waiting.pop()
        if type(item) is list:
            waiting.extend([inner for inner in item if type(inner) is dict or type(inner) is list])
        elif type(item) is dict:
            _add_mark(prompt, item)
            if not _add_media(prompt, item):
                waiting.extend([item[name] for name in _INNER if name in item])


def _add_media(prompt: Prompt, part: dict[str, object]) -> bool:
    """Count a part that is no text; answers whether it was one."""
    for name in _GEMINI_MEDIA:
        holder = part.get(name)
        if type(holder) is dict:
            media_type = holder.get("mimeType", holder.get("mime_type"))
            kind = media_type.partition("/")[0] if type(media_type) is str else ""
            _count(prompt, kind, _find_data(holder))
            return True
    said = part.get("type")
    found = _KINDS.get(said) if type(said) is str else None
    if found is None or type(said) is not str:
        # A sound that the model itself gave before stands in a message by its id.
        if type(part.get("audio")) is dict:
            prompt.is_open = prompt.has_sound = True
        return False
    source = part.get("source")
    if type(source) is dict and source.get("type") == "content":
        _visit(prompt, source.get("content"))
    elif not _is_text(source) and not (said == "document" and source is None and "document" in part):
        _count(prompt, found, _find_data(part) or _find_data(source) or _find_data(part.get(said)))
    return True


def _is_text(source: object) -> bool:
    """Whether a document is plain text, of which the bytes are counted as any others."""
    if type(source) is not dict:
        return False
    media_type = source.get("media_type")
    return source.get("type") == "text" or (source.get("type") == "base64" and media_type == "text/plain")


def _find_data(holder: object) -> str:
    """What of a part or of its payload is base64, or `""`."""
    if type(holder) is not dict:
        return holder if type(holder) is str and holder.startswith("data:") else ""
    for name in ("data", "url", "image_url", "file_data"):
        value = holder.get(name)
        if type(value) is str and (name == "data" or value.startswith("data:")):
            return value
    return ""


def _count(prompt: Prompt, kind: str, data: str) -> None:
    if kind == "image":
        prompt.images += 1
        prompt.apart_bytes += len(data)
    elif kind == "audio":
        prompt.has_sound = True
        prompt.apart_bytes += len(data)
        prompt.further_tokens += _LEAST_SOUND_TOKENS + len(data) // _CHARACTERS_PER_SOUND_TOKEN
        prompt.is_open |= not data
    elif kind != "text":
        prompt.is_open = True
        # A film may be billed as the sound in it, too; providers that take films have one price for both.
        prompt.apart_bytes += len(data)


def _add_plain_images(prompt: Prompt, images: list[object]) -> None:
    for image in images:
        _count(prompt, "image", image if type(image) is str else _find_data(image))


def _add_mark(prompt: Prompt, holder: dict[str, object]) -> None:
    """Note whether the provider is asked to keep the prompt for longer than its usual minutes."""
    for name in ("cache_control", "prompt_cache_breakpoint"):
        mark = holder.get(name)
        if type(mark) is dict and mark.get("ttl") not in (None, "5m"):
            prompt.is_kept_longer = True


def _add_tools(prompt: Prompt, tools: Iterable[object], fields: dict[str, object]) -> None:
    stated: list[int] = []
    prompt.has_tools = True
    for tool in tools:
        prompt.entries += 1
        if type(tool) is not dict:
            continue
        _add_mark(prompt, tool)
        if tool.get("type", "function") not in ("function", "custom"):
            prompt.further_tokens += _OWN_TOOL_TOKENS
        if not _is_run_by_client(tool):
            stated.append(_read_rounds(tool.get("max_uses")))
    if stated:
        prompt.rounds = _read_rounds(fields.get("max_tool_calls"), min(sum(stated), _MOST_ROUNDS))


def _is_run_by_client(tool: dict[str, object]) -> bool:
    kind = tool.get("type")
    if type(kind) is str:
        return kind.startswith(_CLIENT_TOOLS)
    return "name" in tool or "function" in tool or tool.keys() <= _GEMINI_DECLARATIONS


def _read_rounds(stated: object, usual: int = _USUAL_ROUNDS) -> int:
    return min(stated, _MOST_ROUNDS) if type(stated) is int and stated > 0 else usual


def _asks_for_sound(fields: dict[str, object]) -> bool:
    wanted = fields.get("modalities")
    if wanted is None:
        for name in ("generationConfig", "generation_config"):
            config = fields.get(name)
            if type(config) is dict:
                wanted = config.get("responseModalities", config.get("response_modalities"))
    return type(wanted) is list and any(type(each) is str and each.lower() == "audio" for each in wanted)


def _add_reranking(prompt: Prompt, fields: dict[str, object]) -> None:
    """The query goes beside each document; a search unit is a hundred documents, and long ones count as several."""
    query, documents = fields.get("query"), fields.get("documents")
    if type(query) is not str or type(documents) is not list:
        return
    query_bytes = len(query.encode("utf-8", "replace"))
    chunk = max(_LEAST_CHUNK_TOKENS, _CHUNK_TOKENS - query_bytes)
    texts = [document if type(document) is str else str(document) for document in documents]
    chunks = sum(1 + len(text.encode("utf-8", "replace")) // chunk for text in texts)
    prompt.searches = -(-max(chunks, 1) // _DOCUMENTS_PER_SEARCH)
    prompt.further_tokens += query_bytes * chunks
