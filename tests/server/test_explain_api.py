"""`POST /api/v1/decisions:explain`: by the configuration and the live state in force, with strict bodies."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from explaining import Explainer, compile_yaml, serve_explanations
from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.facts import LiveTarget
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.storage.database import open_database
from pointsman.storage.spending_reader import SpendingReader

DOCUMENT = """\
version: 1
providers:
  far: {base_url: 'https://far.example/v1'}
  near: {base_url: 'http://127.0.0.1:8080/v1', location: local}
models:
  large: {provider: far, price_per_1m_tokens: {input: "10", output: "30"}, quality: 0.9}
  small: {provider: far, price_per_1m_tokens: {input: "1", output: "2"}, quality: 0.6}
  own: {provider: near}
agents:
  writer:
    model: large
    fallback: [small, own]
    rules: [{when: task.complexity < 4, use: small}]
  night: {model: small, rules: [{when: "time.hour >= 0", use: large}]}
  reader: {model: own}
tasks: {review: {model: small}}
routing:
  rules:
    - {name: limits, when: model.rate_limit_approaching, action: switch_to_fallback}
    - {name: spent, when: daily_cost > budget * 0.8, action: force_local_model}
budgets: [{scope: 'user:ada', window: day, limit: "10"}]
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Explainer]:
    with serve_explanations(compile_yaml(DOCUMENT)) as explainer:
        yield explainer


def explain(served: Explainer, **body: Any) -> Any:
    status, answer = served.ask(body)
    assert status == 200, answer
    return answer


def test_a_task_settles_which_rule_applies(served: Explainer) -> None:
    answer = explain(served, target="agent:writer", task={"complexity": 2, "type": "review"})
    assert (answer["model"], answer["decided_by"]["kind"]) == ("small", "rule")
    assert {"fact": "task.complexity", "from": 2, "to": 4, "model": "large"} in answer["flips"]
    assert answer["facts"]["task.type"] == "review"
    assert answer["revision"] == served.snapshot.revision


def test_an_agent_may_be_named_as_such_or_beside_a_target(served: Explainer) -> None:
    assert explain(served, agent="writer") == explain(served, target="agent:writer")
    beside = explain(served, target="auto", agent="reader")
    assert (beside["model"], beside["facts"]["agent"]) == ("own", "reader")


def test_what_the_task_says_gives_way_to_facts_and_privacy_only_rises(served: Explainer) -> None:
    answer = explain(served, agent="writer", task={"complexity": 9}, facts={"task.complexity": 3})
    assert answer["facts"]["task.complexity"] == 3
    labelled = explain(served, agent="writer", privacy="high", task={"privacy_level": "low"})
    assert (labelled["label"], labelled["model"]) == ("high", "own")
    assert [drop["code"] for drop in labelled["dropped"]] == ["cloud_forbidden", "cloud_forbidden"]


def test_user_team_tags_and_strategy_are_part_of_it(served: Explainer) -> None:
    answer = explain(served, agent="writer", user="ada", team="red", tags=["b", "a"], strategy="cost_optimized")
    facts = answer["facts"]
    assert (facts["user"], facts["team"], facts["tags"]) == ("ada", "red", ["a", "b"])
    assert (answer["strategy"], answer["model"], answer["decided_by"]["kind"]) == ("cost_optimized", "own", "strategy")
    assert answer["attempts"][0]["score"]["total"] > 0


def test_a_refusal_is_an_answer_like_any_other(served: Explainer) -> None:
    answer = explain(served, target="large", privacy="high")
    assert (answer["model"], answer["refused"]["code"]) == (None, "privacy_unavailable")
    unknown = explain(served, target="agent:writr")
    assert 'did you mean "writer"?' in unknown["refused"]["message"]


def test_live_state_counts_and_may_be_supposed_otherwise(served: Explainer) -> None:
    served.live = {served.snapshot.models["large"].deployment.id: LiveTarget(used=0.95)}
    try:
        assert explain(served, agent="writer")["model"] == "small"
        supposed = explain(served, agent="writer", facts={"model.rate_limit_approaching": False})
        assert supposed["model"] == "large"
    finally:
        served.live = {}
    assert explain(served, agent="writer")["model"] == "large"


def test_the_hour_is_now_unless_another_is_said(served: Explainer) -> None:
    before = datetime.now(UTC).hour
    told = explain(served, agent="night")["facts"]["time.hour"]
    assert told in (before, datetime.now(UTC).hour)
    assert explain(served, agent="night", facts={"time.hour": 3})["facts"]["time.hour"] == 3
    assert "time.hour" not in explain(served, agent="writer")["facts"]


def spend(snapshot: Snapshot, user: str, cost_nusd: int, folder: Path) -> Spending:
    """What is known of spending after one request, counted from now on in a database without a row."""

    async def follow() -> Spending:
        database = await open_database(f"sqlite:///{folder / 'pointsman.db'}")
        try:
            spending = Spending(SpendingReader(database))
            await spending.follow(snapshot, at_ms)
        finally:
            await database.close()
        return spending

    at_ms = time.time_ns() // 1_000_000
    spending = asyncio.run(follow())
    spending.record(
        Outcome(
            request_id="req_1",
            at_ms=at_ms,
            agent="writer",
            model="large",
            provider="far",
            upstream_model="large",
            key_id="key_1",
            revision=snapshot.revision,
            status=200,
            failure="",
            stream=False,
            attempts=1,
            usage=None,
            cost_nusd=cost_nusd,
            cost_status="actual",
            latency_ms=1.0,
            first_content_ms=None,
            user=user,
            location="cloud",
            charges=(AttemptCharge(1, "large", "far", "large", "cloud", "answer", None, cost_nusd, "actual"),),
        )
    )
    return spending


def test_what_was_spent_counts_for_whom_it_was_spent(tmp_path: Path) -> None:
    snapshot = compile_yaml(DOCUMENT)
    spending = spend(snapshot, "ada", 9_000_000_000, tmp_path)
    with serve_explanations(snapshot, spending) as served:
        spent = explain(served, agent="writer", user="ada")
        assert (spent["model"], spent["facts"]["daily_cost"], spent["facts"]["budget"]) == ("own", 9, 10)
        assert {"fact": "daily_cost", "from": 9, "to": 8, "model": "large"} in spent["flips"]
        assert explain(served, agent="writer", user="bob")["model"] == "large"
        assert explain(served, agent="writer", user="ada", facts={"daily_cost": 1})["model"] == "large"


@pytest.mark.parametrize(
    ("body", "path", "code", "said"),
    [
        ({}, "/target", "missing_field", "agent:writer"),
        ({"agent": "writer", "facts": {"task.complexty": 1}}, "/facts/task.complexty", "invalid_value", "did you mean"),
        ({"agent": "writer", "task": {"complexity": 11}}, "/task/complexity", "invalid_value", "from 1 to 10"),
        ({"agent": "writer", "task": {"complexity": {"a": 1}}}, "/task/complexity", "invalid_value", "whole number"),
        ({"agent": "writer", "strategy": "cheap"}, "/strategy", "invalid_value", "balanced"),
        ({"agent": "writer", "privacy": "secret"}, "/privacy", "invalid_value", "low"),
        ({"agent": "writer", "facts": {"agent": "reader"}}, "/facts/agent", "invalid_value", "asked for"),
        ({"agent": "writer", "fcts": {}}, "/fcts", "unknown_field", ""),
        ({"agent": "writer", "tags": ["x"] * 33}, "/tags", "invalid_value", ""),
        ({"agent": "writer", "facts": {f"f{n}": n for n in range(201)}}, "/facts", "invalid_value", ""),
        ({"target": "auto", "facts": {"model.type": "local"}}, "/facts/model.type", "invalid_value", "name an agent"),
    ],
)
def test_what_no_request_could_be_is_refused_with_its_place(
    served: Explainer, body: object, path: str, code: str, said: str
) -> None:
    status, answer = served.ask(body)
    assert (status, answer["code"]) == (422, "invalid_request")
    assert [(found["path"], found["code"]) for found in answer["errors"]] == [(path, code)]
    assert said in answer["errors"][0]["message"]


def test_a_name_that_looks_like_a_key_is_not_repeated(served: Explainer) -> None:
    key = "sk-proj-" + "aB3" * 16
    status, answer = served.ask({"agent": "writer", "facts": {key: 1}})
    assert status == 422
    assert key not in str(answer)


def test_only_the_operator_may_ask(served: Explainer) -> None:
    assert served.ask({"agent": "writer"}, key="another")[0] == 401


def test_the_same_question_has_the_same_answer_in_another_process(served: Explainer) -> None:
    program = (
        "import sys; sys.path[:0] = sys.argv[2:];"
        "from explaining import compile_yaml; from pointsman.core.routing.ask import Question, build_hypothesis;"
        "from pointsman.core.routing.explain import explain; from pointsman.core.routing.describe import describe;"
        "import msgspec; h = build_hypothesis(compile_yaml(open(sys.argv[1]).read()), Question('agent:writer',"
        " tags=('b', 'a', 'c'), strategy='balanced'));"
        "print(msgspec.json.encode(describe(explain(h.snapshot, h.facts, h.live))).decode())"
    )
    answers = {_run(program, seed) for seed in ("1", "2")}
    assert len(answers) == 1


def _run(program: str, seed: str) -> str:
    tests = str(Path(__file__).parents[1])
    with TemporaryDirectory() as folder:
        file = Path(folder) / "pointsman.yaml"
        file.write_text(DOCUMENT)
        command = [sys.executable, "-c", program, str(file), tests]
        environ = {"PYTHONHASHSEED": seed, "PATH": "/usr/bin"}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
