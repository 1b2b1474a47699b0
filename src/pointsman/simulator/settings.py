"""How a simulator starts; the command line and the parent of a child process fill it in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """How a simulator starts.

    Attributes:
        host: the address to listen on.
        port: 0 picks a free one.
        latency_ms: from a request's last byte to the answer's first.
        tokens_per_second: of each answer; 0 is as fast as possible.
        seed: another seed gives other answers.
        api_key: the key to demand, each dialect in its own way, or `None` for none.
        announce_json: print the URL as a JSON object.
        parent_pid: end when this process is not the parent any more; `None` never asks.
    """

    host: str = "127.0.0.1"
    port: int = 4101
    latency_ms: float = 150
    tokens_per_second: float = 80
    seed: int = 0
    api_key: str | None = None
    announce_json: bool = False
    parent_pid: int | None = None
