"""Keys are planted everywhere that doctor looks, and looked for in all that it says; and it changes nothing there."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from examining import Site, list_state
from small_server import serve
from stored import make_database

from pointsman.diagnosis.finding import warn
from pointsman.diagnosis.secrecy import hide_secrets, list_secrets, name_url, show_text

PLANTED = {
    "OPENAI_API_KEY": "sk-planted-openai-0123456789abcdef",
    "ANTHROPIC_API_KEY": " sk-ant-planted-with-blank-0123456789 ",
    "POINTSMAN_ADMIN_KEY": "planted-admin-key-of-some-length",
    "POINTSMAN_HOUSE_KEY": "planted house key with blanks",
    "LLM_PROVIDER": "sk-planted-in-the-wrong-variable-0123",
    "GRADIENT_MODEL": "sk-planted-as-a-model-0123456789",
    "POINTSMAN_ENV": "sk-planted-as-an-environment-0123456",
    "HTTPS_PROXY": "http://user:planted-proxy-password@proxy:3128",
    "OLLAMA_URL": "http://user:planted-ollama-password@127.0.0.1:1",
    "POINTSMAN_HOST": "sk-planted-as-a-host-0123456789abcdef",
    "POINTSMAN_PORT": "sk-planted-as-a-port-0123456789abcdef",
    "DATABASE_PASSWORD": "planted-database-password",
}
DOCUMENT = """\
providers:
  openai: {api_key: {file: FILE}}
  anthropic: {}
  house: {base_url: "http://127.0.0.1:PORT/v1", api_key: {env: POINTSMAN_HOUSE_KEY}}
  filed: {base_url: "http://127.0.0.1:PORT/v1", api_key: {file: FILE}}
  ollama: {base_url: "http://127.0.0.1:1/v1"}
models:
  gpt-4o: {provider: openai}
  claude-3-opus: {provider: anthropic}
  small: {provider: house}
  tiny: {provider: filed}
  mistral: {provider: ollama}
agents: {writer: {model: gpt-4o}}
security:
  compliance: [GDPR_data_protection, SOC2_security_controls, HIPAA_privacy_safeguards, PCI_DSS_payment_security]
"""
INLINE = """\
providers: {openai: {api_key: sk-planted-inline-0123456789abcdef}}
models: {sk-planted-as-a-name-0123456789: {provider: x}}
"""


def plant(site: Site, port: int, document: str) -> list[str]:
    """Put a key everywhere; answers with all of them."""
    [virtual_key] = make_database(site.make_home(), keys=1)
    written = {
        "file": "sk-planted-in-a-file-0123456789abcdef",
        "admin": "planted-admin-key-in-demo-env-0123",
        "virtual": virtual_key,
    }
    path = site.write(written["file"] + "\n", "key", 0o644)
    local = site.home / "demo.env"
    local.touch(0o600)
    local.write_text(
        f"POINTSMAN_URL=http://u:planted-url-password@127.0.0.1:{port}\n"
        f"POINTSMAN_API_KEY={virtual_key}\nPOINTSMAN_ADMIN_KEY={written['admin']}\n"
    )
    site.write(document.replace("FILE", str(path)).replace("PORT", str(port)))
    passwords = [
        "planted-proxy-password",
        "planted-ollama-password",
        "planted-url-password",
        "planted-inline",
        "as-a-name",
    ]
    urls = ("HTTPS_PROXY", "OLLAMA_URL")
    return [*written.values(), *passwords, *(value.strip() for name, value in PLANTED.items() if name not in urls)]


@pytest.mark.parametrize("document", [DOCUMENT, INLINE])
@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize("left_out", [(), ("POINTSMAN_ENV", "POINTSMAN_HOST", "POINTSMAN_PORT", "POINTSMAN_ADMIN_KEY")])
def test_no_planted_key_is_ever_said(site: Site, document: str, options: list[str], left_out: tuple[str, ...]) -> None:
    echo = json.dumps({"error": list(PLANTED.values())})
    answers = {"GET /v1/models": (401, echo), "POST /v1/chat/completions": (401, echo), "GET /health": (200, echo)}
    with serve(answers | {"GET /api/v1/configuration": (403, echo)}) as server:
        planted = plant(site, server.port, document)
        before = list_state(site.folder)
        environ = {name: value for name, value in PLANTED.items() if name not in left_out}
        answer = subprocess.run(
            [sys.executable, "-m", "pointsman.cli.main", "doctor", "--online", "--compliance", *options],
            cwd=site.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(site.folder), **environ},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert answer.returncode == 1
    assert answer.stderr == ""
    assert [secret for secret in planted if secret in answer.stdout] == []
    assert "planted" not in answer.stdout.replace(site.folder.name, "").replace(str(site.folder), "")
    assert list_state(site.folder) == before


def test_every_value_of_a_variable_that_is_called_like_a_secret_is_hidden() -> None:
    secrets = list_secrets(
        {"A_TOKEN": "abcdef-token", "SHORT_KEY": "abc", "PLAIN": "visible", "URL": "x://u:pass-word@h/"}
    )
    assert secrets == {"abcdef-token", "u:pass-word", "pass-word"}
    [found] = hide_secrets([warn("x", "abcdef-token and visible", "pass-word")], secrets)
    assert (found.message, found.next) == ("[hidden] and visible", "[hidden]")
    [found] = hide_secrets([warn("x", 'models.sk-planted-0123456789abcdef.price and "visible"', "write it")], ())
    assert found.message == '[hidden] and "visible"'


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:password@host:8443/path?key=value", "https://host:8443"),
        ("http://[::1]:80/x", "http://[::1]:80"),
        ("http://[::1", "what is not a URL"),
        ("sk-planted-0123456789", "what is not a URL"),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    assert name_url(url) == shown


def test_a_text_is_short_printable_and_no_key(tmp_path: Path) -> None:
    assert show_text("sk-planted-0123456789abcdef") == "what looks like a key"
    assert show_text("line\nend\x1b[31m") == "line\\nend\\x1b[31m"
    assert show_text("a" * 100) == "a" * 64 + "..."
