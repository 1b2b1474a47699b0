"""Writes docs/translation.md from what each provider's format says that it cannot be told; a test keeps it fresh."""

from collections.abc import Iterator
from pathlib import Path

from pointsman.core.chat.conversation import (
    AnswerFormat,
    Conversation,
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.table import DIALECTS

PAGE = Path(__file__).parents[1] / "docs" / "translation.md"

MODELS = {
    "openai_chat": "gpt-4.1",
    "openai_responses": "gpt-5",
    "anthropic_messages": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-pro",
    "cohere": "command-a-03-2025",
    "bedrock_converse": "anthropic.claude-sonnet-4-20250514-v1:0",
}
"""A provider's format, and a model that the page is written for."""

INTRODUCTION = """\
# What a translation keeps

Written by `python tools/write_translation.py` from the code that translates; a test keeps it fresh.

Where client and provider speak the same format, bytes pass as they came, but for the model's name and what the
configuration adds. Between two formats a request is read into one common form and written from it. What the provider's
format has no word for is left out and named in the header `x-pointsman-losses`, by its place in the request; the cells
of the table hold that header's text. `policy.on_loss: refuse` refuses such a request before it is sent, `policy.strict`
refuses renamed and clamped parameters too ([configuration.md](configuration.md)).

An empty cell: nothing is lost. The table is written for one model of each format; another may be able to do less.
"""

ANSWERS = """\
## Answers

- Text, tool calls and their arguments, thoughts, refusals, the reason for the end and the tokens used reach every
  client. A format without a word of its own for a refusal gets its text, and an end by content filter.
- A thought's signature, or its encrypted form, travels through a client of another format and is given back to the
  provider that made it, exactly as it came. To any other provider it is never sent: it would be refused there.
- Which stop sequence ended an answer is told by Anthropic's format alone, and by a Claude behind Bedrock; from others
  the end looks like one of its own.
- Log probabilities reach clients of OpenAI's, Gemini's and Cohere's formats.
- A stream that breaks ends with an error event in the client's format, never like a whole answer. Most SDKs raise;
  Cohere's tells it by `finish_reason` `ERROR` in the last event, Responses by the event `error` or `response.failed`.
"""

_HELLO = Message("user", (Text("Hello"),))
_OBJECT: dict[str, object] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_TOOL = Tool("look", "Looks something up", _OBJECT)
_PNG = "iVBORw0KGgo="


def _say(*parts: Part) -> Conversation:
    return Conversation((Message("user", parts),))


def _sample(**fields: object) -> Conversation:
    return Conversation((_HELLO,), sampling=Sampling(**fields))  # type: ignore[arg-type]


def _call(result: ToolResult, call: ToolCall | None = None) -> Conversation:
    made = call or ToolCall("c1", "look", '{"city":"Lyon"}')
    return Conversation((_HELLO, Message("assistant", (made,)), Message("tool", (result,))), tools=(_TOOL,))


FEATURES: dict[str, Conversation] = {
    "system prompt": Conversation((Message("system", (Text("Be kind."),)), _HELLO)),
    "a system message in the middle": Conversation(
        (_HELLO, Message("assistant", (Text("Hi"),)), Message("system", (Text("Be brief."),)), _HELLO)
    ),
    "a participant's name": Conversation((Message("user", (Text("Hello"),), "ann"),)),
    "a refusal sent back": Conversation((_HELLO, Message("assistant", (Refusal("No."),)), _HELLO)),
    "a mark for the prompt cache": _say(Text("Hello", cache="5m")),
    "an image": _say(Text("Look"), Media("image", "image/png", data=_PNG)),
    "an image by URL": _say(Text("Look"), Media("image", url="https://example.com/a.png")),
    "an image in low detail": _say(Text("Look"), Media("image", "image/png", data=_PNG, detail="low")),
    "a PDF": _say(Text("Read"), Media("document", "application/pdf", data="JVBERi0=", name="a.pdf")),
    "a text document with a title": _say(Text("Read"), Media("document", "text/plain", text="Once", name="A tale")),
    "sound": _say(Text("Listen"), Media("audio", "audio/wav", data="UklGRg==")),
    "video": _say(Text("Watch"), Media("video", "video/mp4", data="AAAA")),
    "a tool and its result": _call(ToolResult("c1", (Text("sunny"),))),
    "a failed tool": _call(ToolResult("c1", (Text("no"),), is_error=True)),
    "an image as a tool's result": _call(ToolResult("c1", (Media("image", "image/png", data=_PNG),))),
    "arguments that are no JSON object": _call(ToolResult("c1", (Text("no"),)), ToolCall("c1", "look", "[1")),
    "strict arguments": Conversation((_HELLO,), tools=(Tool("look", "", _OBJECT, strict=True),)),
    "no tool": Conversation((_HELLO,), tools=(_TOOL,), tool_choice=ToolChoice("none")),
    "any tool": Conversation((_HELLO,), tools=(_TOOL,), tool_choice=ToolChoice("required")),
    "one named tool": Conversation((_HELLO,), tools=(_TOOL,), tool_choice=ToolChoice("named", ("look",))),
    "one call at a time": Conversation((_HELLO,), tools=(_TOOL,), parallel_tool_calls=False),
    "any JSON object": Conversation((_HELLO,), answer_format=AnswerFormat()),
    "an answer by schema": Conversation((_HELLO,), answer_format=AnswerFormat(_OBJECT, "trip", strict=True)),
    "a schema's description": Conversation((_HELLO,), answer_format=AnswerFormat(_OBJECT, "trip", "A trip")),
    "effort of thinking": Conversation((_HELLO,), thinking=Thinking(effort="high")),
    "tokens for thinking": Conversation(
        (_HELLO,), thinking=Thinking(budget_tokens=2048), sampling=Sampling(max_output_tokens=8000)
    ),
    "thoughts shown": Conversation((_HELLO,), thinking=Thinking(effort="low", shows=True)),
    "detail of thoughts": Conversation((_HELLO,), thinking=Thinking(effort="low", summary="detailed")),
    "another provider's thought": Conversation(
        (_HELLO, Message("assistant", (Reasoning("Hm", "sig", "elsewhere"), Text("Hi"))), _HELLO)
    ),
    "most tokens": _sample(max_output_tokens=100),
    "temperature": _sample(temperature=0.5),
    "temperature above 1": _sample(temperature=1.5),
    "`top_p`": _sample(top_p=0.9),
    "`top_k`": _sample(top_k=20),
    "a stop sequence": _sample(stop=("END",)),
    "six stop sequences": _sample(stop=tuple("abcdef")),
    "seed": _sample(seed=7),
    "several answers": _sample(choices=2),
    "penalties": _sample(presence_penalty=0.5, frequency_penalty=0.5),
    "`logit_bias`": _sample(logit_bias={"50256": -100.0}),
    "log probabilities": _sample(logprobs=True, top_logprobs=2),
    "verbosity": Conversation((_HELLO,), verbosity="low"),
    "end user": Conversation((_HELLO,), user="ann"),
    "class of service": Conversation((_HELLO,), service_tier="flex"),
    "metadata": Conversation((_HELLO,), metadata={"team": "blue"}),
    "key of the prompt cache": Conversation((_HELLO,), cache_key="k"),
}
"""What may be asked for, in the common form."""


def find_losses(conversation: Conversation, dialect: str) -> list[str]:
    """What a provider's format cannot be told of a request."""
    provider = DIALECTS[dialect].provider
    assert provider is not None, "only formats of providers are listed"
    return provider.encode_request(conversation, False, Target(MODELS[dialect], 8_192)).losses


def _list_rows() -> Iterator[str]:
    yield "| asked for | " + " | ".join(f"`{dialect}`" for dialect in MODELS) + " |"
    yield "|---" * (len(MODELS) + 1) + "|"
    for name, conversation in FEATURES.items():
        cells = [", ".join(f"`{path}`" for path in find_losses(conversation, dialect)) for dialect in MODELS]
        yield f"| {name} | " + " | ".join(cells) + " |"


def write_translation() -> str:
    """The whole page."""
    table = "\n".join(_list_rows())
    return f"{INTRODUCTION}\n## Requests\n\n{table}\n\n{ANSWERS}"


if __name__ == "__main__":
    PAGE.write_text(write_translation(), encoding="utf-8")
