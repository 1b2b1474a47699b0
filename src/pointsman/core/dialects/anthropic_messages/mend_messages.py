"""Makes messages that other formats' providers had a part in fit for Anthropic; those that are fit stay untouched.

Anthropic refuses thoughts that it did not sign, and ids of calls with other characters than letters, digits, _ and -.
"""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.signatures import unwrap_signature
from pointsman.core.dialects.anthropic_messages.choose_thinking import read_generation
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.call_ids import fit_call_id

_SIGNS = (b"tool_use", b"thinking")
_ID_MEMBERS = {"tool_use": "id", "tool_result": "tool_use_id"}
_SIGNATURE_MEMBERS = {"thinking": "signature", "redacted_thinking": "data"}


def may_need_mending(body: bytes) -> bool:
    """Whether a body holds calls or thoughts at all."""
    return any(sign in body for sign in _SIGNS)


def mend_messages(messages: object, model: str) -> tuple[list[object] | None, tuple[str, ...]]:
    """The messages as a provider takes them, or `None` where they are fit already; and what is lost."""
    is_claude = read_generation(model) is not None
    mended: list[object] = []
    lost = changed = False
    for message in messages if type(messages) is list else ():
        content = message.get("content")
        if type(content) is not list:
            mended.append(message)
            continue
        kept = [_mend_block(block) for block in content if not _is_foreign(block, is_claude=is_claude)]
        is_shorter = len(kept) < len(content)
        lost |= is_shorter
        if is_shorter or any(new is not old for new, old in zip(kept, content, strict=True)):
            changed = True
            message = {**message, "content": kept}
        if kept or not is_shorter:
            mended.append(message)
    return mended if changed else None, ("thinking",) if lost else ()


def _is_foreign(block: object, *, is_claude: bool) -> bool:
    """Whether a block is a thought that the provider did not sign; servers that are not Claude's sign none."""
    kind = block.get("type") if type(block) is dict else None
    if type(block) is not dict or type(kind) is not str or kind not in _SIGNATURE_MEMBERS:
        return False
    signature = block.get(_SIGNATURE_MEMBERS[kind])
    if type(signature) is not str or not signature:
        return is_claude
    return unwrap_signature(signature, NAME)[1] != NAME


def _mend_block(block: object) -> object:
    kind = block.get("type") if type(block) is dict else None
    if type(block) is not dict or type(kind) is not str or kind not in _ID_MEMBERS:
        return block
    member = _ID_MEMBERS[kind]
    call_id = block.get(member)
    written = fit_call_id(call_id) if type(call_id) is str else call_id
    mended: JsonObject = {**block, member: written}
    return block if written == call_id else mended
