"""State that lives at one deployment: a request that builds on it goes to no provider of another format.

It is refused, since nothing else would be as bad as an answer to half of a conversation.
"""

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.openai_responses.check_items import find_type

_STATES = {
    "previous_response_id": "send the whole conversation in input",
    "conversation": "send the whole conversation in input",
    "prompt": "write the prompt out in instructions and input",
}


def find_state(fields: dict[str, object]) -> str:
    """The id of what a request builds on that its provider keeps, an earlier answer before all; or `""`."""
    held = [fields.get(name) for name in ("previous_response_id", "conversation", "prompt")]
    items = fields.get("input")
    held += [item for item in items if find_type(item) == "item_reference"] if type(items) is list else []
    for holder in held:
        state = holder.get("id") if type(holder) is dict else holder
        if type(state) is str and state:
            return state
    return ""


def refuse_state(request: ChatRequest) -> None:
    """Refuse a request on its way into another format that only its own deployment could answer.

    Raises:
        ClientError: `state_not_portable`, naming the member.
    """
    fields = request.fields
    for name, advice in _STATES.items():
        if fields.get(name) not in (None, False):
            raise _not_portable(name, advice)
    items = fields.get("input")
    for place, item in enumerate(items) if type(items) is list else ():
        if type(item) is dict and find_type(item) == "item_reference":
            raise _not_portable(f"input[{place}]", "send the item itself in place of the reference")


def _not_portable(param: str, advice: str) -> ClientError:
    message = (
        f"{param} means something to one provider of the Responses API only, and this model's provider speaks another"
        f" one; {advice}, or ask for a model of a provider that speaks the Responses API."
    )
    return ClientError(400, "state_not_portable", message, param)
