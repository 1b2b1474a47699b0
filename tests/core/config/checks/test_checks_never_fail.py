"""Whatever a document has become, it is judged to the end: no check and no proof raises, and places lie within."""

from checking import compile_text, prove_text
from hypothesis import given, settings
from hypothesis import strategies as st
from seed_documents import SEED_001

LINES = SEED_001.split("\n")
PIECES = ("{}", "[]", "true", "0", "-1", "null", '"x"', "high", "local", "total", "task.critical", "llama-3-70b", "$0")

Edit = tuple[int, int, str]
EDITS = st.lists(
    st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, 8), st.sampled_from(("", *PIECES))), min_size=1, max_size=4
)


def apply_edits(edits: list[Edit]) -> str:
    """The document with some words of some lines replaced, or whole lines left out."""
    lines = list(LINES)
    for line, word, piece in edits:
        words = lines[line].split(" ")
        lines[line] = " ".join([*words[:word], piece, *words[word + 1 :]]) if piece else ""
    return "\n".join(lines)


@given(EDITS)
@settings(max_examples=200, deadline=None)
def test_a_damaged_document_is_judged_to_the_end(edits: list[Edit]) -> None:
    text = apply_edits(edits)
    compiled = compile_text(text)
    assert (compiled.snapshot is None) == any(one.severity == "error" for one in compiled.problems)
    proved = prove_text(text).problems if compiled.snapshot is not None else ()
    for problem in (*compiled.problems, *proved):
        assert 1 <= problem.line <= len(LINES) + 1
        assert problem.message
