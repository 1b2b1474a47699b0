"""What a model of a compiled configuration can be asked for: by its provider, its capabilities, or else its id."""

import pytest
from compiling import compile_text

CHAT = {"chat"}
OPEN = {"chat", "embeddings", "rerank", "moderations"}


def list_operations(provider: str, model: str, name: str = "own") -> set[str]:
    text = f"providers: {{{name}: {provider}}}\nmodels: {{m: {{provider: {name}, {model}}}}}\n"
    compiled = compile_text(text)
    assert compiled.snapshot is not None, compiled.problems
    return set(compiled.snapshot.models["m"].operations)


@pytest.mark.parametrize(
    ("name", "provider", "operations"),
    [
        ("own", "{base_url: 'https://own.example/v1'}", OPEN),
        ("own", "{base_url: 'https://own.example/v1', dialect: openai_responses}", OPEN),
        ("own", "{base_url: 'https://own.example/v1', dialect: anthropic_messages}", {"chat", "count_tokens"}),
        ("own", "{base_url: 'https://own.example/v1', dialect: bedrock_converse}", CHAT),
        ("own", "{base_url: 'https://own.example/v1', dialect: cohere}", {"chat", "embeddings", "rerank"}),
        ("openai", "{}", {"chat", "embeddings", "moderations"}),
        ("groq", "{}", CHAT),
        ("google", "{}", {"chat", "embeddings", "count_tokens"}),
        ("anthropic", "{}", {"chat", "count_tokens"}),
    ],
)
def test_a_provider_serves_what_its_format_can_say_and_the_catalogue_knows(
    name: str, provider: str, operations: set[str]
) -> None:
    assert list_operations(provider, "model_id: anything", name) == operations


@pytest.mark.parametrize(
    ("capabilities", "operations"),
    [
        ("[embeddings]", {"embeddings"}),
        ("[embeddings, rerank]", {"embeddings", "rerank"}),
        ("[moderation]", {"moderations"}),
        ("[coding]", CHAT),
        ("[coding, embeddings]", {"chat", "embeddings"}),
        ("[]", OPEN),
    ],
)
def test_capabilities_that_are_stated_are_all(capabilities: str, operations: set[str]) -> None:
    model = f"model_id: anything, capabilities: {capabilities}"
    assert list_operations("{base_url: 'https://own.example/v1'}", model) == operations


@pytest.mark.parametrize(
    ("model_id", "operations"),
    [
        ("text-embedding-3-small", {"embeddings"}),
        ("nomic-embed-text", {"embeddings"}),
        ("BAAI/bge-reranker-v2-m3", {"rerank"}),
        ("omni-moderation-latest", {"moderations"}),
        ("gpt-4o", OPEN),
    ],
)
def test_an_id_tells_where_nobody_else_does(model_id: str, operations: set[str]) -> None:
    provider = "{base_url: 'https://own.example/v1'}"
    assert list_operations(provider, f"model_id: {model_id}") == operations
    assert list_operations(provider, f"model_id: {model_id}, capabilities: [coding]") == CHAT
