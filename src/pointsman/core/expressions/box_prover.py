"""The built-in prover: intersects boxes, and tries an example before it says that there is one."""

from collections.abc import Iterable, Sequence
from itertools import islice, product

from pointsman.core.expressions.answer import UNKNOWN, Answer, Found, Impossible, Part, try_example
from pointsman.core.expressions.boxes import MOST_BOXES, Box, BoxWriter, Loose, intersect_boxes, write_whole
from pointsman.core.expressions.compile import write_expression
from pointsman.core.expressions.condition import Condition
from pointsman.core.expressions.facts import Fact, FactTable, Value
from pointsman.core.expressions.regions import FALSE, TRUE
from pointsman.core.expressions.tree import Constant, IsKnown, Membership, Scalar, list_facts, walk

MOST_EXAMPLES = 64
"""Assignments of facts that are tried where a part could not be taken apart."""

MOST_WORK = 250_000
"""Intersections of boxes over the life of a prover; a microsecond or two each."""


class BoxProver:
    """Answers questions about conditions by intersecting boxes; remembers the boxes of each condition.

    Attributes:
        facts: what there is to know.
        work_left: intersections of boxes that may still be made; without any, every answer is `Unknown`.
    """

    def __init__(self, facts: FactTable) -> None:
        self.facts = facts
        self.work_left = MOST_WORK
        self._known: dict[tuple[str, bool], tuple[Box, ...]] = {}

    def find_boxes(self, condition: Condition, wanted: bool) -> tuple[Box, ...]:
        """The boxes in which a condition is true, or false; taken apart only while there is work left."""
        key = (condition.text, wanted)
        if key not in self._known:
            if self.work_left <= 0:
                return (write_whole(condition.tree, wanted),)
            writer = BoxWriter()
            self._known[key] = writer.write(condition.tree, wanted)
            self.work_left -= writer.steps
        return self._known[key]

    def ask(self, parts: Sequence[Part]) -> Answer:
        """Facts for which every part is as wanted; that there are none; or that it cannot tell."""
        remaining: list[Box] = [{}]
        used: list[int] = []
        for place, part in sorted(enumerate(parts), key=lambda pair: not pair[1].wanted):
            if self.work_left <= 0:
                return UNKNOWN
            boxes = self.find_boxes(part.condition, part.wanted)
            others = self.find_boxes(part.condition, not part.wanted)
            self.work_left -= len(remaining) * (len(boxes) + len(others))
            narrowed = _narrow(remaining, boxes, others)
            # Leaving a part out makes what remains too large, never too small: that nothing remains is still true.
            if narrowed is None or narrowed == remaining:
                continue
            remaining = narrowed
            used.append(place)
            if not remaining:
                return Impossible(frozenset(used))
        return self._find_example(remaining, parts)

    def _find_example(self, boxes: Iterable[Box], parts: Sequence[Part]) -> Answer:
        tried = (given for box in boxes for given in _list_examples(box))
        for given in islice(tried, MOST_EXAMPLES):
            answer = try_example(given, parts, self.facts)
            self.work_left -= len(parts)
            if isinstance(answer, Found):
                return answer
        return UNKNOWN


def _narrow(remaining: list[Box], boxes: tuple[Box, ...], others: tuple[Box, ...]) -> list[Box] | None:
    """What of some boxes is in others too; `None` when that is too many pieces."""
    kept: list[Box] = []
    for box in remaining:
        if all(intersect_boxes(box, other) is None for other in others):
            kept.append(box)
            continue
        kept += (both for one in boxes if (both := intersect_boxes(box, one)) is not None)
        if len(kept) > MOST_BOXES:
            return None
    return kept


def _list_examples(box: Box) -> Iterable[dict[str, Value | None]]:
    """Assignments of facts that lie in a box, as far as its parts were taken apart."""
    values: dict[str, Value | None] = {}
    loose: dict[str, Fact] = {}
    written: set[Scalar] = set()
    for key, region in box.items():
        match key:
            case str():
                values[key] = region.pick()
            case Loose(_, IsKnown(fact)):
                if region == FALSE or fact.name not in box:
                    loose[fact.name] = fact
            case Loose(_, Membership(Constant(str(text)), fact)):
                known = values.get(fact.name, fact.default)
                if region == TRUE and isinstance(known, frozenset):
                    values[fact.name] = known | {text}
            case Loose(_, node):
                loose |= {name: fact for name, fact in list_facts(node).items() if name not in box}
                written |= {one.value for one in walk(node) if isinstance(one, Constant)}
    absent = {key.text for key, region in box.items() if isinstance(key, Loose) and region == FALSE}
    choices = [
        [None]
        if write_expression(IsKnown(fact)) in absent
        else _list_values(fact, values.get(name, fact.default), written)
        for name, fact in loose.items()
    ]
    for chosen in product(*choices):
        yield values | dict(zip(loose, chosen, strict=True))


def _list_values(fact: Fact, default: Value | None, written: set[Scalar]) -> list[Value | None]:
    """A few values of a fact, the likeliest to settle an open part first."""
    texts = sorted(one for one in written if isinstance(one, str))
    match fact.kind:
        case "bool":
            return [True, False]
        case "text":
            return list(fact.values or dict.fromkeys(("", *texts, "other")))
        case "texts":
            some = default if isinstance(default, frozenset) else frozenset[str]()
            return [some, *(some | {text} for text in texts), some | {*texts, "one", "two", "three"}]
        case "int" | "number":
            numbers = sorted(one for one in written if not isinstance(one, str))
            tried = [*(1, 1_000, 0), *numbers, *(one + 1 for one in numbers), 1_000_000]
            kept = dict.fromkeys(min(max(one, fact.least), fact.most) for one in tried)
            return [int(one) if fact.kind == "int" else one for one in kept]
