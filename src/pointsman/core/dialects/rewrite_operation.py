"""A request beside chat -> the same for a provider, by splicing: bytes stay as received but for what must differ."""

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.quirks import Edit, plan_edits, tell_edits
from pointsman.core.dialects.splice import splice_edits, splice_members
from pointsman.core.dialects.splice_request import keep_words


def rewrite_operation(request: ChatRequest, target: Target) -> Encoded:
    """Name the provider's model in the body, keep our own words here, and mind the quirks."""
    return splice_request(request, target, {"model": target.model})


def splice_request(request: ChatRequest, target: Target, members: JsonObject) -> Encoded:
    """Set members of the top level, keep our own words here, and mind the quirks; `UNSET` takes a member out."""
    fields, members = request.fields, dict(members)
    changes = keep_words(fields, members)
    body = splice_members(request.body, fields, members.items())
    seen = {name: value for name, value in {**fields, **members}.items() if value is not msgspec.UNSET}
    edits = plan_imposed(target, seen)
    told, imposed = tell_edits(edits, fields)
    return Encoded(splice_edits(body, seen, edits), (*changes, *told), imposed=imposed)


def plan_imposed(target: Target, fields: JsonObject) -> list[Edit]:
    """What quirks take away or write otherwise. What they add is meant for chats, and stays out."""
    if not target.quirks:
        return []
    return [edit for edit in plan_edits(target.quirks, fields) if edit.is_imposed]
