"""A full document, and seeded ways in which people, editors and disks spoil one."""

import random
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

SECRET = "sk-" + "zY9xW8vU" * 4
"""What is pasted in where no key may stand."""

FULL = """\
# yaml-language-server: $schema=pointsman.schema.json
version: 1
include: []
source: stored
providers:
  openai: {{}}
  anthropic:
    api_key: {{file: /run/secrets/anthropic}}
    timeouts: {{first_byte: 30s, total: 5m}}
    rate_limits: {{requests_per_minute: 1000, tokens_per_minute: 400000}}
  house:
    base_url: {url}/v1
    location: local
  workstation:
    base_url: http://192.168.1.20:8000/v1
    location: local
    headers: {{x-team: research}}
models:
  planner: {{provider: house, model_id: simulated-large, tier: 1}}
  small:
    provider: house
    model_id: simulated-small
    price_per_1m_tokens: {{input: "0.60", cached_input: "0.15", output: "0.60"}}
    context_window: 128000
    max_output_tokens: 8000
    capabilities: [tools, code_generation]
    quality: 80%
    speed: {{tokens_per_second: 60, first_token: 400ms}}
  private:
    provider: workstation
    model_id: qwen3-32b
    capabilities: [code_generation]
    resources: {{gpu_memory_gb: 24}}
agents:
  orchestrator:
    description: Splits a task and hands the parts to the other agents
    model: planner
    fallback: [gpt-5.4-mini]
    local_alternative: private
    budget_mode: small
    rules:
      - {{when: "task.privacy_level == 'high'", use: private, because: client data stays with us}}
    parameters: {{temperature: 0.3, max_tokens: 40}}
    reasoning: A wrong split costs more than the price difference
    tags: [supervisor]
  notes:
    description: Works on notes that must not leave the house
    model: private
    policy: {{privacy: high}}
interactions:
  planning: {{model: planner, parameters: {{temperature: 0.2}}, description: Plans that a program asks for}}
tasks:
  security_review: {{model: planner, fallback: [small], criteria: security expertise}}
routing:
  attempts: 3
  strategies:
    thrifty: {{prefer_local_models: true, weights: {{cost_efficiency: 2, quality_expectations: 1}}}}
  rules:
    - {{name: personal data, when: data.contains_pii, action: force_local_model}}
  tiers: [[planner], [small, private]]
budgets:
  - {{scope: "provider:openai", window: day, limit: "$500", on_exceed: local_only, alert_at: [50%, 80%, 95%]}}
experiments:
  cheaper-split: {{agent: orchestrator, split: {{control: 90, candidate: 10}}, variants: {{candidate: small}}}}
policy: {{on_loss: warn}}
cache: {{mode: exact, ttl: 1h, max_size: 256MiB}}
alerts: {{on: [budget_threshold_warnings], webhook: {{env: POINTSMAN_ALERTS_URL}}}}
retention: {{usage: 400d, revisions: 1000}}
security: {{environment_variables: [HOUSE_REGION]}}
telemetry: {{metrics_access: loopback, request_logging: metadata_only}}
server: {{listen: "127.0.0.1:4100", local_resources: {{gpu_memory_gb: 48}}}}
environments:
  development:
    models:
      planner: {{provider: openai, model_id: gpt-5.4-mini}}
    agents:
      orchestrator: {{fallback: [small], parameters: {{temperature: 0.9}}}}
    routing: {{force_local_models: false}}
"""

LITELLM = """\
model_list:
  - model_name: orchestrator
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY}
router_settings: {num_retries: 2}
"""

Random = random.Random
Spoil = Callable[[bytes, Random], bytes]

_KEY = re.compile(rb"(?m)(?<=[ {])([a-z_]{3,})(?=: )|^([a-z]+)(?=:)")


_JUNK = (
    *(b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\t", b"\r", "\u202e".encode(), b"\x1b[2J"),
    *(b"{", b"]", b"'", b"%"),
)
_VALUES = (
    *b"1e999 -1 0 0x10 .nan 1_000 12:30:45 2026-01-01 yes null ~ true [] {} nobody agent:orchestrator".split(),
    *(b"*a", b"&a 1", b"!!python/object:os.system x", b"!include x", b"${PATH}", b"${POINTSMAN_UNSET}"),
    *(b'"%s"' % SECRET.encode(), b"[" * 5_000 + b"]" * 5_000, b"{a: " * 33 + b"1" + b"}" * 33, b"9" * 5_000),
    *(b'"\\uD800"', b'"\\0"', b"|", b"'", b"x" * 70_000),
)


def _flip_bits(text: bytes, chance: Random) -> bytes:
    spoilt = bytearray(text)
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def _put_bytes(text: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(text))
    return text[:place] + chance.choice(_JUNK) + text[place:]


def _cut_off(text: bytes, chance: Random) -> bytes:
    return text[: chance.randrange(len(text))]


def _cut_at_line(text: bytes, chance: Random) -> bytes:
    lines = text.splitlines(keepends=True)
    return b"".join(lines[: chance.randrange(1, len(lines))])


def _delete_lines(text: bytes, chance: Random) -> bytes:
    lines = text.splitlines(keepends=True)
    place = chance.randrange(len(lines))
    del lines[place : place + chance.choice((1, 1, 3))]
    return b"".join(lines)


def _repeat_line(text: bytes, chance: Random) -> bytes:
    lines = text.splitlines(keepends=True)
    place = chance.randrange(len(lines))
    return b"".join((*lines[:place], lines[place], *lines[place:]))


def _swap_lines(text: bytes, chance: Random) -> bytes:
    lines = text.splitlines(keepends=True)
    one, other = chance.sample(range(len(lines)), 2)
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _change_indent(text: bytes, chance: Random) -> bytes:
    lines = text.splitlines(keepends=True)
    place = chance.randrange(len(lines))
    lines[place] = chance.choice((b" ", b"   ", b"\t")) + lines[place]
    return b"".join(lines)


def _swap_keys(text: bytes, chance: Random) -> bytes:
    one, other = sorted(chance.sample(list(_KEY.finditer(text)), 2), key=lambda found: found.start())
    return text[: one.start()] + other[0] + text[one.end() : other.start()] + one[0] + text[other.end() :]


def _rename_key(text: bytes, chance: Random) -> bytes:
    found = chance.choice(list(_KEY.finditer(text)))
    name = chance.choice((found[0].upper(), found[0][:-1], found[0] + b"s", b"__proto__", b"<<", b"? [a]", b"${HOME}"))
    return text[: found.start()] + name + text[found.end() :]


def _replace_value(text: bytes, chance: Random) -> bytes:
    found = chance.choice(list(re.finditer(rb"(?<=: )[^\s{}\[\],]+", text)))
    value = chance.choice(_VALUES)
    return text[: found.start()] + value + text[found.end() :]


def _paste_secret(text: bytes, chance: Random) -> bytes:
    lines = text.splitlines(keepends=True)
    place = chance.randrange(1, len(lines))
    key = SECRET.encode()
    pasted = chance.choice(
        (b"api_key: " + key, b"    " + key + b": x", b"  - " + key, key, b"# " + key, b"description: use " + key)
    )
    return b"".join((*lines[:place], pasted + b"\n", *lines[place:]))


def _reword(text: bytes, chance: Random) -> bytes:
    found = chance.choice(list(re.finditer(rb"(?<=description: )[A-Z]", text)))
    return text[: found.start()] + b"Version %d: " % chance.randrange(10**6) + text[found.start() :]


def _recode(text: bytes, chance: Random) -> bytes:
    return text.decode().encode(chance.choice(("utf-16", "utf-16-be", "utf-32", "utf-8-sig", "utf-7", "cp037")))


def _replace_whole(text: bytes, chance: Random) -> bytes:
    anchors = b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % max(n - 1, 0)] * 9)) for n in range(9))
    wholes = (
        *(b"", b"\n", b"# nothing\n", b"null", b"[]", b"agents", b"include: [.]", anchors, LITELLM.encode()),
        *(b"---\n" + text + b"---\n" + text, text + text, text + b"#" * 2**21, b"%YAML 9.9\n---\n" + text),
        *(b"\0" * 4_096, b"{" * 100_000, b"a: 1\n" * 60_000, b"\x7fELF" + bytes(range(256))),
        b"include: [../../../etc/passwd]\n" + text,
    )
    return chance.choice(wholes)


SPOILS: tuple[Spoil, ...] = (
    *(_flip_bits, _put_bytes, _cut_off, _cut_at_line, _delete_lines, _repeat_line, _swap_lines, _change_indent),
    *(_swap_keys, _rename_key, _replace_value, _paste_secret, _recode, _replace_whole, _reword),
)
"""Ways to change a text; some of what they make are good documents, which must then be taken over."""


STRANGE: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 2**40, 1e300, 0.5, "", "nobody", "yes", "\u00e9", "1e3", "$5", "5 EUR", "90%"),
    *("${PATH}", "http://169.254.169.254", "agent:orchestrator", "simulated-large", "\n", "a\tb", "x" * 5_000),
    *([], {}, ["a"], [None], {"a": {}}, {"a": None}, [[[[1]]]], {"env": "PATH"}, {"file": "/etc/passwd"}),
    *(f"use {SECRET}", {SECRET: 1}),
)


def spoil_values(document: dict[str, Any], chance: Random) -> dict[str, Any]:
    """A document as a change by API may hold it, with one to three of its values, names or entries spoilt."""
    spoilt = deepcopy(document)
    for _ in range(chance.choice((1, 1, 2, 3))):
        holder, key = chance.choice(_list_places(spoilt))
        match chance.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                names = (str(key).upper(), f"{key}s", str(key)[::-1], "a.b", 'q"', "__proto__")
                holder[chance.choice(names)] = holder.pop(key)
            case 2:
                other, place = chance.choice(_list_places(document))
                holder[key] = deepcopy(other[place])
            case _:
                holder[key] = deepcopy(chance.choice(STRANGE))
        if not _list_places(spoilt):
            break
    return spoilt


def _list_places(holder: Any) -> list[tuple[Any, Any]]:
    places: list[tuple[Any, Any]] = []
    keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
    for key in keys:
        places += [(holder, key), *_list_places(holder[key])]
    return places
