"""How long each page of usage takes with ten million requests in the ledger; promised are 300 ms for any of them.

python bench/usage_speed.py [--rows 10000000] [--url sqlite:////tmp/usage.db | postgresql://...] [--keep]
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, text

from pointsman.storage.database import Database, open_database
from pointsman.storage.rollups import rebuild
from pointsman.storage.usage_questions import USAGE_DIMENSIONS, Dimension, UsageQuestion
from pointsman.storage.usage_reader import UsageReader

DAY_MS = 86_400_000
UNTIL_MS = 1_795_305_600_000 + 9 * 3_600_000 + 1_234
DAYS = 90
ROWS_AT_ONCE = 500_000
PROMISED_MS = 300

EXAMPLES: dict[Dimension, str] = {
    "agent": "agent 7",
    "model": "model 7",
    "provider": "provider 2",
    "key": "key 42",
    "team": "team 2",
    "user": "user 42",
    "tag": "tag 7",
    "interaction": "interaction 1",
    "task": "task 3",
    "experiment": "experiment 1",
    "location": "cloud",
    "operation": "chat",
}

# Few users make most of the calls; each has a team, a key and some agents, and each agent one model and another for
# when that one fails, as it is where people work.
_DRAWN = """
WITH diced AS MATERIALIZED (SELECT number, {random} AS chance FROM ({numbers}) AS numbered), people AS MATERIALIZED (
SELECT number, CAST(2000 * ((chance % 1000003) / 1000003.0) * ((chance % 1000003) / 1000003.0) AS bigint) AS person,
    chance / 1000003 AS chance FROM diced)
SELECT number, :first_ms + CAST(number * (:span_ms * 1.0 / :rows) AS bigint) AS at_ms, person,
    (person % 300 * 7 + chance % 5) % 30 AS agent, (chance / 7) % 100 AS luck, chance / 700 AS chance FROM people
"""
_NAMES = """
'agent ' || agent AS agent, 'interaction ' || (agent % 6) AS interaction, 'task ' || (agent % 8) AS task,
'team ' || (person % 20) AS team, 'user ' || person AS "user", 'key ' || (person % 300) AS key_id,
CASE WHEN agent % 10 = 0 THEN 'experiment ' || (chance % 2) ELSE '' END AS experiment, '' AS session,
'["tag ' || agent || '", "tag ' || (30 + person % 20) || '"]' AS tags,
'model ' || ((agent + CASE WHEN luck < 8 THEN 1 ELSE 0 END) % 12) AS model,
'provider ' || ((agent + CASE WHEN luck < 8 THEN 1 ELSE 0 END) % 12 % 5) AS provider, 'upstream' AS upstream_model,
CASE WHEN (agent + CASE WHEN luck < 8 THEN 1 ELSE 0 END) % 12 % 5 = 4 THEN 'local' ELSE 'cloud' END AS location,
CASE WHEN agent % 15 = 14 THEN 'embeddings' ELSE 'chat' END AS operation
"""
_TOKENS = """
100 + chance % 4000 AS input_tokens, 20 + chance % 700 AS output_tokens, chance % 100 AS cached_input_tokens,
0 AS cache_write_tokens, 0 AS reasoning_tokens, 1000 * (chance % 9000) AS cost_nusd
"""
_COLUMNS = (
    'agent, interaction, task, team, "user", key_id, experiment, session, tags, model, provider, upstream_model,'
    " location, operation, input_tokens, output_tokens, cached_input_tokens, cache_write_tokens, reasoning_tokens,"
    " cost_nusd"
)
_STATEMENTS = (
    "DROP TABLE IF EXISTS drawn",
    "CREATE {temporary} TABLE drawn AS " + _DRAWN,
    f"""INSERT INTO "usage" (request_id, at_ms, {_COLUMNS},
    revision, status, failure, stream, attempts, cost_status, latency_us)
SELECT 'req_' || number, at_ms, {_NAMES}, {_TOKENS}, 'r', CASE WHEN luck = 50 THEN 502 ELSE 200 END,
    CASE WHEN luck = 50 THEN 'upstream_error' ELSE '' END, 0, 1, 'actual', 200000 + chance % 3000000 FROM drawn""",
    f"""INSERT INTO ledger (request_id, attempt, kind, at_ms, booked_at_ms, {_COLUMNS}, part, failure, status, prices)
SELECT 'req_' || number, 1, 'charge', at_ms, at_ms, {_NAMES}, {_TOKENS}, 'answer', '',
    CASE WHEN luck = 3 THEN 'estimated' ELSE 'actual' END, 'catalogue' FROM drawn""",
)


def fill(connection: Connection, rows: int, first: int) -> None:
    """Insert some of the rows."""
    is_postgres = connection.dialect.name == "postgresql"
    last = min(first + ROWS_AT_ONCE, rows) - 1
    numbers = (
        f"SELECT generate_series({first}, {last}) AS number"
        if is_postgres
        else f"WITH RECURSIVE counted(number) AS (SELECT {first} UNION ALL SELECT number + 1 FROM counted"
        f" WHERE number < {last}) SELECT number FROM counted"
    )
    dice = "CAST(random() * 9000000000000 AS bigint)" if is_postgres else "abs(random() % 9000000000000)"
    span_ms = DAYS * DAY_MS
    values = {"first_ms": UNTIL_MS - span_ms, "span_ms": span_ms, "rows": rows}
    for statement in _STATEMENTS:
        written = statement.format(numbers=numbers, random=dice, temporary="TEMPORARY")
        connection.execute(text(written), values if ":rows" in statement else {})


def list_questions() -> Iterator[tuple[str, UsageQuestion]]:
    """Every page by one or two dimensions, with none, one or two filters, over three ranges."""
    dice = random.Random(8)
    pages = [(by, ()) for size in (0, 1, 2) for by in itertools.combinations(USAGE_DIMENSIONS, size)]
    filtered = [
        (by, filters)
        for size in (1, 2)
        for filters in itertools.combinations(USAGE_DIMENSIONS, size)
        for by in dice.sample(
            [*itertools.combinations(USAGE_DIMENSIONS, 1), *itertools.combinations(USAGE_DIMENSIONS, 2)], 4
        )
    ]
    ranges = {
        "all": (0, None),
        "7d": (UNTIL_MS - 7 * DAY_MS, None),
        "30d": (UNTIL_MS - 30 * DAY_MS, None),
        "37 days within": (UNTIL_MS - 61 * DAY_MS + 12_345_678, UNTIL_MS - 24 * DAY_MS),
    }
    for (by, filters), (name, (since_ms, until_ms)) in itertools.product((*pages, *filtered), ranges.items()):
        named = {each: EXAMPLES[each] for each in filters}
        yield (
            f"by {','.join(by) or '-'} where {','.join(filters) or '-'}, {name}",
            UsageQuestion(by, named, since_ms, until_ms),
        )


async def time_pages(database: Database) -> list[tuple[float, float, str]]:
    """Milliseconds of each page: of this process's processor time, and by the clock."""
    reader = UsageReader(database)
    times: list[tuple[float, float, str]] = []
    for name, question in list_questions():
        began = (time.process_time(), time.perf_counter())
        await reader.sum_up(question)
        times.append((*_measure_since(began), name))
    for days, length_ms, name in ((40, 3_600_000, "hour"), (90, DAY_MS, "day"), (90, 7 * DAY_MS, "week")):
        for by, filters in (
            ((), {}),
            *(((each,), {}) for each in USAGE_DIMENSIONS),
            (("model",), {"agent": "agent 7"}),
            (("agent",), {"user": "user 42"}),
            (("model",), {"team": "team 2", "tag": "tag 7"}),
        ):
            first = (UNTIL_MS - days * DAY_MS) // DAY_MS * DAY_MS
            question = UsageQuestion(by, filters, first, None)
            began = (time.process_time(), time.perf_counter())
            await reader.sum_windows(question, range(first, UNTIL_MS, length_ms), 5)
            label = f"series by {name}, {','.join(by) or '-'} where {','.join(filters) or '-'}"
            times.append((*_measure_since(began), label))
    return times


def _measure_since(began: tuple[float, float]) -> tuple[float, float]:
    return (time.process_time() - began[0]) * 1_000, (time.perf_counter() - began[1]) * 1_000


async def measure(url: str, rows: int) -> int:
    """Fill the database unless it is, time all pages, and say which ones take too long."""
    database = await open_database(url)
    try:
        async with database.read() as connection:
            there = await connection.scalar(text('SELECT count(*) FROM "usage"'))
        if not there:
            began = time.perf_counter()
            for first in range(0, rows, ROWS_AT_ONCE):
                await database.write_in_thread(
                    lambda connection, first=first: fill(connection, rows, first), is_batch=True
                )
            print(f"{rows:,} rows in {time.perf_counter() - began:.0f} s")
            began = time.perf_counter()
            await database.write_in_thread(rebuild, is_batch=True)
            print(f"summed up in {time.perf_counter() - began:.0f} s")
        async with database.read() as connection:
            for cube, grain, cells in await connection.execute(
                text("SELECT cube, grain, count(*) FROM rollup_cells GROUP BY cube, grain ORDER BY cube, grain")
            ):
                print(f"  cube {cube}, {grain} hours: {cells:,} cells")
        times = await time_pages(database)
    finally:
        await database.close()
    # SQLite works in this process, whose own time says more on a busy machine; a server works in others.
    is_postgres = url.startswith("postgres")
    times = sorted(((wall if is_postgres else own, wall, name) for own, wall, name in times), reverse=True)
    late = [each for each in times if each[0] > PROMISED_MS]
    print(f"{len(times)} pages: median {times[len(times) // 2][0]:.0f} ms, 99th {times[len(times) // 100][0]:.0f} ms")
    for taken_ms, wall_ms, name in times[:60]:
        print(f"{taken_ms:8.0f} ms ({wall_ms:.0f} by the clock)  {name}")
    print(f"{len(late)} pages took more than {PROMISED_MS} ms")
    return 1 if late else 0


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--url")
    arguments = parser.parse_args()
    if arguments.url:
        return asyncio.run(measure(arguments.url, arguments.rows))
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(f"sqlite:///{Path(folder) / 'pointsman.db'}", arguments.rows))


if __name__ == "__main__":
    sys.exit(main())
