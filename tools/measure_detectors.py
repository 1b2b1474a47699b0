"""Measures the detectors of private data on made-up texts; `--write` puts the tables into docs/privacy.md."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import detector_lookalikes
from detector_corpus import Sample
from detector_samples import FORMS, draw_samples

from pointsman.core.privacy.detect import detect

PAGE = Path(__file__).parents[1] / "docs" / "privacy.md"
BEGIN, END = "<!-- measured: written by tools/measure_detectors.py, do not edit -->", "<!-- /measured -->"

PER_KIND = 2_500
"""Samples with each kind, and samples with nothing private that all kinds share."""

SEED = "2026-11-21"
OTHERS = 700
"""Samples with another kind that a detector must pass over too, about."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one detector did: found or missed where there was something, and found where there was nothing."""

    kind: str
    held: int
    found: int
    clean: int
    false: int
    missed_forms: Counter[str]
    held_forms: Counter[str]
    false_forms: Counter[str]

    @property
    def recall(self) -> float:
        """The share of samples with the kind in which it was found."""
        return self.found / self.held

    @property
    def precision(self) -> float:
        """The share of samples with a find that hold the kind."""
        return self.found / max(1, self.found + self.false)


def measure_all(seed: str = SEED, per_kind: int = PER_KIND) -> list[Measure]:
    """Every detector on its samples."""
    held = {kind: draw_samples(kind, forms, per_kind, seed) for kind, forms in FORMS.items()}
    nothing = draw_samples("", detector_lookalikes.FORMS, per_kind, seed)
    kinds = {sample: detect([sample.text]).kinds for samples in (*held.values(), nothing) for sample in samples}
    return [_measure(kind, held, nothing, kinds) for kind in FORMS]


def _measure(
    kind: str, held: dict[str, list[Sample]], nothing: list[Sample], kinds: dict[Sample, frozenset[str]]
) -> Measure:
    clean = [*nothing, *_pick_others(kind, held)]
    missed = [sample for sample in held[kind] if kind not in kinds[sample]]
    false = [sample for sample in clean if kind in kinds[sample]]
    return Measure(
        kind,
        len(held[kind]),
        len(held[kind]) - len(missed),
        len(clean),
        len(false),
        Counter(sample.form for sample in missed),
        Counter(sample.form for sample in held[kind]),
        Counter(f"{sample.kind}: {sample.form}" if sample.kind else sample.form for sample in false),
    )


def _pick_others(kind: str, held: dict[str, list[Sample]]) -> Iterator[Sample]:
    others = [other for other in held if other != kind]
    for other in others:
        step = max(1, len(held[other]) * len(others) // OTHERS)
        yield from held[other][::step]


def write_tables(measures: Iterable[Measure]) -> str:
    """The two tables of the page."""
    measures = list(measures)
    lines = [
        "| kind | texts with it | found | recall | texts without it | false finds | precision |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for one in measures:
        shares = f"{one.recall:.3f} | {one.clean:,} | {one.false:,} | {one.precision:.3f}"
        lines.append(f"| `{one.kind}` | {one.held:,} | {one.found:,} | {shares} |")
    lines += ["", "Where they fail:", "", "| kind | form | texts | missed | false finds |", "|---|---|--:|--:|--:|"]
    for one in measures:
        for form, count in one.missed_forms.most_common():
            lines.append(f"| `{one.kind}` | {form} | {one.held_forms[form]:,} | {count:,} | |")
        for form, count in one.false_forms.most_common():
            lines.append(f"| `{one.kind}` | nothing of the kind: {form} | | | {count:,} |")
    return "\n".join(lines)


def replace_tables(page: str, tables: str) -> str:
    """The page with new tables between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}"


def main() -> int:
    """Print the tables, or write them into the page."""
    tables = write_tables(measure_all())
    if "--write" in sys.argv[1:]:
        PAGE.write_text(replace_tables(PAGE.read_text(encoding="utf-8"), tables), encoding="utf-8")
    sys.stdout.write(f"{tables}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
