"""Anthropic request -> the same for a provider, by splicing: the bytes stay as received but for what must differ."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.request import ChatRequest, Encoded
from pointsman.core.dialects.anthropic_messages.add_parameters import add_parameters
from pointsman.core.dialects.anthropic_messages.mend_messages import may_need_mending, mend_messages
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.splice import replace_model, splice_members
from pointsman.core.dialects.splice_request import keep_words, mind_quirks


def rewrite_request(request: ChatRequest, target: Target) -> Encoded:
    """Name the provider's model, add the parameters that the caller left unsaid, and mind the quirks.

    What other formats' providers said before is made fit for this one: see `mend_messages`.
    """
    fields = request.fields
    members: JsonObject = {}
    changes = add_parameters(fields, target, members) if target.parameters else []
    changes += keep_words(fields, members)
    losses: tuple[str, ...] = ()
    if may_need_mending(request.body):
        mended, losses = mend_messages(fields["messages"], target.model)
        if mended is not None:
            members["messages"] = mended
    body = replace_model(request.body, target.model)
    if members:
        body = splice_members(body, fields, members.items())
    return mind_quirks(body, members, request, target, changes, losses)
