"""What is known of deployments: bounded, told without changing anything, and nothing where nothing is noteworthy."""

import copy
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.core.chat.failures import FailureKind
from pointsman.core.chat.usage import Usage
from pointsman.core.config.routing_plan import RoutingPlan, Rule
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.facts import declare_facts
from pointsman.core.routing.decide import decide
from pointsman.core.routing.facts import NOTHING_SEEN, Facts
from pointsman.relay.live import LiveState, compares_live
from relay.live_examples import NOW_S, Watch, model, snapshot

ONE, TWO, THREE = model("one", requests_per_minute=4), model("two", tokens_per_minute=100), model("three", "q")
ALL = (ONE, TWO, THREE)

Step = tuple[str, int, float, FailureKind | None, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["begin", "end", "abort", "follow"]),
        st.integers(0, 2),
        st.sampled_from([0.0, 0.1, 1.0, 5.0, 31.0, 400.0]),
        st.none() | st.sampled_from(list(FailureKind)),
        st.integers(0, 60),
    ),
    max_size=40,
)


def _carry_out(live: LiveState, all_steps: list[Step]) -> float:
    """Begin and end calls as the steps say, whatever sense they make; answers the time after."""
    now_s = NOW_S
    started_s: dict[int, list[float]] = {place: [] for place in range(3)}
    for kind, place, later_s, failure, tokens in all_steps:
        now_s += later_s
        deployment = ALL[place].deployment
        if kind == "begin":
            live.begin(deployment, now_s)
            started_s[place].append(now_s)
        elif kind == "follow":
            live.follow(snapshot(*ALL[place:]))
        else:
            began_s = started_s[place].pop() if started_s[place] else now_s
            live.end(
                deployment,
                now_s,
                started_s=began_s,
                failure=failure,
                usage=Usage(tokens, tokens),
                retry_after_s=float(tokens) if tokens % 2 else None,
                aborted=kind == "abort",
                sent=tokens % 3 > 0,
            )
    return now_s


@given(steps)
def test_nothing_known_is_out_of_bounds_and_looking_changes_nothing(all_steps: list[Step]) -> None:
    live = LiveState()
    live.follow(snapshot(*ALL))
    now_s = _carry_out(live, all_steps)
    untouched = copy.deepcopy(live)
    for later_s in (0.0, 0.5, 100.0, 0.0):
        view = live.view(ALL, now_s + later_s)
        assert view == untouched.view(ALL, now_s + later_s) == live.view(ALL, now_s + later_s)
        for target in view.values():
            assert target.in_flight >= 0
            assert 0 <= target.cooling_ms <= 300_000
            assert 0 <= target.health <= 1
            assert target.used >= 0


def _with_rules(*models_of_agent: str) -> Snapshot:
    table = declare_facts({})
    conditions = {text: read_condition(text, table) for text in ("model.rate_limit_approaching", "primary_unavailable")}
    rules = []
    for text, condition in conditions.items():
        assert isinstance(condition, Condition)
        rules.append(Rule(text, condition, "switch_to_fallback", per_candidate=text.startswith("model.")))
    plan = RoutingPlan(tuple(rules), facts=table, reads=frozenset(conditions))
    plain = snapshot(*ALL)
    agent = replace(plain.agents["writer"], model=models_of_agent[0], fallback=models_of_agent[1:])
    return replace(plain, agents={"writer": agent}, routing=plan)


@settings(max_examples=200)
@given(steps, st.permutations(["one", "two", "three"]))
def test_decisions_that_compare_nothing_are_the_same_with_and_without_the_rest(
    all_steps: list[Step], names: list[str]
) -> None:
    live = LiveState()
    live.follow(snapshot(*ALL))
    now_s = _carry_out(live, all_steps)
    seen, facts = _with_rules(*names), Facts("agent:writer")
    assert not compares_live(seen, facts)
    short, full = live.view(ALL, now_s, weighs=False), live.view(ALL, now_s)
    assert short.items() <= full.items()
    assert decide(seen, facts, short) == decide(seen, facts, full)


def test_the_usual_view_is_nothing_itself() -> None:
    watch = Watch(ALL)
    for _ in range(3):
        watch.call(THREE, FailureKind.INVALID_REQUEST, took_s=1)
        watch.call(THREE, took_s=1, usage=Usage(10, 10))
    assert watch.live.view(ALL, watch.now_s, weighs=False) is NOTHING_SEEN
    assert watch.live.view((ONE, TWO), watch.now_s) is NOTHING_SEEN
    watch.live.begin(THREE.deployment, watch.now_s)
    assert watch.live.view(ALL, watch.now_s).keys() == {"q/three"}


def test_a_strategy_a_deadline_and_auto_compare() -> None:
    plain = snapshot(*ALL)
    assert not compares_live(plain, Facts("agent:writer"))
    assert compares_live(plain, Facts("agent:writer", strategy="balanced"))
    assert compares_live(plain, Facts("agent:writer", timeout_ms=1_000))
    assert compares_live(plain, Facts("auto"))
    assert compares_live(replace(plain, aliases={"any": "auto"}), Facts("any"))
    assert compares_live(replace(plain, routing=RoutingPlan(strategy="balanced")), Facts("one"))


def test_health_is_the_share_of_good_endings_and_comes_back_in_time() -> None:
    watch = Watch(ALL)
    watch.call(THREE, FailureKind.SERVER_ERROR)
    assert watch.look(THREE).health == 0.9
    watch.call(THREE)
    assert watch.look(THREE).health == 0.91
    watch.now_s += 60
    assert watch.look(THREE).health == 0.955
    watch.now_s += 1e9
    assert watch.look(THREE).health == 1


def test_speed_is_known_after_five_answers_and_forgotten_after_ten_minutes() -> None:
    watch = Watch(ALL)
    for number in range(5):
        assert watch.look(THREE).first_token_ms is None, number
        watch.call(THREE, took_s=2.5, first_content_s=watch.now_s + 0.5, usage=Usage(1_000, 100))
    target = watch.look(THREE)
    assert (target.first_token_ms, target.tokens_per_second) == (500, 50)
    watch.now_s += 601
    assert watch.look(THREE).tokens_per_second is None


def test_whole_answers_show_the_speed_of_the_whole_call_and_short_ones_show_nothing() -> None:
    watch = Watch(ALL)
    for _ in range(5):
        watch.call(THREE, took_s=2, usage=Usage(1_000, 100))
        watch.call(THREE, took_s=9, usage=Usage(1_000, 3))
    target = watch.look(THREE)
    assert (target.first_token_ms, target.tokens_per_second) == (None, 50)


def test_calls_under_way_are_counted_across_changes_of_the_configuration() -> None:
    watch = Watch(ALL)
    for _ in range(3):
        watch.live.begin(THREE.deployment, watch.now_s)
    watch.live.follow(snapshot(ONE))
    watch.live.end(THREE.deployment, watch.now_s, started_s=watch.now_s, failure=None)
    watch.live.follow(snapshot(*ALL))
    assert watch.look(THREE).in_flight == 2


def test_what_no_snapshot_names_is_forgotten_once_its_calls_have_ended() -> None:
    watch = Watch(ALL)
    watch.call(THREE, FailureKind.MODEL_MISSING)
    watch.live.begin(TWO.deployment, watch.now_s)
    watch.live.follow(snapshot(ONE))
    watch.live.end(TWO.deployment, watch.now_s, started_s=watch.now_s, failure=FailureKind.MODEL_MISSING)
    for number in range(100):
        stranger = model(f"stranger-{number}")
        watch.call(stranger, FailureKind.MODEL_MISSING)
        assert watch.live.view((stranger,), watch.now_s) is NOTHING_SEEN
    watch.live.follow(snapshot(*ALL))
    assert watch.live.view(ALL, watch.now_s) is NOTHING_SEEN
