"""What a provider could read of a request: every string in it, and whether something is in it that is no text.

The one rule: what is not listed is a word of the wire format itself, or belongs to a part of a message for which
`has_unsearchable` answers true.
"""

from collections.abc import Iterable, Iterator

import msgspec

LEAST_LISTED_NUMBER = 1_000_000
"""A number from here up is listed, too: cards, accounts and telephones are sometimes written without quotes."""

_TEXT_PARTS = frozenset({"text", "refusal"})
_FIELDS_WITHOUT_TEXT = ("audio", "images", "files", "attachments")
"""Fields of a message that carry, or point to, what is no text."""

MOST_JOINED_CHARACTERS = 1_000
"""How much of a part is read together with its neighbour; longer than anything that could be cut in two."""

_BYTES_OF_PARTS = ("data", "file_data")
_MOST_HEAD_CHARACTERS = 256
"""Where a data URL says what it is."""

_WIRE_TEXT = """
messages role content type text tools tool_choice tool_calls tool_call_id function functions function_call name
arguments description parameters properties required items enum additionalProperties strict default format
object string integer number boolean array null anyOf oneOf allOf $ref $defs minimum maximum minLength maxLength
system developer user assistant tool auto none low high medium model stream stream_options include_usage
temperature top_p max_tokens max_completion_tokens n stop seed logprobs top_logprobs logit_bias
presence_penalty frequency_penalty parallel_tool_calls response_format json_schema json_object schema metadata
prediction refusal reasoning_effort id index image_url url detail input_audio data file file_data file_id filename
audio modalities store service_tier
"""
WIRE_WORDS = frozenset(_WIRE_TEXT.split())
_WIRE_NUMBERS = frozenset({"seed", "max_tokens", "max_completion_tokens"})

_decode = msgspec.json.Decoder().decode


def list_texts(fields: dict[str, object]) -> Iterator[str]:
    """Every text of a request, in the order of the body: messages, tools, schemas, names, metadata, unknown fields.

    Keys count as texts, for a schema's are the caller's own words. The arguments of a tool call are JSON within a
    string; where they hold escapes, what is behind them is listed, too. The model's name is not sent and not listed.

    Args:
        fields: the decoded body.
    """
    for name, value in fields.items():
        if name == "messages" and type(value) is list:
            for message in value:
                yield from _list_of_message(message)
        elif name != "model":
            yield from _list_within({name: value})


def list_joints(fields: dict[str, object]) -> Iterator[str]:
    """What reads on from one text part of a message to the next, which a model sees without a gap.

    Of two neighbours these are the last line of the one and the first line of the other, in one piece: what is private
    stands in one line, so nothing else of them can belong together.

    Args:
        fields: the decoded body.
    """
    messages = fields.get("messages")
    for message in (*(messages if type(messages) is list else ()), fields.get("prediction")):
        content = message.get("content") if type(message) is dict else None
        if type(content) is list and len(content) > 1:
            yield from join_neighbours(_list_part_texts(content))


def has_unsearchable(fields: dict[str, object]) -> bool:
    """Whether a message holds, or points to, an image, a sound, a film, a file, or anything else that is no text."""
    messages = fields.get("messages")
    for message in messages if type(messages) is list else ():
        if type(message) is not dict:
            continue
        content = message.get("content")
        if type(content) is list and any(map(_is_without_text, content)):
            return True
        if len(message) > 2 and any(message.get(name) for name in _FIELDS_WITHOUT_TEXT):
            return True
    return False


def _list_of_message(message: object) -> Iterator[str]:
    content = message.get("content") if type(message) is dict else None
    if type(message) is not dict or type(content) is not list:
        yield from _list_within(message)
        return
    for name, value in message.items():
        if name == "content":
            for part in content:
                yield from _list_within(_leave_out_bytes(part) if _is_without_text(part) else part)
        else:
            yield from _list_within({name: value})


def _list_part_texts(content: list[object]) -> Iterator[str]:
    for part in content:
        text = part.get("text") if type(part) is dict else None
        if type(text) is str and text:
            yield text


def join_neighbours(texts: Iterable[str]) -> Iterator[str]:
    """The ends that meet, each run of them in one piece; a part without a line end carries on to the one after it."""
    line: list[str] = []
    for text in texts:
        first = text.partition("\n")[0][:MOST_JOINED_CHARACTERS]
        if line and first:
            line.append(first)
        if not line or len(first) < len(text):
            if len(line) > 1:
                yield "".join(line)
            line = _keep_end(text)
    if len(line) > 1:
        yield "".join(line)


def _keep_end(text: str) -> list[str]:
    """What the next part may go on with: the last line, or the end of it; nothing where the line is over."""
    end = text[-MOST_JOINED_CHARACTERS:].rpartition("\n")[2]
    return [end] if end else []


def _list_within(value: object) -> Iterator[str]:
    """All texts within a value, in order; no deeper than the value, and no recursion."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is str:
            if item and item not in WIRE_WORDS:
                yield item
        elif type(item) is dict:
            waiting.extend(_take_apart(item))
        elif type(item) is list:
            waiting.extend(reversed(item))
        elif (type(item) is int or type(item) is float) and abs(item) >= LEAST_LISTED_NUMBER:
            yield str(int(item))


def _take_apart(value: dict[str, object]) -> list[object]:
    """The keys and values of an object, last first, and what a tool's arguments say behind escapes."""
    within: list[object] = []
    for name, item in value.items():
        within.append(name)
        if name not in _WIRE_NUMBERS or type(item) is not int:
            within.append(item)
        if name == "arguments" and type(item) is str and "\\" in item:
            within.append(read_arguments(item))
    within.reverse()
    return within


def read_arguments(arguments: str) -> object:
    try:
        return _decode(arguments)
    except (msgspec.MsgspecError, RecursionError):
        # Listed as it stands; models do write arguments that are no JSON.
        return None


def _is_without_text(part: object) -> bool:
    if type(part) is not dict:
        return False
    kind = part.get("type")
    return type(kind) is not str or kind not in _TEXT_PARTS


def _leave_out_bytes(part: object) -> dict[str, object]:
    """What can be searched of an image, sound or file: its address, its name, unknown fields."""
    if type(part) is not dict:
        return {}
    searchable: dict[str, object] = {}
    for name, payload in part.items():
        if type(payload) is dict:
            searchable[name] = {key: item for key, item in payload.items() if not _is_bytes(key, item)}
        elif not _is_bytes(name, payload):
            searchable[name] = payload
    return searchable


def _is_bytes(name: str, value: object) -> bool:
    if type(value) is not str:
        return False
    return name in _BYTES_OF_PARTS or (value.startswith("data:") and ";base64," in value[:_MOST_HEAD_CHARACTERS])
