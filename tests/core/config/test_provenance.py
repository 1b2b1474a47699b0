"""Every value tells its layer, its place or its author, what it shadows, and where it differs from the files."""

from compiling import compile_text

from pointsman.control.configuration import load_catalog
from pointsman.core.config.known_layers import build_catalogue_layer, build_default_layer
from pointsman.core.config.layers import Layer, LayerName, build_mapping
from pointsman.core.config.nodes import Plain
from pointsman.core.config.origins import merge_layers
from pointsman.core.config.provenance import (
    Explained,
    PathNotFound,
    Shadow,
    explain_path,
    list_drift,
)

TEXT = """\
providers: {openai: {}, ollama: {}}
models:
  gpt-4.1: {provider: openai}
agents:
  writer:
    model: gpt-4o
    fallback: [gpt-4.1, gpt-4o-mini]
    tags: [prose]
  editor: {model: gpt-4o}
budgets:
- {scope: total, window: day, limit: "5"}
environments:
  production:
    agents: {writer: {tags: [prod]}}
"""


def build(name: LayerName, values: dict[str, Plain], **facts: object) -> Layer:
    return Layer(name, build_mapping(values, name), **facts)  # type: ignore[arg-type]


STORED = build(
    "stored",
    {"agents": {"writer": {"model": "gpt-4.1", "fallback": None}, "editor": None}, "cache": {"mode": "exact"}},
    author="ann",
    reason="cheaper",
    since_ms=5,
    id="7",
)
OVERRIDE = build(
    "override",
    {"agents": {"writer": {"model": "gpt-4o-mini"}}},
    author="bob",
    reason="outage",
    since_ms=6,
    expires_at_ms=99,
    id="o1",
)


def stack(*upper: Layer, variables: dict[str, Plain] | None = None) -> tuple[Layer, ...]:
    below = () if variables is None else (build("variables", variables),)
    said = (*below, *compile_text(TEXT).layers, *upper)
    document = merge_layers(said)
    catalogue = build_catalogue_layer(document, load_catalog(), "2026-11-21", {})
    return (build_default_layer(document), catalogue, *said)


def explain(path: str, *upper: Layer, variables: dict[str, Plain] | None = None) -> Explained:
    found = explain_path(stack(*upper, variables=variables), path)
    assert isinstance(found, Explained)
    return found


def test_a_value_of_a_file_tells_its_place() -> None:
    assert explain("agents.writer.model") == Explained("agents.writer.model", "gpt-4o", "file", "pointsman.yaml", 6, 12)


def test_a_value_of_the_environment_shadows_that_of_the_file_and_the_default() -> None:
    found = explain("agents.writer.tags")
    assert (found.value, found.layer, found.line) == (["prod"], "environment", 14)
    assert found.shadows == (Shadow("file", ["prose"], "pointsman.yaml", 8), Shadow("defaults", [], None, None))


def test_a_stored_value_tells_who_said_so_since_when_and_why() -> None:
    found = explain("agents.writer.model", STORED)
    assert (found.value, found.layer, found.file, found.line) == ("gpt-4.1", "stored", None, None)
    assert (found.author, found.reason, found.since_ms, found.expires_at_ms) == ("ann", "cheaper", 5, None)
    assert found.shadows == (Shadow("file", "gpt-4o", "pointsman.yaml", 6),)


def test_an_override_tells_its_end_and_shadows_all_below_it_from_the_highest() -> None:
    found = explain("agents.writer.model", STORED, OVERRIDE)
    assert (found.value, found.layer, found.author, found.expires_at_ms) == ("gpt-4o-mini", "override", "bob", 99)
    assert [shadow.layer for shadow in found.shadows] == ["stored", "file"]


def test_where_nobody_wrote_the_default_holds_or_what_the_catalogue_knows() -> None:
    assert explain("cache.ttl") == Explained("cache.ttl", "1h", "defaults")
    window = explain("models.gpt-4.1.context_window")
    assert (window.layer, window.file, window.line) == ("catalogue", None, None)
    assert window.reason.startswith("catalogue 20")
    assert explain("models.gpt-4o.provider").value == "openai"


def test_an_item_of_a_list_comes_from_where_the_list_comes_from() -> None:
    found = explain("agents.writer.fallback[1]")
    assert (found.value, found.layer, found.line, found.column) == ("gpt-4o-mini", "file", 7, 25)


def test_a_field_that_an_item_of_a_list_does_not_write_has_its_default() -> None:
    assert explain("budgets[0].on_exceed") == Explained("budgets[0].on_exceed", "deny", "defaults")
    assert isinstance(explain_path(stack(), "budgets[0].on_exceeed"), PathNotFound)
    assert isinstance(explain_path(stack(), "budgets[1].on_exceed"), PathNotFound)


def test_what_was_taken_away_gives_way_to_the_default_and_tells_who_did_it() -> None:
    found = explain("agents.writer.fallback", STORED)
    assert (found.value, found.layer, found.removed_by, found.author) == ([], "defaults", "stored", "ann")
    assert found.shadows == (Shadow("file", ["gpt-4.1", "gpt-4o-mini"], "pointsman.yaml", 7),)


def test_what_was_taken_away_and_has_no_default_is_told_with_who_did_it() -> None:
    entry = explain("agents.editor", STORED)
    assert (entry.value, entry.layer, entry.removed_by, entry.author) == (None, "stored", "stored", "ann")
    item = explain("agents.writer.fallback[0]", STORED)
    assert (item.value, item.layer, item.shadows[0].value) == (None, "stored", "gpt-4.1")
    shorter = build("stored", {"agents": {"writer": {"fallback": ["gpt-4.1"]}}}, author="cid")
    replaced = explain("agents.writer.fallback[1]", shorter)
    assert (replaced.value, replaced.layer, replaced.author) == (None, "stored", "cid")


def test_a_mapping_tells_the_layer_of_each_value_below_it() -> None:
    found = explain("agents.writer", STORED)
    layers = {leaf.path.removeprefix("agents.writer."): (leaf.layer, leaf.line) for leaf in found.leaves}
    assert found.layer == "stored"
    assert (layers["model"], layers["tags"]) == (("stored", None), ("environment", 14))
    assert (layers["fallback"], layers["reasoning"]) == (("defaults", None), ("defaults", None))
    assert found.shadows == ()


def test_a_mapping_that_means_one_thing_is_one_value() -> None:
    price: dict[str, Plain] = {"input": "1", "output": "2"}
    found = explain(
        "models.gpt-4.1.price_per_1m_tokens", build("stored", {"models": {"gpt-4.1": {"price_per_1m_tokens": price}}})
    )
    assert (found.value, found.layer, found.leaves) == (price, "stored", ())
    assert [shadow.layer for shadow in found.shadows] == ["catalogue", "defaults"]


def test_a_variable_ranks_below_the_file_and_is_told_by_its_name() -> None:
    variables: dict[str, Plain] = {"agents": {"writer": {"model": "llama3"}}, "interactions": {"chat": {"model": "x"}}}
    assert explain("agents.writer.model", variables=variables).shadows == (Shadow("variables", "llama3", None, None),)
    found = explain("interactions.chat.model", variables=variables)
    assert (found.layer, found.file, found.reason) == ("variables", None, "variables")


def test_the_whole_document_can_be_explained() -> None:
    found = explain("", STORED)
    assert isinstance(found.value, dict) and "agents" in found.value
    assert {leaf.layer for leaf in found.leaves} == {"defaults", "catalogue", "file", "environment", "stored"}


def test_what_is_nowhere_is_answered_with_what_is_near() -> None:
    found = explain_path(stack(), "agents.writter.model")
    assert found == PathNotFound("agents.writter.model", ("agents.writer.model",))
    assert isinstance(found, PathNotFound) and found.suggestion == "agents.writer.model"
    assert explain_path((), "agents.writer") == PathNotFound("agents.writer", ())
    assert PathNotFound("x").suggestion is None


def test_drift_is_every_value_that_files_say_otherwise() -> None:
    drift = {found.path: found for found in list_drift(stack(STORED, OVERRIDE))}
    assert set(drift) == {"agents.writer.model", "agents.writer.fallback", "agents.editor", "cache.mode"}
    model = drift["agents.writer.model"]
    assert (model.file_value, model.effective_value, model.layer, model.line) == (
        "gpt-4o",
        "gpt-4o-mini",
        "override",
        6,
    )
    gone = drift["agents.editor"]
    assert (gone.file_value, gone.effective_value, gone.layer) == ({"model": "gpt-4o"}, None, "stored")
    assert (drift["cache.mode"].file_value, drift["cache.mode"].effective_value) == (None, "exact")


def test_the_same_value_in_another_layer_is_no_drift() -> None:
    same = build("stored", {"agents": {"writer": {"model": "gpt-4o", "tags": ["prod"]}}})
    assert list_drift(stack(same)) == ()
    assert list_drift(stack(STORED, build("override", {"agents": {"writer": {"model": "gpt-4o"}}})))[0].path != (
        "agents.writer.model"
    )
    assert list_drift(()) == ()


def test_a_variable_that_disagrees_with_the_file_is_drift() -> None:
    variables: dict[str, Plain] = {
        "agents": {"writer": {"model": "llama3"}, "editor": {"model": "gpt-4o"}},
        "version": 1,
    }
    (found,) = list_drift(stack(variables=variables))
    assert (found.path, found.layer, found.layer_value) == ("agents.writer.model", "variables", "llama3")
    assert (found.file_value, found.effective_value, found.line) == ("gpt-4o", "gpt-4o", 6)


def test_what_stood_in_something_replaced_is_blamed_on_what_took_its_place() -> None:
    layers = (
        build("file", {"cache": {"a": {"b": 1}}}),
        build("stored", {"cache": 5}, author="ann"),
        build("stored", {"cache": {"a": {"c": 1}}}, author="bob"),
    )
    assert [(found.path, found.author) for found in list_drift(layers)] == [("cache.a.b", "bob"), ("cache.a.c", "bob")]
