"""The items of a Responses request as an `Asked`: calls answered, thoughts unaltered, references followed."""

from collections.abc import Sequence

from pointsman.simulator.asked import Asked, Block, JsonObject, MadeCall, Turn
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.responses_items import (
    CustomCall,
    CustomCallOutput,
    FunctionCall,
    FunctionCallOutput,
    InputMessage,
    Item,
    ItemReference,
    OutputMessage,
    ReasoningItem,
    read_item,
    show_built_in,
    show_content,
)
from pointsman.simulator.responses_request import JsonSchemaFormat, ResponsesRequest, read_tools, show_choice
from pointsman.simulator.responses_store import ResponseStore
from pointsman.simulator.strict_schema import refuse_loose_schema
from pointsman.simulator.surface import Workshop


def list_items(request: ResponsesRequest, store: ResponseStore) -> list[JsonObject]:
    """The whole conversation: what was stored before, then the input, references followed.

    Raises:
        Refusal: 404 for a response or an item that was not stored.
    """
    before: list[JsonObject] = []
    if request.previous_response_id is not None:
        found = store.find(request.previous_response_id)
        if found is None:
            message = f"Previous response with id '{request.previous_response_id}' not found."
            raise Refusal(400, message, code="previous_response_not_found", param="previous_response_id")
        before = found
    given = request.input or []
    if isinstance(given, str):
        return [*before, {"type": "message", "role": "user", "content": given}]
    return [*before, *(_follow(item, f"input[{place}]", store) for place, item in enumerate(given))]


def _follow(item: JsonObject, path: str, store: ResponseStore) -> JsonObject:
    read = read_item(item, path)
    is_bare_thought = isinstance(read, ReasoningItem) and read.encrypted_content is None
    if not isinstance(read, ItemReference) and not is_bare_thought:
        return item
    item_id = str(item["id"])
    found = store.find_item(item_id)
    if found is None:
        message = (
            f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false. "
            "Try again with `store` set to true, or remove this item from your input."
        )
        raise Refusal(404, message, code="not_found", param=path)
    return found if isinstance(read, ItemReference) else item


def show_request(request: ResponsesRequest, items: list[JsonObject], workshop: Workshop) -> Asked:
    """The request without its dialect.

    Raises:
        Refusal: 400 for items that do not fit together, or a thought that was altered.
    """
    read = [read_item(item, f"input[{place}]") for place, item in enumerate(items)]
    _refuse_loose_calls(read)
    _refuse_loose_thoughts(read)
    for place, item in enumerate(read):
        if isinstance(item, ReasoningItem):
            _check_thought(item, f"input[{place}]", workshop)
    tools = request.tools or []
    functions = read_tools(tools)
    _refuse_loose_schemas(request, tools)
    instructions = [Turn("system", (Block(request.instructions),))] if request.instructions else []
    return Asked(
        model=request.model,
        turns=(*instructions, *_show_turns(read, items)),
        functions=tuple(function.show() for function in functions),
        choice=show_choice(request.tool_choice, {str(tool.get("name")) for tool in tools}),
        parallel=request.parallel_tool_calls is not False,
        schema=request.schema,
        most_tokens=request.max_output_tokens,
        thinking_tokens=request.thinking_tokens,
        stream=bool(request.stream),
    )


def _refuse_loose_schemas(request: ResponsesRequest, tools: Sequence[JsonObject]) -> None:
    for place, tool in enumerate(tools):
        if tool["type"] == "function" and tool.get("strict") and tool.get("parameters") is not None:
            refuse_loose_schema(tool["parameters"], f"tools[{place}].parameters", all_required=True)
    form = request.text.format if request.text else None
    if isinstance(form, JsonSchemaFormat) and form.strict:
        refuse_loose_schema(form.schema, "text.format.schema", all_required=True)


def _show_turns(read: Sequence[Item], items: Sequence[JsonObject]) -> list[Turn]:
    """The turns; what the assistant said and called one after the other is one turn."""
    turns: list[Turn] = []
    for item, raw in zip(read, items, strict=True):
        if isinstance(item, InputMessage):
            turns.append(Turn(item.role, show_content(item.content)))
        elif isinstance(item, FunctionCallOutput | CustomCallOutput):
            turns.append(Turn("tool", show_content(item.output)))
        elif not isinstance(item, ReasoningItem):
            said = _show_assistant(item, raw)
            if turns and turns[-1].role == "assistant":
                earlier = turns.pop()
                said = Turn("assistant", earlier.blocks + said.blocks, earlier.calls + said.calls)
            turns.append(said)
    return turns


def _show_assistant(item: Item, raw: JsonObject) -> Turn:
    if isinstance(item, OutputMessage):
        return Turn("assistant", show_content(item.content))
    if isinstance(item, FunctionCall):
        return Turn("assistant", calls=(MadeCall(item.name, item.arguments),))
    if isinstance(item, CustomCall):
        return Turn("assistant", calls=(MadeCall(item.name, item.input),))
    return Turn("assistant", (show_built_in(raw),))


def _refuse_loose_calls(items: Sequence[Item]) -> None:
    """Every call has its output later, and every output its call before."""
    called: dict[str, int] = {}
    answered: set[str] = set()
    for place, item in enumerate(items):
        if isinstance(item, FunctionCall | CustomCall):
            called[item.call_id] = place
        elif isinstance(item, FunctionCallOutput | CustomCallOutput):
            if item.call_id not in called:
                message = f"No tool call found for function call output with call_id {item.call_id}."
                raise Refusal(400, message, param="input")
            answered.add(item.call_id)
    for call_id in called:
        if call_id not in answered:
            raise Refusal(400, f"No tool output found for function call {call_id}.", param="input")


def _refuse_loose_thoughts(items: Sequence[Item]) -> None:
    """What came of a thought stands right behind it."""
    outside = InputMessage | FunctionCallOutput | CustomCallOutput
    for item, following in zip(items, [*items[1:], None], strict=True):
        if isinstance(item, ReasoningItem) and (following is None or isinstance(following, outside)):
            message = f"Item '{item.id}' of type 'reasoning' was provided without its required following item."
            raise Refusal(400, message, param="input")


def _check_thought(item: ReasoningItem, path: str, workshop: Workshop) -> None:
    """The encrypted content must be ours, and a summary beside it the one that it holds."""
    if item.encrypted_content is None:
        return
    thought = workshop.open_seal(item.encrypted_content, f"{path}.encrypted_content")
    summary = "".join(part.text for part in item.summary)
    if summary and summary != thought:
        message = f"The summary of item '{item.id}' is not the one that it came with."
        raise Refusal(400, message, code="invalid_value", param=f"{path}.summary")
