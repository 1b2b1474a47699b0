"""Another provider's thought keeps its id through a client of Anthropic's format, which has no room for one."""

import pytest

from pointsman.core.chat.conversation import Reasoning
from pointsman.core.dialects.anthropic_messages.read_blocks import pack_thought, unpack_thought


@pytest.mark.parametrize(
    "thought",
    [
        Reasoning("Hm", "enc==", "openai_responses", id="rs_1"),
        Reasoning("", "enc==", "openai_responses", is_hidden=True, id="rs_1"),
        Reasoning("Hm", "anthropic-claude-v1#sig#nature", "openai_chat"),
        Reasoning("Hm", "anthropic-claude-v1#sig#nature", "openai_chat", id="r1"),
        Reasoning("Hm", "id=x", "anthropic_messages"),
    ],
)
def test_there_and_back(thought: Reasoning) -> None:
    assert unpack_thought(pack_thought(thought)) == (thought.signature, thought.origin, thought.id)


def test_its_own_signature_stays_as_it_is() -> None:
    assert pack_thought(Reasoning("Hm", "sig", "anthropic_messages", id="rs_1")) == "sig"


def test_a_mark_that_is_not_whole_is_a_signature() -> None:
    assert unpack_thought("pointsman.gemini.id=abc") == ("id=abc", "gemini", "")
