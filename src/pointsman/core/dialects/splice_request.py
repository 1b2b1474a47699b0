"""What the short ways of all formats share: our own words stay here, and a provider's quirks are minded."""

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.own_words import OWN_WORDS
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.quirks import plan_edits, tell_edits
from pointsman.core.dialects.splice import splice_edits


def keep_words(fields: JsonObject, members: JsonObject) -> list[str]:
    """Take the words that are meant for us out of `metadata`, and all of it where nothing else is in it.

    Args:
        fields: the client's body.
        members: what is set in it; `metadata` is added.

    Returns:
        The changes, as `-metadata.user`.
    """
    metadata = fields.get("metadata")
    if type(metadata) is not dict or not (ours := [name for name in metadata if name in OWN_WORDS]):
        return []
    members["metadata"] = {name: value for name, value in metadata.items() if name not in OWN_WORDS} or msgspec.UNSET
    return [f"-metadata.{name}" for name in ours]


def mind_quirks(
    body: bytes,
    members: JsonObject,
    request: ChatRequest,
    target: Target,
    changes: list[str],
    losses: tuple[str, ...] = (),
    *,
    said: JsonObject | None = None,
    own: tuple[str, ...] = (),
) -> Encoded:
    """The last step of a rewrite.

    Args:
        body: the client's, with `members` set in it.
        members: what was set; `UNSET` took one out.
        request: the client's.
        target: whose quirks hold.
        changes: what was added or left out so far.
        losses: likewise, what the provider's format cannot say.
        said: the client's body where a member of it is spelled anew; as it came by default.
        own: members that stand in the body for our sake.
    """
    if not target.quirks:
        return Encoded(body, tuple(changes), losses)
    seen = {name: value for name, value in {**request.fields, **members}.items() if value is not msgspec.UNSET}
    edits = plan_edits(target.quirks, seen)
    told, imposed = tell_edits(edits, request.fields if said is None else said, own)
    return Encoded(splice_edits(body, seen, edits), (*changes, *told), losses, imposed)
