"""The keys of quirks: how a body is changed for a provider before it goes out."""

from typing import Any

from key_pairs import ABSENT, OWN, Pair
from observations import Document, compile_document, problems

from pointsman.core.dialects.quirks import apply_edits, plan_edits

QUIRK = f"{OWN}.quirks[]"
ASKED: dict[str, Any] = {"temperature": 0.5, "top_p": 0.5, "n": 1, "thinking": {"type": "enabled"}}


def changed(document: Document) -> object:
    """What is left of a body, and what `x-pointsman-changes` would tell of that."""
    fields = {**ASKED, "thinking": dict(ASKED["thinking"])}
    edits = plan_edits(compile_document(document).models["m"].deployment.quirks, fields)
    apply_edits(edits, fields)
    return fields, [edit.change for edit in edits]


def _pair(name: str, first: object, second: object, **beside: object) -> Pair:
    return Pair(f"{QUIRK}.{name}", first, second, changed, {f"{OWN}.quirks": [{"name": "q", **beside}]})


QUIRKS = (
    Pair(f"{QUIRK}.name", "one", "two", problems, {f"{OWN}.quirks": [{"name": "one"}, {"name": "two"}]}),
    _pair("models", ["m*"], ["*", "!m*"], drop=["n"]),
    _pair("dialects", ["openai_chat"], ["gemini"], drop=["n"]),
    _pair("unless", ABSENT, {"thinking.type": ["enabled"]}, drop=["n"]),
    _pair("rename", ABSENT, {"n": "candidate_count"}),
    _pair("replace", ABSENT, {"thinking.type": {"enabled": "adaptive"}}),
    _pair("drop", ["n"], ["thinking.type"]),
    _pair("drop_unless", {"n": [1]}, {"n": [2]}),
    _pair("only_one", ABSENT, [["temperature", "top_p"]]),
    _pair("least", {"n": 1}, {"n": 2}),
    _pair("most", {"temperature": 0.6}, {"temperature": 0.4}),
    _pair("add", ABSENT, {"seed": 7}),
)
