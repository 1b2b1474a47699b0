"""Random conditions mean what a slow interpreter says; random texts never raise and never become anything else."""

from condition_grammar import CONDITIONS, TABLE, evaluate, interpret, list_values, read
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.core.expressions.check import check_condition
from pointsman.core.expressions.compile import write_expression
from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.mistake import MOST_MISTAKES
from pointsman.core.expressions.parse import Parsed, parse_condition
from pointsman.core.expressions.tree import Constant, list_facts


@settings(deadline=None, max_examples=300)
@given(CONDITIONS, st.data())
def test_a_condition_means_what_a_slow_interpreter_says(text: str, data: st.DataObject) -> None:
    found = read_condition(text, TABLE)
    if not isinstance(found, Condition):
        # Written numbers are worked out beforehand, so dividing by what comes to 0 is refused.
        assert all("divided by 0" in mistake.message for mistake in found), (text, found)
        return
    cases = list(list_values(found))
    for values in data.draw(st.lists(st.sampled_from(cases), min_size=1, max_size=20)):
        answer = evaluate(found, values)
        assert answer is interpret(text, values), (text, values)
        assert answer is not None or found.may_fail


@settings(deadline=None, max_examples=150)
@given(CONDITIONS)
def test_what_was_checked_can_be_written_and_read_again(text: str) -> None:
    parsed = parse_condition(text)
    assert isinstance(parsed, Parsed)
    checked = check_condition(parsed, TABLE)
    if isinstance(checked, tuple):
        return
    assert checked.reads == list_facts(checked.tree).keys()
    assert write_expression(checked.tree).count("f[") >= len(checked.reads)
    assert isinstance(checked.tree, Constant) or hash(checked.tree) == hash(read(text).tree)


def judge_any(text: str) -> None:
    found = read_condition(text, TABLE)
    if isinstance(found, Condition):
        assert found.reads <= TABLE.facts.keys()
        assert evaluate(found, TABLE.defaults) in (True, False, None)
    else:
        assert 0 < len(found) <= MOST_MISTAKES
        assert all(1 <= mistake.column <= max(1, len(text)) and mistake.message for mistake in found)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text: str) -> None:
    judge_any(text)


WORDS = (
    "task.complexity task.type tags budget true null and or not in == != < <= > + - * / ( ) [ ] { } , 1 0 0.5 'a' "
    "lower( min( len( is if else for lambda := ** // % . __class__ f'x' \\ # ; : é \x00 \n"
)
PIECES = st.sampled_from(WORDS.split(" "))


@settings(deadline=None, max_examples=500)
@given(st.lists(PIECES, max_size=25), st.sampled_from(["", " "]))
def test_no_row_of_pieces_makes_it_raise(pieces: list[str], between: str) -> None:
    judge_any(between.join(pieces))


@settings(deadline=None, max_examples=200)
@given(CONDITIONS, st.data())
def test_no_mutation_of_a_condition_makes_it_raise(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 8)))
    judge_any(text[:start] + data.draw(PIECES) + text[end:])
