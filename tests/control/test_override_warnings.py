"""An override that cannot act says so, and why; one that acts says nothing."""

import asyncio
from pathlib import Path

import pytest
from controlling import ANNA, Control, run

DOCUMENT = """\
version: 1
providers:
  near: {base_url: "http://127.0.0.1:9/v1"}
  far: {base_url: "https://models.example/v1", location: cloud, data_policy: may_train}
  trusted: {base_url: "https://trusted.example/v1", location: cloud, data_policy: no_training}
models:
  own: {provider: near}
  spare: {provider: near}
  asleep: {provider: near, enabled: false}
  mid: {provider: far, price_per_1m_tokens: {input: 1, output: 1}}
  good: {provider: trusted, price_per_1m_tokens: {input: 1, output: 1}}
agents:
  open: {model: own, fallback: [spare]}
  sealed: {model: own, fallback: [spare], policy: {privacy: high}}
  careful: {model: own, fallback: [spare], policy: {privacy: medium}}
  lonely: {model: own, policy: {privacy: medium}}
"""
MEDIUM = "policy: {privacy: medium}\n"
LOCAL = "routing: {force_local_models: true}\n"
CLEARANCE = "the request is medium, and far is cleared for low only"
CLOUD = "a cloud model, and requests must stay local: "


def list_warnings(folder: Path, kind: str, target: str, model: str, more: str = "") -> tuple[str, ...]:
    """What an override of an agent or a task is answered with."""
    found: list[str] = []

    async def script(control: Control) -> None:
        make = control.overrides.set_agent_model if kind == "agent" else control.overrides.force_task_model
        found.extend((await make(target, model, ANNA, None)).warnings)

    (folder / "pointsman.yaml").write_text(DOCUMENT + more)
    asyncio.run(run(folder, script))
    return tuple(found)


@pytest.mark.parametrize(
    ("agent", "model", "why", "then"),
    [
        ("sealed", "mid", f"{CLOUD}its policy has privacy: high", 'agent "sealed" runs on "spare" meanwhile'),
        ("careful", "mid", CLEARANCE, 'agent "careful" runs on "spare" meanwhile'),
        ("lonely", "mid", CLEARANCE, 'requests of agent "lonely" are refused meanwhile'),
        ("open", "asleep", "it, or its provider, is switched off", 'agent "open" runs on "spare" meanwhile'),
    ],
)
def test_an_agent_that_stays_where_it_was_is_named(tmp_path: Path, agent: str, model: str, why: str, then: str) -> None:
    (warning,) = list_warnings(tmp_path, "agent", agent, model)
    assert warning == f'"{model}" is not taken ({why}): {then}; name another model'


@pytest.mark.parametrize(
    ("agent", "model"), [("open", "mid"), ("open", "spare"), ("sealed", "spare"), ("careful", "good")]
)
def test_an_override_that_acts_warns_of_nothing(tmp_path: Path, agent: str, model: str) -> None:
    assert list_warnings(tmp_path, "agent", agent, model) == ()
    assert list_warnings(tmp_path, "agent", agent, model, "routing: {strategy: cost_optimized}\n") == ()


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (MEDIUM, CLEARANCE),
        (LOCAL, f"{CLOUD}routing.force_local_models is true"),
        ("policy: {privacy: high}\n", f"{CLOUD}policy.privacy is high"),
        ("routing: {strategy: privacy_first}\n", f'{CLOUD}the strategy "privacy_first" allows local models only'),
    ],
)
def test_a_task_that_is_forced_to_what_nothing_may_reach_is_told(tmp_path: Path, more: str, why: str) -> None:
    (warning,) = list_warnings(tmp_path, "task", "t", "mid", more)
    assert warning.startswith(f'"mid" is not taken ({why}): requests of this task') and "refused" in warning
    assert list_warnings(tmp_path, "task", "t", "own", more) == ()


@pytest.mark.parametrize(("model", "more"), [("mid", ""), ("good", MEDIUM), ("own", "")])
def test_a_task_whose_model_serves_warns_of_nothing(tmp_path: Path, model: str, more: str) -> None:
    assert list_warnings(tmp_path, "task", "t", model, more) == ()
