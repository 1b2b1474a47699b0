"""The one list of wire formats; nothing registers itself."""

from pointsman.core.dialects.dialect import Dialect
from pointsman.core.dialects.openai_chat.dialect import OPENAI_CHAT

DIALECTS: dict[str, Dialect] = {
    "openai_chat": OPENAI_CHAT,
}
