"""Prompts of every kind as callers send them, and tokenizers that differ: what learning estimates is tried with.

Everything is drawn from a seed, so that each run sees the same.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.openai_chat.decode_request import decode_request

_VOCABULARY = """the of and to in is that for it was on are as with they be at one have this from by hot word but what
some we can out other were all there when up use your how said an each she which do their time if will way about many
then them write would like so these her long make thing see him two has look more day could go come did number sound no
most people my over know water than call first who may down side been now find any new work part take get place made
live where after back little only round man year came show every good me give our under name very through just form
sentence great think say help low line differ turn cause much mean before move right boy old too same tell does set
three want air well also play small end put home read hand port large spell add even land here must big high such follow
settlement reconciliation infrastructure notwithstanding telecommunications characteristically"""
_WORDS = tuple(_VOCABULARY.split())
_NAMES = ("order", "account", "user", "total", "index", "parseHeader", "read_config", "itemCount", "HttpClient")


@dataclass(frozen=True, slots=True)
class Shown:
    """A prompt as a provider sees it.

    Attributes:
        request: as it was sent.
        agent: whose it is.
        text: all of its words.
        messages: how many there are.
        image_sizes: of each image, in tiles.
    """

    request: ChatRequest
    agent: str
    text: str
    messages: int
    image_sizes: tuple[int, ...]


def draw_prompt(random: Random) -> Shown:
    """One prompt: most are prose and code, some are JSON, Chinese, with tools, or with images."""
    kind = random.choices(("prose", "code", "json", "chinese", "tools", "images"), (40, 25, 12, 8, 10, 5))[0]
    characters = int(40 * 500 ** random.random())
    write = {"code": _write_code, "json": _write_json, "chinese": _write_chinese}.get(kind, _write_prose)
    system = _write_prose(random, random.choice((60, 400))) if random.random() < 0.6 else ""
    messages: list[dict[str, object]] = [{"role": "system", "content": system}] if system else []
    text = write(random, characters)
    sizes: tuple[int, ...] = ()
    fields: dict[str, object] = {"model": "any"}
    content: object = text
    if kind == "images":
        sizes = tuple(random.randint(1, 8) for _ in range(random.randint(1, 3)))
        images = [{"type": "image_url", "image_url": {"url": f"https://example.com/{size}.png"}} for size in sizes]
        content = [{"type": "text", "text": text}, *images]
    if kind == "tools":
        fields["tools"] = _draw_tools(random)
        text += json.dumps(fields["tools"])
    messages.append({"role": "user", "content": content})
    request = decode_request(json.dumps({**fields, "messages": messages}).encode())
    return Shown(request, f"{kind}-agent", f"{system}\n{text}", len(messages), sizes)


def _write_prose(random: Random, characters: int) -> str:
    written: list[str] = []
    while sum(map(len, written[-20:])) * max(len(written), 20) // 20 < characters:
        word = random.choice(_WORDS)
        if random.random() < 0.08:
            word = f"{word}{random.choice('.,;?')}"
        written.append(word.capitalize() if random.random() < 0.08 else word)
    return " ".join(written)[: max(characters, 8)]


def _write_code(random: Random, characters: int) -> str:
    lines: list[str] = []
    while sum(map(len, lines)) < characters:
        first, second, indent = random.choice(_NAMES), random.choice(_NAMES), "    " * random.randint(0, 3)
        form = random.choice(
            (
                "{2}if {0} is None or {1} > {3}:",
                "{2}return {0}({1}, limit={3})",
                "{2}{0} = {1}[{3}]",
                "def {0}({1}: int) -> str:",
                "{2}# {0} waits for the {1} of the day before",
            )
        )
        lines.append(form.format(first, second, indent, random.randint(0, 99)) + "\n")
    return "".join(lines)


def _write_json(random: Random, characters: int) -> str:
    rows: list[dict[str, object]] = []
    while len(rows) * 75 < characters:
        rows.append({"id": random.randint(1, 10**6), "name": random.choice(_WORDS), "price": round(random.random(), 4)})
    return json.dumps({"rows": rows, "source": "warehouse"})


def _write_chinese(random: Random, characters: int) -> str:
    signs = [chr(random.randint(0x4E00, 0x7FFF)) for _ in range(max(characters // 2, 10))]
    return "".join(sign + ("，" if random.random() < 0.08 else "") for sign in signs)


def _draw_tools(random: Random) -> list[object]:
    def draw(place: int) -> object:
        about = {"type": "string", "description": _write_prose(random, 60)}
        schema = {"type": "object", "properties": dict.fromkeys(random.sample(_NAMES, 3), about)}
        return {"type": "function", "function": {"name": f"tool_{place}", "parameters": schema}}

    return [draw(place) for place in range(random.randint(1, 8))]


_PIECES = re.compile(r"[A-Za-z]{1,6}|[0-9]{1,3}| {2,}|[\u4e00-\u9fff]|[^A-Za-z0-9 ]| ")


def _count_pieces(shown: Shown) -> int:
    """Like a vocabulary of pieces of words; a space belongs to the word behind it."""
    spaces = len(re.findall(r" (?=[A-Za-z])", shown.text))
    return len(_PIECES.findall(shown.text)) - spaces + 4 * shown.messages + 3


def _count_bytes(shown: Shown) -> int:
    return round(len(shown.text.encode()) / 3.1) + 7 * shown.messages


Tokenizer = Callable[[Shown, float], int]
"""What a provider reports of a prompt, by how far the run is, from 0 to 1."""


def _jump(shown: Shown, when: float) -> int:
    return round(_count_pieces(shown) * (1.35 if when > 0.5 else 1)) + 258 * len(shown.image_sizes)


TOKENIZERS: dict[str, Tokenizer] = {
    "bytes": lambda shown, when: _count_bytes(shown) + sum(85 + 170 * size for size in shown.image_sizes),
    "pieces": lambda shown, when: _count_pieces(shown) + 258 * len(shown.image_sizes),
    "drifts": lambda shown, when: round(_count_pieces(shown) * (1 + 0.2 * when)) + 1_600 * len(shown.image_sizes),
    "jumps": _jump,
}
"""By the name of the model that has it."""
