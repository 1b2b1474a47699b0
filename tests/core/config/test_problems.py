"""How a problem is told: exactly, bounded, escaped, and without secrets."""

from compiling import compile_text

from pointsman.core.config.problems import MOST_PROBLEMS, Problem, quote

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


def test_a_problem_reads_as_the_design_says() -> None:
    message = 'unknown model "gpt-4p"'
    problem = Problem(
        "pointsman.yaml", 41, 9, "agents.cto_agent.model", "unknown_reference", "error", message, "gpt-4o"
    )
    assert str(problem) == (
        'pointsman.yaml:41:9 agents.cto_agent.model: unknown model "gpt-4p" (unknown_reference); did you mean "gpt-4o"?'
    )


def test_input_is_cut_at_64_characters_and_escaped() -> None:
    assert quote("x" * 65) == '"' + "x" * 64 + '..."'
    assert quote('a"b\\c\n\u202ed\x1b') == r'"a\"b\\c\n\u202ed\x1b"'


def test_at_most_50_problems_in_the_order_of_the_document_errors_before_warnings() -> None:
    clouds = "".join(f"  c{i}: {{base_url: https://c{i}.example/v1}}\n" for i in range(60))
    models = "".join(f"  m{i}: {{provider: c{i}}}\n" for i in range(60))
    agents = "".join(f"  a{i}: {{model: nowhere{i}}}\n" for i in range(45))
    problems = compile_text(f"providers:\n{clouds}models:\n{models}agents:\n{agents}").problems
    assert len(problems) == MOST_PROBLEMS
    assert sum(problem.severity == "error" for problem in problems) == 45
    assert [problem.line for problem in problems] == sorted(problem.line for problem in problems)


def test_no_problem_repeats_a_secret_wherever_it_stands() -> None:
    text = (
        f"{KEY}: 1\nproviders: {{openai: {{api_key: {KEY}}}, {KEY}: {{dialect: {KEY}}}}}\n"
        f"models: {{a: {{provider: {KEY}, price_per_1m_tokens: {{input: {KEY}, output: 1}}}}}}\n"
        f"agents: {{b: {{model: {KEY}, description: 'the key is {KEY}', parameters: {{seed: {KEY}}}}}}}\n"
    )
    told = "\n".join(map(str, compile_text(text).problems))
    assert told.count("inline_secret") == 9
    assert KEY[3:] not in told
