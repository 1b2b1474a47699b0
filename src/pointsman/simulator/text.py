"""Answers that speak of what the prompt speaks of: put together from patterns by dice, the same for the same dice."""

import re
from random import Random

FALLBACK_TOPICS = ("request", "question")
GREETING = "Hello! What can I do for you? Tell me a little about what you are working on."

READ_CHARACTERS = 20_000
"""How much of the end of a prompt is read for its topics."""

_WORD = re.compile(r"[^\W\d_][\w'-]{2,}")
_ENDS_SENTENCE = re.compile(r"[.!?:\n]\s*$")
_EXACTLY = re.compile(r"\b(?:reply|answer|respond) with (?:exactly|only)[: ]+[\"']?(.+?)[\"']?\s*$", re.IGNORECASE)
_CODE = re.compile(
    r"\b(code|function|script|snippet|program|regex|query|implement|refactor|python|javascript|typescript|sql|bash|rust)\b",
    re.IGNORECASE,
)
_LIST = re.compile(r"\b(list|steps|ways|options|ideas|examples|reasons|plan|checklist)\b", re.IGNORECASE)
_COMPARE = re.compile(r"\b(compare|versus|vs|difference|better|trade-?offs?)\b", re.IGNORECASE)
_BRIEF = re.compile(r"\b(brief(ly)?|short(ly)?|one sentence|concise(ly)?|in a word|quick(ly)?|tl;?dr)\b", re.IGNORECASE)
_LANGUAGES = ("javascript", "typescript", "sql", "bash", "rust")
_FILLERS = (
    "the and for are was were you your our their his her its with that this these those from into about what which who "
    "whom whose when where why how can could would should shall will may might must have has had does did doing been "
    "being not but all any both each few more most other some such than too very just also then them they she him one "
    "two please tell explain give write make show say answer reply describe help need want know let get use using "
    "like there here out over under again sentence words short brief briefly list compare code function exactly only "
    "script snippet program python javascript typescript sql bash rust steps ways options ideas examples reasons"
)
_STOP_WORDS = frozenset(_FILLERS.split())

_OPENINGS = (
    "Here is how {a} and {b} fit together.",
    "The short version: {a} matters most, and {b} follows from it.",
    "It helps to look at {a} first and at {b} second.",
    "In most cases {a} decides the outcome, with {b} close behind.",
    "There are two sides to this: {a}, and what it means for {b}.",
    "Good question; the answer depends on {a} more than on {b}.",
)
_MIDDLES = (
    "When {a} changes, {b} usually changes with it, so keep both in view.",
    "A simple way to check {a} is to write down what you expect of {b} and compare.",
    "Most problems with {a} come from treating {b} as if it were fixed.",
    "Start with a small case of {a}; once it holds, extend it to {b}.",
    "The cost of {a} is easy to see, while the cost of {b} shows up later.",
    "If {a} is uncertain, measure it before you commit to {b}.",
    "People often mix up {a} and {b}, although they answer different questions.",
    "For {a}, the details count: order, timing and who is responsible.",
    "What works for {b} does not always carry over to {a}.",
    "Give {a} a clear owner and review {b} at regular intervals.",
    "As a rule of thumb, spend two thirds of the effort on {a} and the rest on {b}.",
    "Nothing about {b} has to be settled before {a} is understood.",
)
_CLOSINGS = (
    "If you tell me more about {a}, I can be more specific.",
    "In short: settle {a} first, then come back to {b}.",
    "That should be enough to decide on {a} with confidence.",
    "From here, the next step is to try it on {a}.",
)
_POINTS = (
    "Clarify what {a} has to achieve.",
    "Collect the facts on {a} and {b}.",
    "Try the smallest change to {a} that could work.",
    "Check the effect on {b}.",
    "Write down what was learned about {a}.",
    "Decide how {b} is watched from now on.",
    "Share the result with those who rely on {a}.",
)
_CONTRASTS = (
    "{a} is easier to start with, whereas {b} pays off over time.",
    "Choose {a} when time is short and {b} when it has to last.",
    "The main difference is who carries the risk: with {a} it is you, with {b} it is shared.",
    "Both work; {a} needs more care in the beginning and {b} more care later.",
)
_SNIPPETS = {
    "python": (
        "def {a}_of({b}: list[float]) -> float:\n"
        '    """Return the mean {a} of all {b} values."""\n'
        "    if not {b}:\n"
        "        return 0.0\n"
        "    return sum({b}) / len({b})\n"
    ),
    "javascript": (
        "export function {a}Of({b}) {{\n"
        "  if ({b}.length === 0) return 0;\n"
        "  return {b}.reduce((sum, value) => sum + value, 0) / {b}.length;\n"
        "}}\n"
    ),
    "typescript": (
        "export function {a}Of({b}: number[]): number {{\n"
        "  if ({b}.length === 0) return 0;\n"
        "  return {b}.reduce((sum, value) => sum + value, 0) / {b}.length;\n"
        "}}\n"
    ),
    "sql": "SELECT {a}, COUNT(*) AS {b}_count\nFROM {b}\nGROUP BY {a}\nORDER BY {b}_count DESC;\n",
    "bash": 'set -euo pipefail\nfor {a} in "$@"; do\n  printf "%s\\n" "${a}" >> {b}.txt\ndone\n',
    "rust": (
        "fn {a}_of({b}: &[f64]) -> Option<f64> {{\n"
        "    if {b}.is_empty() {{ return None; }}\n"
        "    Some({b}.iter().sum::<f64>() / {b}.len() as f64)\n"
        "}}\n"
    ),
}


def find_topics(prompt: str) -> list[str]:
    """The words a prompt is about, the weightiest first, at most eight.

    Names (capitalised inside a sentence) weigh more than other words, words that come back more than those that do not.
    """
    text = prompt[-READ_CHARACTERS:]
    weights: dict[str, float] = {}
    spelling: dict[str, str] = {}
    for match in _WORD.finditer(text):
        word = match.group().rstrip("'-")
        key = word.lower()
        if key in _STOP_WORDS:
            continue
        opens_sentence = _ENDS_SENTENCE.search(text, max(0, match.start() - 4), match.start()) or match.start() == 0
        named = word[0].isupper() and not opens_sentence
        spelling.setdefault(key, word if named else key)
        weights[key] = weights.get(key, 0) + 1 + 2 * named + len(key) / 20
    heaviest = sorted(weights, key=lambda key: -weights[key])[:8]
    return [spelling[key] for key in heaviest]


def compose_answer(prompt: str, dice: Random) -> str:
    """An answer to `prompt`: prose, with a list, a comparison or a code block where the prompt asks for one."""
    exactly = _EXACTLY.search(prompt)
    if exactly:
        return exactly.group(1)
    words = find_topics(prompt)
    if not words:
        return GREETING
    page = _Page(words, dice)
    if _BRIEF.search(prompt):
        return page.write(_OPENINGS, 1)
    paragraphs = [f"{page.write(_OPENINGS, 1)} {page.write_middle()}"]
    if _CODE.search(prompt):
        paragraphs.append(page.write_snippet(prompt))
    if _COMPARE.search(prompt):
        paragraphs.append(page.write(_CONTRASTS, 3))
    if _LIST.search(prompt):
        paragraphs.append(page.write_list())
    paragraphs += [page.write_middle() for _ in range(dice.randint(0, 2))]
    return "\n\n".join([*paragraphs, page.write(_CLOSINGS, 1)])


def compose_report(result: str, dice: Random) -> str:
    """What an assistant says once a tool has answered with `result`."""
    shown = " ".join(result.split())[:240] or "nothing"
    lead = dice.choice(("The tool returned", "I looked it up:", "Here is what came back:"))
    return f"{lead} {shown}. {_Page(find_topics(result), dice).write(_CLOSINGS, 1)}"


class _Page:
    """Writes with the topics of one answer and says no sentence of its middle twice."""

    def __init__(self, words: list[str], dice: Random) -> None:
        self._words = words if len(words) > 1 else [*words, *FALLBACK_TOPICS]
        self._dice = dice
        self._unsaid = dice.sample(_MIDDLES, len(_MIDDLES))

    def write(self, patterns: tuple[str, ...], sentences: int) -> str:
        return " ".join(self._fill(pattern) for pattern in self._dice.sample(patterns, sentences))

    def write_middle(self) -> str:
        return " ".join(self._fill(self._unsaid.pop()) for _ in range(self._dice.randint(2, 4)))

    def write_list(self) -> str:
        points = self._dice.sample(_POINTS, self._dice.randint(3, len(_POINTS)))
        return "\n".join(f"{place}. {self._fill(point)}" for place, point in enumerate(points, 1))

    def write_snippet(self, prompt: str) -> str:
        asked = prompt.lower()
        language = next((name for name in _LANGUAGES if name in asked), "python")
        first, second = (re.sub(r"\W", "_", word).lower() for word in self._words[:2])
        return f"```{language}\n{_SNIPPETS[language].format(a=first, b=second)}```"

    def _fill(self, pattern: str) -> str:
        first, second = (_add_article(word) for word in self._dice.sample(self._words[:5], 2))
        filled = pattern.format(a=first, b=second)
        return filled[0].upper() + filled[1:]


def _add_article(word: str) -> str:
    return f"the {word}" if word.islower() else word
