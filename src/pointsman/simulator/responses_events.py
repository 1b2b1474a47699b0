"""An answer as the named and numbered events of a Responses stream."""

from collections.abc import Iterator
from itertools import count

import msgspec

from pointsman.simulator.answer import Answer, Choice, ToolCall
from pointsman.simulator.asked import JsonObject
from pointsman.simulator.chunks import chunk_size, group_tokens
from pointsman.simulator.responses_answer import Frame, list_output, rate_tokens, show_frame, show_response
from pointsman.simulator.steps import EVENT_STREAM_TYPE, Head, Piece, PieceKind, Script, write_event


def write_stream(answer: Answer, frame: Frame, tokens_per_second: float) -> Script:
    """The script of a stream, from `response.created` to `response.completed` or `response.incomplete`."""
    yield Head(200, (EVENT_STREAM_TYPE, ("cache-control", "no-cache")))
    writer, choice = EventWriter(chunk_size(tokens_per_second)), answer.choices[0]
    output = list_output(choice, frame)
    yield writer.write("role", "response.created", {"response": show_frame(frame)})
    yield writer.write("role", "response.in_progress", {"response": show_frame(frame)})
    calls = iter(choice.calls)
    for index, item in enumerate(output):
        match item["type"]:
            case "reasoning":
                yield from writer.write_reasoning(item, choice, index)
            case "message":
                yield from writer.write_message(item, choice, index, frame)
            case _:
                yield from writer.write_call(item, next(calls), index)
    end = "response.incomplete" if choice.finish_reason == "length" else "response.completed"
    yield writer.write("done", end, {"response": show_response(answer, frame, output)})


class EventWriter:
    """Numbers the events of one stream and groups tokens into deltas."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._sequence = count()

    def write(self, kind: PieceKind, name: str, fields: JsonObject, tokens: int = 0) -> Piece:
        """One event."""
        event = {"type": name, "sequence_number": next(self._sequence), **fields}
        return Piece(kind, write_event(msgspec.json.encode(event), name), tokens)

    def write_reasoning(self, item: JsonObject, choice: Choice, index: int) -> Iterator[Piece]:
        """A thought; without a summary its time passes after the item began."""
        opened = {**item, "summary": []}
        hidden = 0 if item["summary"] else choice.reasoning_tokens
        yield self.write("role", "response.output_item.added", {"output_index": index, "item": opened}, hidden)
        if item["summary"]:
            place = {"item_id": item["id"], "output_index": index, "summary_index": 0}
            name = "response.reasoning_summary_"
            empty, whole = {"type": "summary_text", "text": ""}, item["summary"][0]
            yield self.write("role", f"{name}part.added", {**place, "part": empty})
            for group in group_tokens(choice.thoughts, self._size):
                yield self.write("content", f"{name}text.delta", {**place, "delta": "".join(group)}, len(group))
            yield self.write("role", f"{name}text.done", {**place, "text": whole["text"]})
            yield self.write("role", f"{name}part.done", {**place, "part": whole})
        yield self.write("role", "response.output_item.done", {"output_index": index, "item": item})

    def write_message(self, item: JsonObject, choice: Choice, index: int, frame: Frame) -> Iterator[Piece]:
        """Words or a refusal."""
        opened = {**item, "status": "in_progress", "content": []}
        yield self.write("role", "response.output_item.added", {"output_index": index, "item": opened})
        place = {"item_id": item["id"], "output_index": index, "content_index": 0}
        part = item["content"][0]
        field = "refusal" if choice.is_refused else "text"
        name = "response.refusal" if choice.is_refused else "response.output_text"
        empty = {**part, field: ""} | ({} if choice.is_refused else {"logprobs": []})
        yield self.write("role", "response.content_part.added", {**place, "part": empty})
        for group in group_tokens(choice.content, self._size):
            rated = {} if choice.is_refused else {"logprobs": rate_tokens(tuple(group), frame.request)}
            yield self.write("content", f"{name}.delta", {**place, "delta": "".join(group), **rated}, len(group))
        rated = {} if choice.is_refused else {"logprobs": part["logprobs"]}
        yield self.write("role", f"{name}.done", {**place, field: choice.text, **rated})
        yield self.write("role", "response.content_part.done", {**place, "part": part})
        yield self.write("role", "response.output_item.done", {"output_index": index, "item": item})

    def write_call(self, item: JsonObject, call: ToolCall, index: int) -> Iterator[Piece]:
        """A function call."""
        opened = {**item, "status": "in_progress", "arguments": ""}
        added: JsonObject = {"output_index": index, "item": opened}
        yield self.write("content", "response.output_item.added", added, call.name_tokens)
        place, name = {"item_id": item["id"], "output_index": index}, "response.function_call_arguments"
        for group in group_tokens(call.arguments, self._size):
            yield self.write("content", f"{name}.delta", {**place, "delta": "".join(group)}, len(group))
        yield self.write("role", f"{name}.done", {**place, "arguments": item["arguments"]})
        yield self.write("role", "response.output_item.done", {"output_index": index, "item": item})
