"""Writes outcomes without end and reports each request id once its row is committed; run by `test_crash.py`."""

import asyncio
import sys

from msgspec.structs import replace

from pointsman.storage.database import open_database
from pointsman.storage.usage_writer import UsageWriter, WriterLimits
from storage.usage_examples import EXAMPLE


async def write_without_end(url: str, run: str) -> None:
    """Add outcomes as quickly as they are written, in small batches so that the kill falls among many."""
    writer = UsageWriter(await open_database(url), WriterLimits(batch_rows=20, interval_ms=1))
    writer.start()
    added = reported = 0
    while True:
        while added < reported + 100:
            writer.add(replace(EXAMPLE, request_id=f"{run}_{added}", cost_nusd=added))
            added += 1
        while reported < writer.written_rows:
            sys.stdout.write(f"{run}_{reported}\n")
            reported += 1
        sys.stdout.flush()
        await asyncio.sleep(0.001)


asyncio.run(write_without_end(sys.argv[1], sys.argv[2]))
