"""Which sums are kept: cubes of few dimensions in small blocks of time, one of all in larger ones.

A range of hours is made up of the largest blocks that fit, few of each size, so reading a long one takes no longer.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from pointsman.storage.rollup_cells import DIMENSIONS, Figures, HourlyCells, Names, add_figures

Spot = tuple[int, int]
"""A grain and a block of it."""


@dataclass(frozen=True, slots=True)
class Cube:
    """Sums by some dimensions.

    Attributes:
        number: as stored; of a cube that has changed it is never used again.
        dimensions: by what it sums up.
        grains: how many hours a block has, each a multiple of the one before.
    """

    number: int
    dimensions: frozenset[str]
    grains: tuple[int, ...]


_PLACE = ("location", "provider", "model")
_WORK = ("agent", "interaction", "task", "team", "experiment", "operation", *_PLACE)

CUBES = (
    Cube(9, frozenset(("interaction", "task", "experiment", "operation")), (1, 24, 96, 384, 1536)),
    Cube(10, frozenset(("team",)), (1, 24, 96, 384, 1536)),
    Cube(1, frozenset(("team", "key_id")), (1, 24, 96, 384, 1536)),
    Cube(2, frozenset(("tags",)), (1, 24, 96, 384, 1536)),
    Cube(3, frozenset(("agent", *_PLACE)), (1, 24, 96, 384, 1536)),
    Cube(4, frozenset(("team", *_PLACE)), (1, 24, 96, 384, 1536)),
    Cube(5, frozenset(("team", "user")), (1, 6, 24, 96, 384, 1536)),
    Cube(6, frozenset(_WORK), (1, 6, 24, 96, 384, 1536)),
    Cube(8, frozenset(DIMENSIONS) - {"user"}, (1, 6, 24, 96, 384, 1536)),
    Cube(7, frozenset(DIMENSIONS), (1, 6, 24, 96, 384, 1536)),
)
"""Those that are read faster come first."""

COARSEST = 1536


def find_cube(dimensions: Collection[str]) -> Cube:
    """The cube that answers a question about some dimensions with the least to read."""
    return next(cube for cube in CUBES if cube.dimensions.issuperset(dimensions))


def split_hours(first: int, end: int, grains: tuple[int, ...]) -> Iterator[Spot]:
    """The blocks that make up the hours from `first` up to but without `end`; both are multiples of the least grain."""
    hour = first
    while hour < end:
        grain = max(each for each in grains if hour % each == 0 and hour + each <= end)
        yield grain, hour // grain
        hour += grain


def fold_cube(cube: Cube, cells: HourlyCells) -> Iterator[tuple[int, int, Names, Figures]]:
    """Hourly cells as the cells of one cube: grain, block, names, figures."""
    keeps = tuple(name in cube.dimensions for name in DIMENSIONS)
    hours_in = cube.grains[0]
    kept: HourlyCells = {}
    for (hour, names), figures in cells.items():
        own = tuple(name if keep else "" for name, keep in zip(names, keeps, strict=True))
        add_figures(kept, (hour // hours_in, own), figures)
    finer = hours_in
    for grain in cube.grains:
        if grain != finer:
            coarser: HourlyCells = {}
            for (block, names), figures in kept.items():
                add_figures(coarser, (block // (grain // finer), names), figures)
            kept, finer = coarser, grain
        for (block, names), figures in kept.items():
            yield grain, block, names, figures


@lru_cache(16_384)
def name_line(cube: int, names: Names) -> int:
    """The id of a line: a hash, so that replicas need not agree on it."""
    text = "\0".join((str(cube), *names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1
