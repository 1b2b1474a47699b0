"""A configuration as a program holds it: one model in the cloud, one at home, one whose key is missing."""

import json
from typing import Any
from urllib.parse import urlsplit

from simulator.running_simulator import Simulation

CHAT = "/v1/chat/completions"
QUESTION = [{"role": "user", "content": "Say a word about trains."}]


class Door:
    """A document with models of one test's own.

    Attributes:
        document: as a mapping.
        simulation: what the simulator sees of the model `small`.
    """

    def __init__(self, url: str, model: str) -> None:
        self.simulation = Simulation(url, model)
        self.document: dict[str, Any] = {
            "version": 1,
            "providers": {
                "near": {"base_url": f"{url}/v1", "location": "local"},
                "far": {"base_url": f"{url}/v1", "location": "cloud", "allow_private": [urlsplit(url).netloc]},
                "openai": {},
            },
            "models": {
                "small": {
                    "provider": "near",
                    "model_id": model,
                    "price_per_1m_tokens": {"input": "1", "output": "2"},
                },
                "far": {"provider": "far", "model_id": f"{model}-far"},
                "keyless": {"provider": "openai", "model_id": "gpt-4o"},
            },
            "agents": {
                "writer": {"model": "small", "tags": ["prose"]},
                "open": {"model": "far"},
                "stranded": {"model": "far", "fallback": ["keyless"]},
            },
        }

    def list_far_calls(self) -> list[dict[str, Any]]:
        """The calls that reached the provider in the cloud."""
        calls = self.simulation.control("GET", "/simulator/calls")["calls"]
        return [call for call in calls if call["model"] == f"{self.simulation.model}-far"]


def ask(model: str = "agent:writer", **fields: object) -> bytes:
    """The body of a chat."""
    return json.dumps({"model": model, "messages": QUESTION, **fields}).encode()
