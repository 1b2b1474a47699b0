"""Rows A09, Y35 and ruling 18: which base URLs may be called, and which stay on this machine."""

import pytest
from compiling import compile_good, compile_text, list_codes

from pointsman.core.config.base_url import ForbiddenUrl, complete_base_url, read_base_url


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://x.example",
        "api.example.com/v1",
        "https://",
        "https:///v1",
        "https://user@x.example/v1",
        "https://user:pass@x.example/v1",
        "https://x.example/v1?key=1",
        "https://x.example/v1#top",
        "https://x.example/v1#",
        "https://x.example:0/v1",
        "https://x.example:6379/v1",
        "https://x.example:70000/v1",
        "https://x.example./v1",
        "https://ex\u0430mple.com/v1",
        "https://x.example/ v1",
        "https://x.example\\@evil.example/v1",
        "https://x.example\t/v1",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://0177.0.0.1/",
        "http://[::ffff:169.254.169.254]/",
        "http://169.254.169.254/latest",
        "http://metadata.google.internal/",
        "http://100.100.100.200/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0:8080/v1",
        "http://[::]/v1",
        "http://224.0.0.1/",
        "https://[::1/v1",
        "https://" + "x" * 64 + ".example/",
        "https://x.example/" + "a" * 2_048,
    ],
)
def test_these_are_never_a_base_url(url: str) -> None:
    with pytest.raises(ForbiddenUrl):
        read_base_url(url)


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("https://api.openai.com/v1", "public"),
        ("https://8.8.8.8/v1", "public"),
        ("http://localhost:11434/v1/", "loopback"),
        ("http://llm.localhost/v1", "loopback"),
        ("http://127.8.9.1/v1", "loopback"),
        ("http://[::1]:8080/v1", "loopback"),
        ("http://[::ffff:127.0.0.1]/v1", "loopback"),
        ("http://10.1.2.3/v1", "private"),
        ("http://192.168.1.5:11434/v1", "private"),
        ("http://[fd12:3456::1]/v1", "private"),
        ("http://ollama:11434/v1", "private"),
        ("http://gpu-box.local/v1", "private"),
    ],
)
def test_where_a_host_is_follows_from_its_spelling(url: str, reach: str) -> None:
    assert read_base_url(url).reach == reach
    assert not read_base_url(url).url.endswith("/")


@pytest.mark.parametrize(
    ("written", "completed"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:11435", "http://127.0.0.1:11435/v1"),
        ("http://gpu.local:11434/", "http://gpu.local:11434/v1"),
        ("https://ollama.example.com", "https://ollama.example.com/v1"),
        ("http://localhost/api/v1", "http://localhost:11434/api/v1"),
        ("[::1]", "http://[::1]:11434/v1"),
        ("http://[", "http://["),
    ],
)
def test_a_variable_may_leave_out_what_is_usual(written: str, completed: str) -> None:
    assert complete_base_url(written, "http://127.0.0.1:11434/v1") == completed


def locate(fields: str) -> str:
    snapshot = compile_good(f"providers: {{own: {{{fields}}}}}\nmodels: {{m: {{provider: own}}}}\n")
    return snapshot.models["m"].deployment.location


def test_a_provider_is_local_only_where_its_address_or_its_owner_says_so() -> None:
    assert locate("base_url: 'http://localhost:1/v1'") == "local"
    assert locate("base_url: 'http://10.0.0.1/v1', location: local") == "local"
    trusted = "trust: local, trusted_networks: [203.0.113.0/24]"
    assert locate(f"base_url: 'https://x.example/v1', location: local, {trusted}") == "local"
    assert locate("base_url: 'http://127.0.0.1:1/v1', location: cloud, allow_private: ['127.0.0.1:1']") == "cloud"
    assert locate("base_url: 'https://x.example/v1'") == "cloud"


@pytest.mark.parametrize(
    "fields",
    [
        "base_url: 'http://10.0.0.1/v1'",
        "base_url: 'https://10.0.0.1/v1', location: cloud",
        "base_url: 'http://x.example'",
    ],
)
def test_a_private_address_and_plain_http_must_be_called_local(fields: str) -> None:
    assert list_codes(compile_text(f"providers: {{own: {{{fields}}}}}\n")) == ["forbidden_url"]


def test_a_variable_moves_a_provider_and_is_judged_like_a_written_url() -> None:
    text = "providers: {ollama: {}}\nmodels: {m: {provider: ollama}}\n"
    moved = compile_good(text, base_urls={"OLLAMA_HOST": "http://192.168.1.5"}).models["m"].deployment
    assert (moved.base_url, moved.location) == ("http://192.168.1.5:11434/v1", "local")
    (problem,) = compile_text(text, base_urls={"OLLAMA_HOST": "http://gpu.example.com"}).problems
    assert (problem.code, problem.path) == ("forbidden_url", "providers.ollama")
    assert moved.base_url != compile_good(text).models["m"].deployment.base_url == "http://127.0.0.1:11434/v1"
