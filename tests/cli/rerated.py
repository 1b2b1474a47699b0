"""A ledger behind the real resource on a real socket, for the command that corrects it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from pointsman.control.rerating import Rerating
from pointsman.core.config.snapshot import Deployment, Model
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.server.admin.rerating import build_rerating
from pointsman.server.errors import OperatorError
from pointsman.storage.database import open_database
from pointsman.storage.rerating import ChargeReader
from pointsman.storage.usage_writer import UsageWriter

DEPLOYMENT = Deployment("openai/gpt-x", "openai", "fast", "gpt-x", "openai_chat", "https://api.example/v1", "cloud")
PRICES = PriceTable(3_000_000_000, 2_000_000_000, 1_000_000_000, "pointsman.yaml")


@dataclass
class Ledger:
    """What runs, and what was counted in memory.

    Attributes:
        url: where it answers.
        file: of the database.
        counted: corrections that budgets were told of.
    """

    url: str
    file: Path
    counted: list[LedgerEntry] = field(default_factory=list)


@contextmanager
def keep_ledger(folder: Path, entries: list[LedgerEntry]) -> Iterator[Ledger]:
    """A ledger with these entries."""
    ledger, started, server = Ledger("", folder / "pointsman.db"), threading.Event(), list[uvicorn.Server]()

    async def run() -> None:
        database = await open_database(f"sqlite:///{ledger.file}")
        try:
            writer = UsageWriter(database)
            await writer.book_entries(entries)
            models = {"fast": Model("fast", DEPLOYMENT, PRICES)}
            rerating = Rerating(ChargeReader(database), writer, ledger.counted.extend, lambda: models)
            server.append(uvicorn.Server(uvicorn.Config(_build_app(rerating), port=0, log_config=None)))
            task = asyncio.create_task(server[0].serve())
            while not server[0].started and not task.done():
                await asyncio.sleep(0.01)
            ledger.url = f"http://127.0.0.1:{server[0].servers[0].sockets[0].getsockname()[1]}"
            started.set()
            await task
        finally:
            started.set()
            await database.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert started.wait(30) and ledger.url
        yield ledger
    finally:
        server[0].should_exit = True
        thread.join(30)


def _build_app(rerating: Rerating) -> FastAPI:
    app = FastAPI()
    app.include_router(build_rerating(rerating))

    @app.exception_handler(OperatorError)
    async def refuse(_request: Request, error: OperatorError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 400)

    return app
