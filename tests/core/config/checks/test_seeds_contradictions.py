"""The contradictions that stand in the documents of the seeds are found in what they mean in our form."""

from pathlib import Path

from checking import check, compile_text, describe, prove_text
from seed_documents import SEED_001

CASES = Path(__file__).parents[1] / "forms" / "cases"


def test_seed_001_names_skills_that_no_model_or_no_fallback_has() -> None:
    compiled = compile_text(SEED_001)
    assert compiled.snapshot is not None
    found = {describe(problem) for problem in compiled.problems if problem.code != "model_deprecated"}
    assert found == {
        "agents.cto_agent.fallback[0] incompatible_fallback warning",
        "agents.backend_agent.fallback[0] incompatible_fallback warning",
        "agents.frontend_agent.capabilities_required[1] capability_unknown warning",
        "agents.qa_agent.capabilities_required[0] capability_unknown warning",
        "agents.qa_agent.capabilities_required[1] capability_unknown warning",
    }


def test_seed_001_verifies_in_the_cloud_what_may_not_leave() -> None:
    problems = prove_text(SEED_001).problems
    assert [describe(problem) for problem in problems] == ["routing.rules[3].when conflicting_rules warning"]
    assert problems[0].message.startswith(
        'rule "privacy_enforcement" (line 53) and rule "cost_circuit_breaker" (line 52) can match the same request ('
    )
    assert "it then stays local and is not verified" in problems[0].message


def test_seed_001_stays_local_in_development_as_every_agent_can() -> None:
    assert compile_text(SEED_001, "development").snapshot is not None


def test_an_agent_of_seed_001_without_a_local_model_could_not() -> None:
    text = SEED_001.replace("    local_alternative: llama-3-70b\n", "").replace(
        "      - {when: \"task.privacy_level == 'high'\", use: llama-3-70b}\n", ""
    )
    text = text.replace("      - {when: cost_limit_reached, use: llama-3-70b}\n", "")
    errors = [describe(problem) for problem in compile_text(text).problems if problem.severity == "error"]
    assert errors == ["agents.cto_agent privacy_unsatisfiable error"]


def test_seed_004_falls_back_to_a_model_that_holds_a_sixteenth() -> None:
    tasks = "tasks: {complex_reasoning: {model: gpt-4-turbo, fallback: [claude-3-5-sonnet, gpt-4]}}\n"
    found = [problem for problem in check(tasks) if "model_deprecated" not in problem]
    assert found == ["tasks.complex_reasoning.fallback[1] incompatible_fallback warning"]


def find_all(case: str) -> set[str]:
    """What is found in one of the seeds' documents as it stands, in its own form and at its own lines."""
    (path,) = (CASES / case / "input").iterdir()
    text = path.read_text(encoding="utf-8")
    compiled = compile_text(text)
    assert compiled.snapshot is not None, "\n".join(map(str, compiled.problems))
    return {f"{one.path} {one.code}" for one in (*compiled.problems, *prove_text(text, lenient=True).problems)}


def test_seed_001_as_it_stands() -> None:
    assert {
        "agents.cto_agent.model_preferences.fallback incompatible_fallback",
        "agents.backend_agent.model_preferences.fallback incompatible_fallback",
        "agents.frontend_agent.capabilities_required[1] capability_unknown",
        "agents.qa_agent.capabilities_required[0] capability_unknown",
        "agents.qa_agent.capabilities_required[1] capability_unknown",
        "routing.global_rules[3].condition conflicting_rules",
    } <= find_all("registry-one-file")


def test_seed_004_as_it_stands() -> None:
    limits = "cost_controls.monthly_limits"
    assert {
        f"{limits}.total_budget budget_contradiction",
        *(
            f"{limits}.provider_caps.{name} budget_contradiction"
            for name in ("openai", "anthropic", "google", "cohere")
        ),
        "routing_strategy.complex_reasoning.fallback[1] incompatible_fallback",
        "routing_strategy.security_review.fallback[1] unknown_reference",
    } <= find_all("sections-one-file")
