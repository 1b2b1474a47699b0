"""What outcomes and ledger entries add up to by the hour: calls come from requests, tokens and costs from entries."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

import msgspec

from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.routing.outcome import Outcome
from pointsman.storage.usage_rows import storable_text

HOUR_MS = 3_600_000

DIMENSIONS = (
    "agent",
    "interaction",
    "task",
    "team",
    "user",
    "key_id",
    "experiment",
    "operation",
    "location",
    "provider",
    "model",
    "tags",
)
"""Tags are a set: each as JSON in a line of its own, in order, so that a tag is found as text between two line ends."""

FIGURES = (
    "calls",
    "failures",
    "cached_answers",
    "unknown_cost_calls",
    "latency_us",
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nusd",
    "estimated_nusd",
    "possibly_billed_nusd",
)

Names = tuple[str, ...]
"""One for each of `DIMENSIONS`."""

Figures = list[int]
"""One for each of `FIGURES`."""

HourlyCells = dict[tuple[int, Names], Figures]
"""By the hour since the Unix epoch, and names."""

ESTIMATES = frozenset(("estimated", "orphan_estimated"))
LARGEST_VOCABULARY = 4_096


Key = TypeVar("Key")


LARGE_BYTES = 65_536


class WrittenCell(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A cell as it is kept until it is added to the others; names are one text, as texts hold no NUL once stored."""

    hour: int
    names: str
    figures: Figures


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[WrittenCell]).decode


def fold_outcomes(outcomes: Iterable[Outcome]) -> HourlyCells:
    """The cells of requests: how many, how they ended and how long they took."""
    cells: HourlyCells = {}
    for each in outcomes:
        if each.attempts:
            of_call = (1, 1 if each.failure else 0, 0, 1 if each.cost_status == "unknown" else 0)
            latency_us = round(each.latency_ms * 1_000)
        elif not each.failure:
            # Nobody was called, and it went well: the answer is one that was given before.
            of_call, latency_us = (0, 0, 1, 0), 0
        else:
            continue
        key = (each.at_ms // HOUR_MS, _names_of(each, each.location))
        cell = cells.get(key)
        if cell is None:
            cells[key] = [*of_call, latency_us, 0, 0, 0, 0, 0, 0, 0, 0]
            continue
        cell[0] += of_call[0]
        cell[1] += of_call[1]
        cell[2] += of_call[2]
        cell[3] += of_call[3]
        cell[4] += latency_us
    return cells


def fold_ledger(entries: Iterable[LedgerEntry]) -> HourlyCells:
    """The cells of entries: tokens of charges, and what they and their corrections cost.

    A correction says what was consumed all told, so its tokens are not counted again.
    """
    cells: HourlyCells = {}
    for each in entries:
        key = (each.at_ms // HOUR_MS, _names_of(each, each.location))
        cell = cells.get(key)
        if cell is None:
            cell = cells[key] = [0] * len(FIGURES)
        cost = each.cost_nusd or 0
        if each.kind == "possibly_billed":
            cell[12] += cost
            continue
        cell[10] += cost
        if each.status in ESTIMATES:
            cell[11] += cost
        used = each.usage
        if used is not None and each.kind == "charge":
            cell[5] += used.input_tokens
            cell[6] += used.output_tokens
            cell[7] += used.cached_input_tokens
            cell[8] += used.cache_write_tokens
            cell[9] += used.reasoning_tokens
    return cells


def _names_of(each: Outcome | LedgerEntry, location: str) -> Names:
    return (
        each.agent,
        each.interaction,
        each.task,
        each.team,
        each.user,
        each.key_id,
        each.experiment,
        each.operation,
        location,
        each.provider,
        each.model,
        write_tags(each.tags),
    )


@lru_cache(LARGEST_VOCABULARY)
def write_tags(tags: tuple[str, ...]) -> str:
    """Tags as a set in one text; `""` for none, which an empty tag is, too."""
    written = sorted({write_tag(tag) for tag in tags if tag})
    return "\n".join(("", *written, "")) if written else ""


def write_tag(tag: str) -> str:
    """One tag as it stands in the text of a set."""
    return msgspec.json.encode(storable_text(tag)).decode()


@lru_cache(LARGEST_VOCABULARY)
def read_tags(written: str) -> tuple[str, ...]:
    """The tags of a set."""
    return tuple(msgspec.json.decode(line, type=str) for line in written.split("\n") if line)


@lru_cache(LARGEST_VOCABULARY)
def convert_tags(listed: str) -> str:
    """The set of a JSON list, as rows hold it."""
    return write_tags(tuple(msgspec.json.decode(listed, type=list[str])))


def encode_cells(cells: Mapping[tuple[int, Names], Figures]) -> bytes:
    """Cells to be kept until they are added to the others; their names become what any SQL store can keep."""
    return _encode([WrittenCell(hour, _join(names), figures) for (hour, names), figures in cells.items()])


def decode_cells(contents: Iterable[bytes]) -> HourlyCells:
    """What `encode_cells` wrote, all of it added up."""
    cells: dict[tuple[int, str], Figures] = {}
    for content in contents:
        for each in _decode(content) if len(content) < LARGE_BYTES else _decode_large(content):
            add_figures(cells, (each.hour, each.names), each.figures)
    return {(hour, tuple(names.split("\0"))): figures for (hour, names), figures in cells.items()}


def _join(names: Names) -> str:
    joined = "\0".join(names)
    if joined.isascii() and joined.count("\0") == len(names) - 1:
        return joined
    return "\0".join(map(storable_text, names))


@lru_cache(2)
def _decode_large(content: bytes) -> list[WrittenCell]:
    # What was put together is read again and again until it is the next time.
    return _decode(content)


def add_figures(cells: dict[Key, Figures], key: Key, figures: Sequence[int]) -> None:
    """Add to the cell of a key."""
    cell = cells.get(key)
    cells[key] = list(figures) if cell is None else list(map(int.__add__, cell, figures))
