"""A foreign signature sends a request through the hub; its answer keeps its bytes wherever both speak alike."""

import msgspec
import pytest

from pointsman.core.chat.signatures import holds_foreign, wrap_signature
from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.passage import Passage, open_passage
from pointsman.core.dialects.table import DIALECTS

ANSWER = (
    b'{"id":"m","type":"message","role":"assistant","content":[{"type":"server_tool_use","id":"s","name":"web_search",'
    b'"input":{}}],"usage":{"input_tokens":3,"output_tokens":2}}'
)


def open_way(dialect: str, fields: dict[str, object]) -> Passage:
    client = DIALECTS[dialect].client
    assert client is not None
    request = client.decode_request(msgspec.json.encode({"model": "m", "max_tokens": 9, **fields}))
    return open_passage(request, dialect, Target("up"), Asking(request, "r", 1))


def test_a_text_that_names_us_is_no_signature() -> None:
    assert not holds_foreign(b'{"content":"pointsman.toml is broken","file":"pointsman.serve"}')
    assert holds_foreign(msgspec.json.encode([wrap_signature("c2ln", "gemini", "anthropic_messages")]))
    assert holds_foreign(b'{"thoughtSignature":"cG9pbnRzbWFuWyJhIl0="}')


def test_the_answer_keeps_its_bytes() -> None:
    signature = wrap_signature("c2ln", "gemini", "anthropic_messages")
    thought = {"type": "thinking", "thinking": "Hm.", "signature": signature}
    turns = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "y"}]},
        {"role": "user", "content": "z"},
    ]
    way = open_way("anthropic_messages", {"messages": turns})
    assert b"c2ln" not in way.encoded.body and way.is_verbatim
    body, usage = way.read_plain(ANSWER)
    assert body == ANSWER and usage is not None and usage.output_tokens == 2


@pytest.mark.parametrize(("asks", "keeps"), [("tools", True), ("functions", False)])
def test_an_older_form_of_asking_gets_the_older_form_of_an_answer(asks: str, keeps: bool) -> None:
    function = {"name": "look", "parameters": {"type": "object"}}
    fields: dict[str, object] = {
        "messages": [{"role": "user", "content": "pointsman.gemini.x"}],
        asks: [{"type": "function", "function": function} if asks == "tools" else function],
    }
    assert open_way("openai_chat", fields).is_verbatim is keeps
