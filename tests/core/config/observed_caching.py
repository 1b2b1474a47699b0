"""The keys of kept answers: which requests get one again, for how long, and how many are kept."""

import asyncio
import json
from collections.abc import Iterator, Sequence

from key_pairs import ABSENT, CALLERS, Pair
from observations import ASKED, Document, NotingClient, NotingUpstream, Observation, compile_document

from openai_door import DOOR
from pointsman.core.config.snapshot import Snapshot
from pointsman.relay.call import Call, Relay
from pointsman.relay.serve import serve

TWICE = ("Hello", "Hello")
ON = {"cache.mode": "exact"}
CHOSEN = {"routing.strategy": "s"}


def answered(target: str, contents: Sequence[str] = TWICE, apart_s: float = 0.0) -> Observation:
    """Which of several requests reach a model; there is some time between each and the next."""

    async def ask(snapshot: Snapshot) -> list[bool]:
        upstream, reached, at_s = NotingUpstream(200), list[bool](), 0.0
        relay = Relay(upstream, lambda outcome: None, lambda: at_s)
        for content in contents:
            fields = ASKED | {"model": target, "messages": [{"role": "user", "content": content}]}
            call = Call("req_1", *DOOR, json.dumps(fields).encode(), "key_1", (), 0, at_s, "shown-1")
            before = len(upstream.sent)
            await serve(relay, snapshot, call, NotingClient())
            reached.append(len(upstream.sent) > before)
            at_s += apart_s
        return reached

    def observe(document: Document) -> object:
        return asyncio.run(ask(compile_document(document)))

    return observe


CACHE = (
    Pair("cache.mode", "off", "exact", answered("agent:a")),
    Pair("cache.ttl", "1m", "1h", answered("agent:a", apart_s=60.0), ON),
    Pair("cache.max_size", "1KiB", "1MiB", answered("agent:a"), ON),
    Pair("cache.max_entries", 1, 2, answered("agent:a", ("one", "two", "one")), ON),
    Pair("routing.strategies.NAME.cache_responses", False, True, answered("agent:a"), CHOSEN),
)


def list_caching_pairs() -> Iterator[Pair]:
    """What the policies of all callers, and the one over all of them, have in common; each way round once."""
    for section, target in CALLERS.items():
        yield Pair(f"{section}.NAME.policy.cache", ABSENT, "exact", answered(target))
    yield Pair("policy.cache", "off", ABSENT, answered("m"), ON)
