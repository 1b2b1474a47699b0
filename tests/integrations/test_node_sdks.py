"""The official Node SDKs and the Vercel AI SDK against every provider's format: plain, streamed, a tool, an error."""

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.surroundings import ROOT, find_node, run
from matrix.talks import find_reference
from matrix.world import PROVIDERS, World

SDKS = ["chat", "responses", "anthropic", "google", "vercel-compatible", "vercel-openai"]


@pytest.mark.parametrize("sdk", SDKS)
def test_a_node_sdk(world: World, tmp_path: Path, sdk: str) -> None:
    program = tmp_path / "speak.mjs"
    program.write_text((ROOT / "tests" / "node" / "speak.mjs").read_text(encoding="utf-8"))
    node, (text, _) = find_node(tmp_path), find_reference(world, "text")
    before = world.count_calls()
    told = run([node, str(program)], tmp_path, sdk, world.gateway.url, world.gateway.api_key, *PROVIDERS)
    answers: list[dict[str, Any]] = [json.loads(line) for line in told.splitlines()]
    assert answers.pop() == {"model": "nothing", "way": "error", "told": 404}
    assert [answer["model"] for answer in answers] == [name for name in PROVIDERS for _ in range(3)]
    for answer, call in zip(answers, world.list_calls(before), strict=True):
        if answer["way"] == "call":
            assert answer["told"] == ["get_weather", {"city": "Lyon"}]
        else:
            assert answer["told"] == [text, call["prompt_tokens"], call["completion_tokens"]]
