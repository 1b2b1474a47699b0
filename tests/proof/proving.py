"""Gateways under load, and the provider's own bill beside what they have booked.

The bill is computed here from what the simulator says that it took and gave, with fractions, without a line of the
product's arithmetic.
"""

import asyncio
import json
import math
import os
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import httpx

from real_postgres import read_rows
from running import RunningGateway

INPUT_USD, OUTPUT_USD = "3.123457891", "15.000000007"
"""Dollars per million tokens, of which hardly a call comes to whole nano-dollars."""

NUSD_PER_TOKEN = {name: Fraction(usd) * 1_000 for name, usd in (("input", INPUT_USD), ("output", OUTPUT_USD))}

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  large:
    provider: simulated
    model_id: simulated-large
    price_per_1m_tokens: {{input: "{input_usd}", output: "{output_usd}"}}
agents:
  worker: {{model: large, parameters: {{max_tokens: 500}}}}
"""

BUDGETS = """\
budgets:
  - {{name: everything, scope: total, window: month, limit: "{limit}"}}
  - {{name: the worker, scope: "agent:worker", window: rolling_week, limit: "{limit}"}}
"""
"""Two that every call counts in, so that a hold is of both or of none."""

WORDS = "one of many words that a longer answer is made of and so on "


def write_document(simulator: str, limit_nusd: int | None = None, storage: str = "") -> str:
    """A configuration with one model behind an agent, a budget unless there is none, and where state lives."""
    text = DOCUMENT.format(url=simulator, input_usd=INPUT_USD, output_usd=OUTPUT_USD)
    if limit_nusd is not None:
        text += BUDGETS.format(limit=write_usd(limit_nusd))
    return text + storage


def write_usd(amount_nusd: int) -> str:
    """Exact decimal dollars."""
    return f"{amount_nusd // 10**9}.{amount_nusd % 10**9:09d}"


@dataclass(frozen=True)
class Answered:
    """How a call ended for its client.

    Attributes:
        marker: names the call here, in its prompt and as its session.
        status: of HTTP; 0 when the connection broke.
        code: of the error, or `""`.
        message: of the error, the connection's own if that broke, or `""`.
    """

    marker: str
    status: int
    code: str = ""
    message: str = ""


@dataclass
class Load:
    """Clients of one or several gateways; each call has a marker that no other has.

    Attributes:
        answers: those that have ended.
    """

    name: str
    dice: Random
    most_tokens: int = 100
    answers: list[Answered] = field(default_factory=list)
    _count: int = 0

    async def call(self, client: httpx.AsyncClient, url: str, api_key: str, **fields: Any) -> Answered:
        """One call, streamed or whole, with an answer of its own length."""
        self._count += 1
        marker = f"{self.name}-{self._count}"
        body = {
            "model": "agent:worker",
            "messages": [{"role": "user", "content": f"{marker} {WORDS * self.dice.randrange(4)}"}],
            "max_tokens": self.dice.randint(1, self.most_tokens),
            "stream": self.dice.random() < 0.3,
            **fields,
        }
        headers = {"authorization": f"Bearer {api_key}", "x-pointsman-session": marker}
        try:
            answer = await client.post(f"{url}/v1/chat/completions", json=body, headers=headers)
            answered = Answered(marker, answer.status_code, *_read_error(answer))
        except httpx.TransportError as error:
            answered = Answered(marker, 0, message=repr(error))
        self.answers.append(answered)
        return answered

    def count(self) -> Counter[tuple[int, str]]:
        """How many calls ended how."""
        return Counter((each.status, each.code) for each in self.answers)

    def list_broken(self) -> list[Answered]:
        """The calls whose connection broke."""
        return [each for each in self.answers if each.status == 0]

    def list_markers(self, *statuses: int) -> set[str]:
        """The calls that ended so."""
        return {each.marker for each in self.answers if each.status in statuses}


def _read_error(answer: httpx.Response) -> tuple[str, str]:
    if answer.status_code == 200:
        return "", ""
    error = answer.json()["error"]
    return str(error["code"]), str(error["message"])


@asynccontextmanager
async def open_client() -> AsyncIterator[httpx.AsyncClient]:
    """A client that opens as many connections as it is asked for."""
    # None is used twice: which of two sides closes an idle one first is not what is proved here.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        yield client


async def find_left(load: Load, client: httpx.AsyncClient, gateway: RunningGateway) -> str:
    """What is left of the budget to a nano-dollar, as a call is told that may cost more than that."""
    refused = await load.call(client, gateway.url, gateway.api_key, max_tokens=120_000, n=100)
    assert (refused.status, refused.code) == (429, "budget_exceeded"), refused
    return refused.message.partition(" has $")[2].partition(" of its $")[0]


def set_reply(simulator: str) -> None:
    """Have the simulator answer in short words: a stream of long ones is cut near the end of a budget."""
    behaviour = {"model": "simulated-large", "reply": "and so on it is " * 64}
    httpx.put(f"{simulator}/simulator/behaviour", json=behaviour, trust_env=False).raise_for_status()


@dataclass(frozen=True)
class Billed:
    """What the provider says of one call.

    Attributes:
        marker: of the call, as its prompt has it.
        nusd: what it comes to, rounded up once.
        ended: how, in the simulator's words; `None` while it runs.
        prompt_tokens: what was read.
        completion_tokens: what went out.
    """

    marker: str
    nusd: int
    ended: str | None
    prompt_tokens: int
    completion_tokens: int


@dataclass
class Account:
    """The simulator's calls, read now and then, because it forgets the oldest of many.

    Attributes:
        simulator: its URL.
    """

    simulator: str
    _after: int = 0
    _ended: list[Billed] = field(default_factory=list)

    async def read(self, client: httpx.AsyncClient) -> bool:
        """Take in what has ended up to the first that runs yet; whether none does."""
        calls = (await client.get(f"{self.simulator}/simulator/calls?after={self._after}")).json()["calls"]
        for call in calls:
            if not call["ended"]:
                return False
            self._ended.append(_bill(call))
            self._after = call["sequence"]
        return True

    async def close(self, client: httpx.AsyncClient) -> list[Billed]:
        """Every call since the first, once none of them runs any more."""
        while not await self.read(client):
            await asyncio.sleep(0.05)
        return list(self._ended)


async def read_bill(client: httpx.AsyncClient, simulator: str) -> list[Billed]:
    """Every call that the simulator has seen, which are not too many for it, once none of them runs any more."""
    return await Account(simulator).close(client)


def _bill(call: Mapping[str, Any]) -> Billed:
    marker = json.loads(call["body"])["messages"][-1]["content"].split()[0]
    read, written = call["prompt_tokens"], call["completion_tokens"]
    exact = read * NUSD_PER_TOKEN["input"] + written * NUSD_PER_TOKEN["output"]
    return Billed(marker, math.ceil(exact), call["ended"], read, written)


def sum_bill(bill: Iterable[Billed]) -> int:
    """Nano-dollars."""
    return sum(each.nusd for each in bill)


@dataclass(frozen=True)
class Stored:
    """What a database holds, read without the product's code.

    Attributes:
        url: of PostgreSQL, or the file of SQLite.
    """

    url: str | Path

    def read(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a question."""
        if isinstance(self.url, str):
            return read_rows(self.url, statement)
        with closing(sqlite3.connect(f"file:{self.url}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(statement).fetchall()

    def sum_ledger(self) -> int:
        """Nano-dollars; what may be billed counts nowhere."""
        total = "SELECT coalesce(sum(cost_nusd), 0) FROM ledger WHERE kind <> 'possibly_billed'"
        return int(self.read(total)[0][0])

    def sum_shares(self) -> list[tuple[int, int]]:
        """What each shared budget has come to, and what replicas hold of it, at one moment."""
        shared = """
            SELECT sum(spent)::bigint, coalesce(sum(held), 0)::bigint FROM allowance_windows LEFT JOIN
            (SELECT window_id, sum(amount) AS held FROM allowance_slices GROUP BY window_id) AS parts
            ON window_id = id GROUP BY account_id
        """
        return [(int(spent), int(held)) for spent, held in self.read(shared)]

    def list_entries(self) -> list[tuple[str, int, str, str, int | None]]:
        """Marker, attempt, kind, status and cost of each."""
        return [tuple(row) for row in self.read("SELECT session, attempt, kind, status, cost_nusd FROM ledger")]

    def count_rows(self) -> Counter[str]:
        """How many usage rows each marker has."""
        return Counter(row[0] for row in self.read("SELECT session FROM usage"))


def compare(stored: Stored, bill: Iterable[Billed]) -> dict[str, tuple[int, list[tuple[int, str, str, int | None]]]]:
    """The calls for which the provider's bill is not what the ledger says, with both."""
    booked: dict[str, list[tuple[int, str, str, int | None]]] = {}
    for marker, *entry in stored.list_entries():
        booked.setdefault(marker, []).append(tuple(entry))  # type: ignore[arg-type]
    billed = Counter[str]()
    for each in bill:
        billed[each.marker] += each.nusd
    differing = {}
    for marker in sorted({*booked, *billed}):
        entries = booked.get(marker, [])
        if sum(cost or 0 for *_, cost in entries) != billed[marker]:
            differing[marker] = (billed[marker], entries)
    return differing


async def await_written(stored: Stored, markers: Sequence[str] | set[str], seconds: float = 30.0) -> None:
    """Wait until each of these calls has its row."""
    deadline = asyncio.get_running_loop().time() + seconds
    while missing := set(markers) - set(await asyncio.to_thread(stored.count_rows)):
        late = f"{len(missing)} calls have no row, such as {sorted(missing)[:3]}"
        assert asyncio.get_running_loop().time() < deadline, late
        await asyncio.sleep(0.05)


def tell(text: str) -> None:
    """Put the numbers of a proof into the report of `make proof`, if there is one."""
    if report := os.environ.get("PROOF_REPORT"):
        with Path(report).open("a") as file:
            file.write(f"{text}\n")
