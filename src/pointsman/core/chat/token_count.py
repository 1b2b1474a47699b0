"""How many tokens a request would take, as a provider counts them or as we estimate them."""

import msgspec

from pointsman.core.chat.conversation import Conversation, Sampling


class TokenCount(msgspec.Struct, frozen=True):
    """The count.

    Attributes:
        tokens: of the prompt, tools and instructions included.
        usage: nothing, for to count is not to use.
    """

    tokens: int
    usage: None = None


def keep_counted(conversation: Conversation) -> Conversation:
    """A conversation without what concerns its answer only, so that nothing of that is told as a loss."""
    return msgspec.structs.replace(conversation, sampling=Sampling(), metadata={}, user="", service_tier="")
