"""Messages of the hub -> system prompt and turns, a user's and an assistant's alternately, a user's first."""

import msgspec

from pointsman.core.chat.conversation import JsonObject, Message
from pointsman.core.dialects.anthropic_messages.write_blocks import write_parts

_SYSTEM_ROLES = ("system", "developer")
_THOUGHTS = ("thinking", "redacted_thinking")
_FIRST_WORDS = "."
"""What a user says who says nothing, and where a conversation begins with the model's words, which is refused."""


class _Turn(msgspec.Struct):
    role: str
    blocks: list[JsonObject]
    places: list[int]


def write_turns(
    messages: tuple[Message, ...], losses: list[str], *, takes_system: bool, shortens: bool
) -> tuple[list[JsonObject], list[JsonObject]]:
    """The system prompt's blocks and the messages.

    Args:
        messages: of the hub.
        losses: takes what cannot be said.
        takes_system: whether a system message may stand between turns.
        shortens: whether a content that is one text may be written as a string.
    """
    turns = _write_all(messages, losses)
    system: list[JsonObject] = []
    if turns and turns[0].role == "system":
        system = turns.pop(0).blocks
    if any(turn.role == "system" for turn in turns):
        turns = _settle_system(turns, system, losses, takes_system=takes_system)
    if not turns:
        losses.append("messages[0].role")
        turns, system = [_Turn("user", system or [{"type": "text", "text": ""}], [0])], []
    if turns[0].role == "assistant":
        losses.append(f"messages[{turns[0].places[0]}].role")
        turns.insert(0, _Turn("user", [{"type": "text", "text": _FIRST_WORDS}], []))
    if turns[-1].role == "assistant" and messages[-1].role in ("user", "tool"):
        # Without what the user left blank, the model's last words would be the beginning of its answer.
        losses.append(f"messages[{len(messages) - 1}].parts")
        turns.append(_Turn("user", [{"type": "text", "text": _FIRST_WORDS}], []))
    return system, [_write_turn(turn, shortens=shortens) for turn in turns]


def lacks_thought(messages: list[JsonObject]) -> bool:
    """Whether the turn that the model goes on with does not begin with a thought, which a budget to think demands.

    It is its last turn, where that ends the conversation or waits for the results of calls.
    """
    results = 0
    while results < len(messages) and _has_results(messages[-1 - results]):
        results += 1
    last = messages[-1 - results] if results < len(messages) else None
    if last is None or last["role"] != "assistant":
        return False
    content = last["content"]
    return type(content) is not list or content[0].get("type") not in _THOUGHTS


def _has_results(message: JsonObject) -> bool:
    content = message["content"]
    return (
        message["role"] == "user"
        and type(content) is list
        and any(block.get("type") == "tool_result" for block in content)
    )


def _write_all(messages: tuple[Message, ...], losses: list[str]) -> list[_Turn]:
    """One turn for each run of messages with the same role; a message without a word has none."""
    turns: list[_Turn] = []
    for place, message in enumerate(messages):
        role = message.role
        if role in _SYSTEM_ROLES:
            role = "system"
        elif role == "tool":
            role = "user"
        where = f"messages[{place}]"
        if message.name:
            losses.append(f"{where}.name")
        blocks = write_parts(message.parts, where, losses)
        if role == "system":
            blocks = _keep_texts(blocks, where, losses)
        if not blocks:
            continue
        if turns and turns[-1].role == role:
            turns[-1].blocks += blocks
            turns[-1].places.append(place)
        else:
            turns.append(_Turn(role, blocks, [place]))
    return turns


def _keep_texts(blocks: list[JsonObject], where: str, losses: list[str]) -> list[JsonObject]:
    """A system prompt is text and nothing else."""
    texts = [block for block in blocks if block["type"] == "text"]
    if len(texts) < len(blocks):
        losses.append(f"{where}.parts")
    return texts


def _settle_system(
    turns: list[_Turn], system: list[JsonObject], losses: list[str], *, takes_system: bool
) -> list[_Turn]:
    """Leave a later system message where it may stand: after a user's turn, at the end or before an assistant's.

    Any other one goes to the end of the system prompt.
    """
    settled: list[_Turn] = []
    for place, turn in enumerate(turns):
        if turn.role == "system":
            follows_user = place > 0 and turns[place - 1].role == "user"
            if not (takes_system and follows_user and (turns[place + 1 :] or [_NOBODY])[0].role == "assistant"):
                system += turn.blocks
                losses += [f"messages[{index}].role" for index in turn.places]
                continue
        if settled and settled[-1].role == turn.role:
            settled[-1].blocks += turn.blocks
            settled[-1].places += turn.places
        else:
            settled.append(turn)
    return settled


_NOBODY = _Turn("assistant", [], [])


def _write_turn(turn: _Turn, *, shortens: bool) -> JsonObject:
    blocks = turn.blocks
    if shortens and len(blocks) == 1 and len(blocks[0]) == 2 and blocks[0]["type"] == "text":
        return {"role": turn.role, "content": blocks[0]["text"]}
    if turn.role == "user" and len(blocks) > 1:
        results = [block for block in blocks if block["type"] == "tool_result"]
        if results and len(results) < len(blocks):
            blocks = results + [block for block in blocks if block["type"] != "tool_result"]
    return {"role": turn.role, "content": blocks}
