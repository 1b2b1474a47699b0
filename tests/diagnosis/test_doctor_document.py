"""The configuration: every place, none, broken ones, other forms, and the schema that editors use."""

import msgspec
import pytest
from examining import LOCAL, Site

from pointsman.cli.schema import write_schema
from pointsman.core.config.json_schema import build_json_schema

LITELLM = (
    "model_list:\n  - model_name: gpt\n    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY}\n"
)


def test_without_a_configuration_the_next_step_writes_one(site: Site) -> None:
    found = site.examine()
    assert found.status_of("configuration") == "wrong"
    assert found["configuration"].next == "write one: pointsman init"
    assert found.status_of("keys") == "skipped"
    assert found.list_of("problems") == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pointsman.yaml", "found in the working directory"),
        ("config/pointsman.yaml", "found in the folder config"),
        (".config/pointsman/pointsman.yaml", "found in the user's configuration folder"),
    ],
)
def test_the_place_where_it_was_found_is_said(site: Site, name: str, said: str) -> None:
    if name.startswith(".config"):
        site.environ["XDG_CONFIG_HOME"] = str(site.folder.parent / "xdg")
        name = f"../xdg/{name.removeprefix('.config/')}"
    site.write(LOCAL, name)
    found = site.examine()["configuration"]
    assert found.status == "good"
    assert found.message.endswith(said)


def test_a_place_that_is_named_and_empty_is_said(site: Site) -> None:
    site.write(LOCAL)
    site.environ["POINTSMAN_CONFIG"] = "other.yaml"
    found = site.examine()["configuration"]
    assert found.status == "wrong"
    assert "named by POINTSMAN_CONFIG" in found.message
    assert "--config" in site.examine(config=site.folder / "no.yaml")["configuration"].message


def test_problems_are_counted_and_the_first_ones_shown(site: Site) -> None:
    site.write(LOCAL + "agents:\n" + "".join(f"  a{number}: {{model: smal}}\n" for number in range(5)))
    found = site.examine()["problems"]
    assert found.status == "wrong"
    assert found.message.startswith("5 errors: ")
    assert 'did you mean "small"?' in found.message
    assert found.message.endswith("; and 2 more")
    assert found.next == "pointsman check"


def test_a_file_that_is_no_yaml_at_all_is_a_problem(site: Site) -> None:
    (site.folder / "pointsman.yaml").write_bytes(b"\xff\xfe\x00{{{")
    assert site.examine().status_of("problems") == "wrong"


def test_a_folder_in_place_of_a_file_is_explained(site: Site) -> None:
    (site.folder / "conf").mkdir()
    found = site.examine(config=site.folder / "conf")["configuration"]
    assert found.status == "wrong"


def test_another_form_is_named_with_the_command_that_turns_it_into_ours(site: Site) -> None:
    path = site.write(LITELLM)
    found = site.examine(config=path)["form"]
    assert "litellm" in found.message
    assert found.next and "pointsman import litellm" in found.next
    site.write(LOCAL)
    assert site.examine()["form"].message == "Pointsman's own"


def test_a_schema_file_is_current_stale_or_missing(site: Site) -> None:
    document = "# yaml-language-server: $schema=pointsman.schema.json\n" + LOCAL
    site.write(document)
    assert site.examine().status_of("schema") == "warning"
    site.write(write_schema(), "pointsman.schema.json")
    assert site.examine().status_of("schema") == "good"
    stale = dict(build_json_schema())
    stale.pop("properties")
    site.write(msgspec.json.encode(stale).decode(), "pointsman.schema.json")
    found = site.examine()["schema"]
    assert found.status == "warning"
    assert found.next == f"pointsman schema --output {site.folder / 'pointsman.schema.json'}"
    site.write("{not json", "pointsman.schema.json")
    assert site.examine().status_of("schema") == "warning"
    site.write(document.replace("pointsman.schema.json", "https://example.com/schema.json"))
    assert site.examine().status_of("schema") == "skipped"
