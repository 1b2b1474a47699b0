"""Rates and calls at the same time on PostgreSQL; the rule is written beside `take_shared_rates` in the schema."""

from collections.abc import Sequence

from pointsman.core.limits.shared_rates import MOST_PER_MINUTE, find_burst, find_lateness_ms
from pointsman.core.money_ports import RateGrant, RateWish
from pointsman.storage.allowances.connections import Connection

_TAKE = """
SELECT place, permits, retry_us, stamp FROM take_shared_rates(
    $1, $2, $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]
)
"""

_RETURN = """
WITH found AS (
    SELECT r.*, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us
    FROM shared_rates r WHERE r.name = $1 AND r.unit = $2 FOR NO KEY UPDATE
), back AS (
    SELECT found.*, greatest(0, least($3::bigint, $4::bigint - found.returned_us - found.now_us)) AS us FROM found
)
UPDATE shared_rates r SET
    arrival_us = CASE WHEN $3::bigint < 0 THEN greatest(back.arrival_us, back.now_us) - $3::bigint
        ELSE back.arrival_us - back.us END,
    returned_us = back.returned_us + back.us
FROM back WHERE r.name = back.name AND r.unit = back.unit
"""
"""Permits come back by themselves, the oldest first; only those that have not done so yet can be given back, which is
until the moment that the stamp names, less what was given back since."""

_RETURN_PLACES = """
WITH me AS MATERIALIZED (SELECT node FROM replicas WHERE node = $1 AND turn = $2 FOR SHARE)
UPDATE shared_places p SET held = greatest(0, p.held - $4::bigint) FROM me WHERE p.name = $3 AND p.node = me.node
"""

_LOWER_PLACES = """
WITH me AS MATERIALIZED (SELECT node FROM replicas WHERE node = $1 AND turn = $2 FOR SHARE)
UPDATE shared_places p SET held = least(p.held, known.held)
FROM unnest($3::text[], $4::bigint[]) AS known (name, held), me WHERE p.name = known.name AND p.node = me.node
"""

MINUTE_US = 60_000_000

Turn = tuple[str, int]
"""A replica, and the turn that its statements belong to."""


async def take_rates(connection: Connection, me: Turn, wishes: Sequence[RateWish], lease_ms: int) -> list[RateGrant]:
    """Take what is there, each wish by itself."""
    bursts = [find_burst(wish.unit, min(wish.limit, MOST_PER_MINUTE)) for wish in wishes]
    lates_ms = [find_lateness_ms(burst) for burst in bursts]
    rows = await connection.fetch(
        _TAKE,
        *me,
        [wish.name for wish in wishes],
        [wish.unit for wish in wishes],
        [wish.limit if wish.unit == "calls" else min(wish.limit, MOST_PER_MINUTE) for wish in wishes],
        bursts,
        [late_ms * 1_000 for late_ms in lates_ms],
        [wish.least for wish in wishes],
        [wish.wish for wish in wishes],
    )
    grants = [RateGrant(0, 0)] * len(wishes)
    for row in rows:
        place = row["place"] - 1
        valid_ms = lease_ms if wishes[place].unit == "calls" else lates_ms[place]
        grants[place] = RateGrant(row["permits"], valid_ms, -(-row["retry_us"] // 1_000), row["stamp"])
    return grants


async def return_permits(connection: Connection, wish: RateWish, permits: int, stamp: int) -> None:
    """Give back what was not used, as far as time has not done so already."""
    back_us = permits * MINUTE_US // min(wish.limit, MOST_PER_MINUTE)
    await connection.execute(_RETURN, wish.name, wish.unit, back_us, stamp)


async def return_places(connection: Connection, me: Turn, name: str, places: int) -> None:
    """Give back places among calls at the same time."""
    await connection.execute(_RETURN_PLACES, *me, name, places)


async def lower_places(connection: Connection, me: Turn, places: Sequence[tuple[str, int]]) -> None:
    """Give back the places of limits beyond those that the replica knows of."""
    names_held = [name for name, _ in places], [held for _, held in places]
    await connection.execute(_LOWER_PLACES, *me, *names_held)
