"""What a request's body tells of it: what its model must be able to do, how long its answer may be, how it is asked."""

from collections.abc import Iterator

from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.outline import outline_request
from pointsman.core.expressions.facts import Value

ABILITIES = ("tools", "vision", "structured_output")


def list_needs(request: ChatRequest) -> tuple[str, ...]:
    """The abilities that the model must have."""
    if request.operation != "chat":
        return (request.operation,)
    fields, needs = outline_request(request), []
    if fields.get("tools") or fields.get("functions"):
        needs.append("tools")
    if any(part.get("type") == "image_url" for part in _list_parts(fields.get("messages"))):
        needs.append("vision")
    wanted = fields.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") in ("json_schema", "json_object"):
        needs.append("structured_output")
    return tuple(needs)


def describe_body(request: ChatRequest, tokens: int, needs: tuple[str, ...]) -> dict[str, Value | None]:
    """The facts about the body that differ from their defaults."""
    stated: dict[str, Value | None] = {}
    if tokens:
        stated["request.tokens_estimated"] = tokens
    if request.stream:
        stated["request.stream"] = True
    if "tools" in needs:
        stated["request.has_tools"] = True
    if "vision" in needs:
        stated["request.has_images"] = True
    return stated


def _list_parts(messages: object) -> Iterator[dict[str, object]]:
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            yield from (part for part in content if isinstance(part, dict))
