"""The keys of what may happen to a request on its way into a provider's format."""

import asyncio
import json
from collections.abc import Iterator

from key_pairs import CALLERS, Pair
from observations import ASKED, Document, NotingClient, NotingUpstream, Observation, compile_document

from openai_door import DOOR
from pointsman.core.config.snapshot import Snapshot
from pointsman.relay.call import Call, Relay
from pointsman.relay.serve import serve

FOREIGN = {"providers.own.dialect": "anthropic_messages"}
ODD = {"providers.own.quirks": [{"name": "no-seed", "drop": ["seed"]}]}


def told(target: str) -> Observation:
    """Status and headers of an answer to a request with a seed, which not every provider takes."""

    async def ask(snapshot: Snapshot) -> object:
        relay, client = Relay(NotingUpstream(500), lambda outcome: None, lambda: 0.0), NotingClient()
        fields = ASKED | {"model": target, "seed": 7, "messages": [{"role": "user", "content": "Hello"}]}
        await serve(
            relay, snapshot, Call("req_1", *DOOR, json.dumps(fields).encode(), "key_1", (), 0, 0.0, "r"), client
        )
        return client.status, sorted(client.headers)

    def observe(document: Document) -> object:
        return asyncio.run(ask(compile_document(document)))

    return observe


def list_loss_pairs() -> Iterator[Pair]:
    """What the policies of all callers, and the one over all of them, have in common."""
    holders = {f"{section}.NAME.policy": target for section, target in CALLERS.items()} | {"policy": "m"}
    for holder, target in holders.items():
        yield Pair(f"{holder}.on_loss", "warn", "refuse", told(target), FOREIGN)
        yield Pair(f"{holder}.strict", False, True, told(target), ODD)
