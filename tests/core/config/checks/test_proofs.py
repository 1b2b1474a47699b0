"""What `check` proves about rules: which never act and which want opposite things; similar ones that are fine pass."""

import pytest
from checking import BASE, prove, prove_text


def write_rules(*rules: str) -> str:
    """An agent with these rules."""
    return "agents:\n  a:\n    model: small\n    rules:\n" + "".join(f"      - {{{rule}}}\n" for rule in rules)


def write_global(*rules: str) -> str:
    """Rules over all agents."""
    return "routing:\n  rules:\n" + "".join(f"    - {{{rule}}}\n" for rule in rules)


SECOND = ["agents.a.rules[1].when unreachable_rule warning"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("when: task.complexity > 3, use: big", "when: task.complexity > 8, use: other", SECOND),
        ("when: task.complexity > 3, use: big", "when: task.complexity > 3, use: other", SECOND),
        ("when: task.complexity > 3, deny: true", "when: task.complexity == 9, use: other", SECOND),
        ("when: task.critical or task.complexity > 5, use: big", "when: task.critical, use: small", SECOND),
        ("when: task.type == 'a', use: big", "when: task.complexity > 8 and task.complexity < 3, use: small", SECOND),
        ("when: task.type == 'a', use: big", "when: task.complexity > 10, use: small", SECOND),
        ("when: 'true', use: big", "when: task.critical, use: small", SECOND),
        ("when: task.complexity > 8, use: big", "when: task.complexity > 3, use: other", []),
        ("when: task.complexity > 3, use: big", "when: task.critical, use: other", []),
        ("when: task.critical and task.complexity > 3, use: big", "when: task.critical, use: other", []),
        ("when: task.type == 'a', use: big", "when: task.type == 'b', use: other", []),
        ("when: \"'x' in tags\", use: big", "when: \"'y' in tags\", use: other", []),
    ],
)
def test_rules_that_never_act(first: str, second: str, expected: list[str]) -> None:
    assert prove(write_rules(first, second)) == expected


def test_rules_that_only_together_leave_nothing_are_all_named() -> None:
    more = write_rules(
        "name: hard, when: task.complexity > 5, use: big",
        "when: task.complexity <= 5, use: other",
        "when: task.critical, use: small",
    )
    (problem,) = prove_text(BASE + more).problems
    assert problem.path == "agents.a.rules[2].when"
    assert problem.message.startswith(
        'whatever this matches, rule "hard" (line 13) or the rule of line 14 decides already'
    )


def test_agents_do_not_stand_in_each_others_way() -> None:
    rule = "rules: [{when: task.critical, use: big}]"
    assert prove(f"agents: {{a: {{model: small, {rule}}}, b: {{model: small, {rule}}}}}\n") == []


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (
            ("when: task.critical, action: deny", "when: task.critical and task.complexity > 3, action: deny"),
            ["routing.rules[1].when unreachable_rule warning"],
        ),
        (
            ("when: task.critical, action: use, use: big", "when: task.critical, action: use, use: other"),
            ["routing.rules[1].when unreachable_rule warning"],
        ),
        (
            (
                "when: data.contains_pii, action: force_local_model",
                "when: data.contains_pii and task.critical, action: switch_to_local_only",
            ),
            ["routing.rules[1].when unreachable_rule warning"],
        ),
        # They do different things, so the later one adds something.
        (("when: task.critical, action: switch_to_fallback", "when: task.critical, action: force_local_model"), []),
        (
            ("when: task.critical, action: prefer, use: big", "when: task.critical, action: prefer, use: other"),
            [],
        ),
    ],
)
def test_rules_over_all_agents_that_add_nothing(rules: tuple[str, ...], expected: list[str]) -> None:
    assert prove(write_global(*rules)) == expected


DENY = "name: no, when: task.type == 'gossip', action: deny"
LOCAL = "name: stay, when: \"'client' in tags\", action: force_local_model"
VERIFY = "name: verify, when: task.critical, action: require_cloud_verification"


@pytest.mark.parametrize(
    ("agents", "rules", "expected"),
    [
        (
            write_rules("when: task.type == 'gossip' and task.complexity > 3, use: small"),
            (DENY,),
            ["agents.a.rules[0].when conflicting_rules error"],
        ),
        (
            "",
            (DENY, "when: task.type == 'gossip', action: use, use: small"),
            ["routing.rules[1].when conflicting_rules error"],
        ),
        (
            write_rules("when: \"'client' in tags and task.complexity > 8\", use: big"),
            (LOCAL,),
            ["agents.a.rules[0].when conflicting_rules error"],
        ),
        ("", (LOCAL, VERIFY), ["routing.rules[1].when conflicting_rules warning"]),
        ("", (VERIFY, LOCAL), ["routing.rules[0].when conflicting_rules warning"]),
        (
            write_rules("when: task.privacy_level == 'high', use: big"),
            (),
            ["agents.a.rules[0].when privacy_unsatisfiable error"],
        ),
        (
            write_rules("when: data.contains_pii and task.critical, use: big"),
            (),
            ["agents.a.rules[0].when privacy_unsatisfiable error"],
        ),
    ],
)
def test_rules_that_want_opposite_things(agents: str, rules: tuple[str, ...], expected: list[str]) -> None:
    assert prove(agents + (write_global(*rules) if rules else "")) == expected


@pytest.mark.parametrize(
    ("agents", "rules"),
    [
        # That a denial or locality may meet a rule is what they are for.
        (write_rules("when: task.complexity > 3, use: small"), (DENY,)),
        (write_rules("when: task.complexity > 8, use: big"), (LOCAL,)),
        (write_rules("when: \"'client' in tags\", use: small"), (LOCAL,)),
        ("", (DENY, "when: task.type == 'gossip', action: prefer, use: small")),
        ("", ("when: not task.critical, action: force_local_model", VERIFY)),
        ("", (LOCAL, "when: \"task.critical and 'client' not in tags\", action: require_cloud_verification")),
        # Asked of each candidate: it drops the cloud models and leaves the local ones.
        (
            write_rules("when: task.critical, use: small"),
            ("when: \"task.critical and model.type == 'cloud'\", action: deny",),
        ),
        (write_rules("when: task.privacy_level == 'high', use: small"), ()),
        (write_rules("when: task.privacy_level != 'low', use: big"), ()),
        (write_rules("when: task.privacy_level == 'medium', use: big"), ()),
    ],
)
def test_rules_that_merely_may_meet(agents: str, rules: tuple[str, ...]) -> None:
    assert prove(agents + (write_global(*rules) if rules else "")) == []


def test_a_contradiction_in_another_written_form_is_a_warning() -> None:
    more = write_rules("when: task.type == 'gossip', use: small") + write_global(DENY)
    assert prove(more, lenient=True) == ["agents.a.rules[0].when conflicting_rules warning"]


def test_what_happens_when_both_match_is_said_with_an_example() -> None:
    (problem,) = prove_text(BASE + write_global(LOCAL, VERIFY)).problems
    assert problem.message.startswith('rule "stay" (line 11) can match the same request (tags = ["client"], ')
    assert "task.critical = true); it then stays local and is not verified" in problem.message


def test_rules_that_may_fail_are_left_unjudged_and_named() -> None:
    proved = prove_text(BASE + write_rules("when: 100 / request.tokens_estimated > 3, use: big"))
    assert (proved.problems, proved.unjudged) == ((), ("agents.a.rules[0]",))


def test_a_document_without_rules_asks_nobody() -> None:
    proved = prove_text(BASE)
    assert (proved.problems, proved.unjudged, proved.engine) == ((), (), "built-in")
