"""A configuration with a provider of each kind, all of them the simulator; and how tests look at what it was sent."""

from typing import Any

from simulator.running_simulator import Simulation

QUESTION = "Say a word about trains."

KEYS = {
    "OPENAI_API_KEY": "sk-test-openai",
    "ANTHROPIC_API_KEY": "sk-ant-test",
    "MISTRAL_API_KEY": "mistral-test",
    "GOOGLE_API_KEY": "google-test",
    "CO_API_KEY": "cohere-test",
    "GRADIENT_MODEL_ACCESS_KEY": "gradient-test",
}
PRICE = {"input": "1", "output": "2"}


class World:
    """A document with models of one test's own.

    Attributes:
        document: as a mapping.
        simulation: what the simulator sees of the models.
    """

    def __init__(self, url: str, model: str) -> None:
        self.simulation = Simulation(url, model)
        served: dict[str, str] = {
            "near": f"{url}/v1", "openai": f"{url}/v1", "gradient": f"{url}/v1", "mistral": f"{url}/v1",
            "anthropic": f"{url}/v1", "google": f"{url}/v1beta", "cohere": f"{url}/v2", "ollama": f"{url}/v1",
        }  # fmt: skip
        self.document: dict[str, Any] = {
            "version": 1,
            "providers": {name: {"base_url": place, "location": "local"} for name, place in served.items()},
            "models": {
                f"{name}-model": {"provider": name, "model_id": model, "price_per_1m_tokens": PRICE} for name in served
            }
            | {
                "vectors": {
                    "provider": "near",
                    "model_id": model,
                    "capabilities": ["embeddings"],
                    "price_per_1m_tokens": PRICE,
                }
            },
            "agents": {
                "writer": {
                    "model": "near-model",
                    "tags": ["prose"],
                    "langsmith_project": "agents-writer",
                    "parameters": {"temperature": 0.25, "max_tokens": 200},
                },
                "feature-dev": {"model": "near-model"},
                "keyless": {"model": "openai-model"},
                "falls-back": {"model": "openai-model", "fallback": ["near-model"]},
                "secretive": {"model": "near-model", "policy": {"privacy": "high"}},
                **{f"on-{name}": {"model": f"{name}-model"} for name in served},
            },
            "interactions": {
                **{name: {"model": "near-model"} for name in ("reasoning", "tools", "subagents", "planning")},
                "embeddings": {"model": "vectors"},
            },
        }
