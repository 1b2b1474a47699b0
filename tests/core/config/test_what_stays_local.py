"""What must stay local is told by privacy labels, by force, and by strategies, whose names keep their promise."""

import pytest
from compiling import compile_good

HEAD = "providers: {near: {base_url: 'http://127.0.0.1:9/v1'}}\nmodels: {m: {provider: near}}\n"


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("routing: {strategy: privacy_first}", True),
        ("routing: {strategy: privacy_first, strategies: {privacy_first: {description: ours}}}", True),
        (
            "routing: {strategy: privacy_first, strategies: {privacy_first: {allow_cloud_models: true,"
            " required_model_type: cloud}}}",
            False,
        ),
        ("routing: {strategy: balanced}", False),
        ("routing: {strategies: {own: {allow_cloud_models: false}}}", False),
        ("routing: {strategy: own, strategies: {own: {allow_cloud_models: false}}}", True),
        ("routing: {force_local_models: true}", True),
        ("policy: {privacy: high}", True),
        ("policy: {privacy: medium}", False),
    ],
)
def test_what_stays_local(text: str, stays: bool) -> None:
    snapshot = compile_good(f"{HEAD}agents: {{a: {{model: m}}}}\n{text}\n")
    assert (snapshot.agents["a"].stays_local is not None) is stays
    assert (snapshot.settings.stays_local is not None) is stays


def test_an_agent_may_lower_what_holds_for_all() -> None:
    snapshot = compile_good(f"{HEAD}agents: {{a: {{model: m, policy: {{privacy: low}}}}}}\npolicy: {{privacy: high}}\n")
    assert snapshot.agents["a"].stays_local is None
