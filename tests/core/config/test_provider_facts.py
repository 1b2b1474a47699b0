"""What a provider's name and format say of it in a compiled configuration, and what a document says otherwise."""

import pytest
from compiling import compile_text

from pointsman.core.config.snapshot import Deployment

KEYS = frozenset(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AWS_ACCESS_KEY_ID", "GOOGLE_APPLICATION_CREDENTIALS"))


def deploy(provider: str, model: str = "m", name: str = "own") -> Deployment:
    text = f"providers: {{{name}: {provider}}}\nmodels: {{m: {{provider: {name}, model_id: {model}}}}}\n"
    compiled = compile_text(text, set_variables=KEYS)
    assert compiled.snapshot is not None, compiled.problems
    return compiled.snapshot.models["m"].deployment


def find_problems(text: str) -> list[tuple[str, str, str]]:
    compiled = compile_text(text, set_variables=KEYS)
    return [(found.path, found.code, found.message) for found in compiled.problems]


@pytest.mark.parametrize(
    ("name", "provider", "auth"),
    [
        ("openai", "{}", "bearer"),
        ("openai", "{dialect: openai_responses}", "bearer"),
        ("anthropic", "{}", "x-api-key"),
        ("anthropic", "{dialect: openai_chat}", "bearer"),
        ("anthropic", "{base_url: 'https://relay.example/v1'}", "x-api-key"),
        ("anthropic", "{auth: bearer}", "bearer"),
        ("google", "{}", "x-goog-api-key"),
        ("azure-openai", "{base_url: 'https://us.openai.azure.com/openai/v1', dialect: openai_responses}", "api-key"),
        ("own", "{base_url: 'https://own.example/v1'}", "bearer"),
        ("own", "{base_url: 'https://own.example/v1', dialect: anthropic_messages}", "x-api-key"),
        ("own", "{base_url: 'https://own.example/v1', dialect: gemini}", "x-goog-api-key"),
        ("own", "{base_url: 'https://own.example/v1', dialect: bedrock_converse}", "aws_sigv4"),
        ("own", "{base_url: 'https://own.example/v1', dialect: gemini, auth: none}", "none"),
    ],
)
def test_how_the_key_travels(name: str, provider: str, auth: str) -> None:
    assert deploy(provider, name=name).auth == auth


def test_fixed_headers_stand_below_those_of_the_document() -> None:
    assert deploy("{}", name="anthropic").headers == (("anthropic-version", "2023-06-01"),)
    assert deploy("{headers: {anthropic-beta: b}}", name="anthropic").headers == (
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "b"),
    )
    assert deploy("{headers: {Anthropic-Version: '2027-01-01'}}", name="anthropic").headers == (
        ("Anthropic-Version", "2027-01-01"),
    )
    assert deploy("{dialect: openai_chat}", name="anthropic").headers == ()
    own = deploy("{base_url: 'https://own.example/v1', dialect: anthropic_messages}")
    assert own.headers == (("anthropic-version", "2023-06-01"),)


def test_another_name_at_a_known_address_is_the_same_provider() -> None:
    second = deploy("{base_url: 'https://api.openai.com/v1/'}", "gpt-5")
    assert [quirk.name for quirk in second.quirks] == ["reasoning-output-limit", "reasoning-sampling"]
    claude = deploy("{base_url: 'https://api.anthropic.com/v1', dialect: anthropic_messages}", "claude-opus-5")
    assert [quirk.name for quirk in claude.quirks] == ["claude-no-sampling", "claude-adaptive-thinking"]
    compatible = deploy("{base_url: 'https://api.anthropic.com/v1'}", "claude-opus-5")
    assert (compatible.dialect, compatible.auth, compatible.headers, compatible.quirks) == (
        "openai_chat",
        "bearer",
        (),
        (),
    )
    assert deploy("{base_url: 'https://api.openai.com.evil.example/v1'}", "gpt-5").quirks == ()


def test_quirks_are_chosen_for_the_model_and_a_document_has_the_last_word() -> None:
    assert deploy("{}", "gpt-4o", "openai").quirks == ()
    names = [quirk.name for quirk in deploy("{}", "gpt-5", "openai").quirks]
    assert names == ["reasoning-output-limit", "reasoning-sampling"]
    own = "{quirks: [{name: reasoning-sampling}, {name: ours, models: ['gpt-5*'], least: {max_completion_tokens: 64}}]}"
    quirks = deploy(own, "gpt-5", "openai").quirks
    assert [quirk.name for quirk in quirks] == ["reasoning-output-limit", "reasoning-sampling", "ours"]
    assert quirks[1].drop == ()
    assert quirks[2].least == {"max_completion_tokens": 64}
    assert type(quirks[2].least["max_completion_tokens"]) is int
    assert hash(deploy(own, "gpt-5", "openai"))


@pytest.mark.parametrize(
    ("quirk", "path", "code"),
    [
        ("{}", "providers.own.quirks[0].name", "missing_key"),
        ("{name: q, dorp: [x]}", "providers.own.quirks[0].dorp", "unknown_key"),
        ("{name: q, least: {x: much}}", "providers.own.quirks[0].least.x", "invalid_type"),
        ("{name: q, least: {x: true}}", "providers.own.quirks[0].least.x", "invalid_type"),
        ("{name: q, add: {x: [1]}}", "providers.own.quirks[0].add.x", "invalid_type"),
        ("{name: q, dialects: [klingon]}", "providers.own.quirks[0].dialects[0]", "invalid_value"),
        ("{name: q}, {name: q}", "providers.own", "conflict"),
    ],
)
def test_a_quirk_with_a_mistake_is_refused_at_its_place(quirk: str, path: str, code: str) -> None:
    text = f"providers: {{own: {{base_url: 'https://own.example/v1', quirks: [{quirk}]}}}}\n"
    assert (path, code) in [(found[0], found[1]) for found in find_problems(text)]


def test_keys_that_are_no_key_by_themselves_are_read_in_their_own_way() -> None:
    bedrock = deploy("{base_url: 'https://bedrock-runtime.eu-west-1.amazonaws.com'}", name="bedrock")
    pair = "AWS_ACCESS_KEY_ID+AWS_SECRET_ACCESS_KEY+AWS_SESSION_TOKEN?"
    assert bedrock.credential == f"env:AWS_BEARER_TOKEN_BEDROCK,{pair}"
    assert bedrock.clearance == "medium"
    named = deploy("{base_url: 'https://own.example', api_key: {env: AWS_ACCESS_KEY_ID}}")
    assert named.credential == f"env:{pair}"
    place = "https://europe-west4-aiplatform.googleapis.com/v1/projects/p-1/locations/europe-west4/publishers/google"
    vertex = deploy(f"{{base_url: '{place}'}}", name="vertex")
    assert vertex.credential == "env:@GOOGLE_APPLICATION_CREDENTIALS"
    assert vertex.clearance == "medium"
    assert deploy("{base_url: 'https://evil.example/v1'}", name="vertex").clearance == "low"
    assert deploy("{auth: none}", name="openai").credential is None


def test_a_provider_whose_customers_have_addresses_of_their_own_wants_one() -> None:
    ((path, code, message),) = find_problems("providers: {azure-openai: {auth: none}}\n")
    assert (path, code) == ("providers.azure-openai.base_url", "missing_key")
    assert "https://RESOURCE.openai.azure.com/openai/v1" in message
    assert "AZURE_OPENAI_ENDPOINT" in message


@pytest.mark.parametrize(
    "value", ["https://us.openai.azure.com/", "https://us.openai.azure.com/openai/v1", "us.openai.azure.com"]
)
def test_an_endpoint_is_completed_with_what_its_variable_leaves_out(value: str) -> None:
    text = "providers: {azure-openai: {}}\nmodels: {m: {provider: azure-openai, model_id: gpt-5-team}}\n"
    keys = frozenset(("AZURE_OPENAI_API_KEY",))
    compiled = compile_text(text, base_urls={"AZURE_OPENAI_ENDPOINT": value}, set_variables=keys)
    assert compiled.snapshot is not None, compiled.problems
    found = compiled.snapshot.models["m"].deployment
    assert found.base_url == "https://us.openai.azure.com/openai/v1"
    assert [quirk.name for quirk in found.quirks] == ["reasoning-output-limit", "reasoning-sampling"]
