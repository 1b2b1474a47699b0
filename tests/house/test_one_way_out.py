"""Prompts leave the process through one function: nobody else so much as names what sends them."""

import ast

from source_tree import Module, parse_module, read_modules

GATE = "relay/egress.py"


def list_senders(module: Module) -> list[str]:
    """Every place that names `send` of an object, or looks it up by its name."""
    found = []
    for node in module.walk():
        if isinstance(node, ast.Attribute) and node.attr == "send":
            found.append(ast.unparse(node))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "attrgetter", "methodcaller"):
            found += [ast.unparse(node) for part in node.args if getattr(part, "value", None) == "send"]
    return found


def test_the_gate_alone_sends_requests_to_providers() -> None:
    senders = {module.name: list_senders(module) for module in read_modules() if list_senders(module)}
    assert senders.pop(GATE) == ["upstream.send"]
    # These pass the gate: they name it, and it names the upstream.
    assert senders.pop("relay/try_model.py") == ["relay.gate.send"]
    # This one is the upstream, for all providers together.
    assert senders == {"upstream/upstreams.py": ["self._http.send"]}


def test_only_the_assembly_knows_the_upstream_that_opens_sockets() -> None:
    importers = {
        module.name
        for module in read_modules()
        for node in module.walk()
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pointsman.upstream.client")
    }
    assert importers == {"assembly/outside.py"}


def test_only_the_assembly_and_the_upstream_know_what_hands_requests_to_litellm() -> None:
    importers = {
        module.name
        for module in read_modules()
        for node in module.walk()
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pointsman.upstream.long_tail.carrier")
    }
    assert importers == {"assembly/outside.py", "upstream/upstreams.py"}


def test_a_way_around_would_be_seen() -> None:
    text = (
        "async def leak(relay, body):\n    f = relay.upstream.send\n    await getattr(relay.upstream, 'send')(body)\n"
    )
    assert len(list_senders(parse_module("relay/leak.py", text))) == 2
