"""Finds the answer to one call among many that go through the same SDK: a header names it, and never leaves here."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from time import monotonic
from weakref import WeakValueDictionary

from pointsman.core.chat.money import NUSD_PER_USD, InvalidMoney, parse_usd
from pointsman.core.routing.outcome import Outcome
from pointsman.library.engine import NO_HEADERS, AnyEngine
from pointsman.library.errors import PointsmanError
from pointsman.library.exchange import AsyncStreamedExchange, Exchange, StreamedExchange

HEADER = "x-pointsman-receipt"

_LISTS = {"changes": "x-pointsman-changes", "losses": "x-pointsman-losses"}
_WORDS = {"model": "x-pointsman-model", "decision": "x-pointsman-decision", "request_id": "x-request-id"}

_numbers = count(1)
_open: "WeakValueDictionary[str, Receipt]" = WeakValueDictionary()


class Receipt:
    """What comes of one call.

    Attributes:
        number: names it in its header.
        exchange: the answer, or that of the last try where the SDK tried again; `None` until there is one.
        engine: that answers.
        began_s: when it was asked.
    """

    def __init__(self) -> None:
        self.number = str(next(_numbers))
        self.exchange: StreamedExchange | AsyncStreamedExchange | None = None
        self.engine: AnyEngine | None = None
        self.began_s = monotonic()
        _open[self.number] = self

    def add_to(self, kwargs: Mapping[str, object]) -> dict[str, object]:
        """Arguments of a call, with the header among them."""
        given = kwargs.get("extra_headers")
        headers = dict(given) if isinstance(given, Mapping) else {}
        return {**kwargs, "extra_headers": {**headers, HEADER: self.number}}

    @property
    def outcome(self) -> Outcome | None:
        """What came of the request, once it has ended; `None` where a gateway answers."""
        return self.exchange.outcome if self.exchange is not None else None

    @property
    def cost_usd(self) -> float | None:
        """Dollars, a float for display; `None` when unknown."""
        return None if self.cost_nusd is None else self.cost_nusd / NUSD_PER_USD

    @property
    def cost_nusd(self) -> int | None:
        """Nano-dollars, once the answer has ended; `None` when unknown."""
        if self.outcome is not None:
            return self.outcome.cost_nusd
        return _read_cost(self.exchange.header("x-pointsman-cost-usd")) if self.exchange is not None else None

    def await_end(self) -> None:
        """Wait until all is settled: SDKs stop reading at the last event, a moment before that."""
        if isinstance(self.exchange, StreamedExchange):
            # How it ended, the SDK has told already.
            with suppress(PointsmanError):
                self.exchange.read()

    async def await_end_async(self) -> None:
        """The same with `await`."""
        if isinstance(self.exchange, AsyncStreamedExchange):
            with suppress(PointsmanError):
                await self.exchange.read()

    def describe(self) -> dict[str, object]:
        """What the answer tells beside its content, as plain values that can be kept as JSON."""
        exchange, outcome, cost_nusd = self.exchange, self.outcome, self.cost_nusd
        if exchange is None:
            return {}
        told: dict[str, object] = {name: exchange.header(header) for name, header in _WORDS.items()}
        told |= {name: listed.split(", ") for name, header in _LISTS.items() if (listed := exchange.header(header))}
        told |= {"cost_nusd": cost_nusd, "cost_usd": self.cost_usd}
        if outcome is not None:
            told |= {"model": outcome.model, "provider": outcome.provider, "latency_ms": round(outcome.latency_ms, 3)}
        return told


class NotingEngine:
    """Passes calls on to an engine, and leaves a note at the receipt of each.

    Args:
        find_engine: gives the engine; asked for every call, so that one that was closed is replaced.
    """

    def __init__(self, find_engine: Callable[[], AnyEngine]) -> None:
        self._find_engine = find_engine

    def get(self, path: str) -> Exchange:
        """As of an engine."""
        return self._find_engine().get(path)

    def stream(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> StreamedExchange:
        """As of an engine."""
        receipt, sent = _take_receipt(headers)
        engine = self._find_engine()
        exchange = engine.stream(path, body, sent, timeout_s=timeout_s)
        if receipt is not None:
            receipt.exchange, receipt.engine = exchange, engine
        return exchange

    def stream_async(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> AsyncStreamedExchange:
        """As of an engine."""
        receipt, sent = _take_receipt(headers)
        engine = self._find_engine()
        exchange = engine.stream_async(path, body, sent, timeout_s=timeout_s)
        if receipt is not None:
            receipt.exchange, receipt.engine = exchange, engine
        return exchange


def _take_receipt(headers: Mapping[str, str]) -> tuple[Receipt | None, dict[str, str]]:
    sent = dict(headers)
    return _open.get(sent.pop(HEADER, "")), sent


def _read_cost(written: str) -> int | None:
    try:
        return parse_usd(written)
    except InvalidMoney:
        return None
