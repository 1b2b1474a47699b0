"""Each peer's configuration and command, written but not started; loads say what they send and what they offer."""

import json
from pathlib import Path

import pytest
import yaml

from comparison.loads import FULL_LOADS, PlainLoad, StreamLoad, encode_body, is_measurable
from comparison.machine import Tools
from comparison.peers import LiteLLM, Nginx, Pointsman, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, port=19701, mock_port=19700)


def test_nginx_listens_and_forwards_within_its_home(site: Site) -> None:
    assert Nginx().prepare(site) is not None
    text = (site.home / "nginx.conf").read_text()
    assert "listen 127.0.0.1:19701;" in text
    assert "server 127.0.0.1:19700;" in text
    assert f"pid {site.home}/nginx.pid;" in text


def test_pointsman_gets_a_configuration_and_is_let_in_by_the_key_it_issues(site: Site) -> None:
    launch = Pointsman().prepare(site)
    assert launch is not None
    assert launch.command[1:] == ("serve", "--config", str(site.home / "pointsman.yaml"), "--port", "19701")
    document = yaml.safe_load((site.home / "pointsman.yaml").read_text())
    assert document["providers"]["bench"]["base_url"] == "http://127.0.0.1:19700/v1"
    with pytest.raises(FileNotFoundError):
        launch.read_headers()
    (site.home / "demo.env").write_text("POINTSMAN_URL=http://x\nPOINTSMAN_API_KEY=pm_key\n")
    assert launch.read_headers() == (("authorization", "Bearer pm_key"),)


def test_litellm_checks_a_key_made_for_the_round(site: Site) -> None:
    launch = LiteLLM().prepare(site)
    assert launch is not None
    settings = yaml.safe_load((site.home / "litellm.yaml").read_text())
    master_key = settings["general_settings"]["master_key"]
    assert launch.read_headers() == (("authorization", f"Bearer {master_key}"),)
    assert {model["model_name"] for model in settings["model_list"]} == {"mock", "mock-i20"}
    assert launch.environment["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


def test_a_missing_program_is_an_obstacle_that_names_the_remedy(tmp_path: Path) -> None:
    assert "make bench-peers" in str(LiteLLM(programs=tmp_path).find_obstacle())
    assert "make run" in str(Pointsman(program=tmp_path / "pointsman").find_obstacle())


def test_every_model_of_the_loads_is_known_to_the_gateways(site: Site) -> None:
    Pointsman().prepare(site)
    known = set(yaml.safe_load((site.home / "pointsman.yaml").read_text())["models"])
    assert {load.model for load in FULL_LOADS if isinstance(load, StreamLoad)} <= known


def test_a_paced_load_offers_what_its_ramp_leaves() -> None:
    paced = StreamLoad("paced", connections=200, duration_s=10, interval_ms=20, ramp_ms=2000)
    assert (paced.model, paced.offered_chunks) == ("mock-i20", 90_000)
    assert StreamLoad("ssat", connections=32, duration_s=6).offered_chunks is None


def test_streams_ask_for_their_usage() -> None:
    body = json.loads(encode_body("mock", stream=True))
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert "stream" not in json.loads(encode_body("mock", stream=False))


def test_without_wrk_only_streams_are_measured() -> None:
    tools = Tools(mock=Path("mock"), sload=Path("sload"), wrk=None)
    assert not is_measurable(PlainLoad("sat", 64, 8), tools)
    assert is_measurable(StreamLoad("ssat", 32, 6), tools)


def test_the_installer_of_peers_excludes_the_malicious_releases() -> None:
    script = Path(__file__).resolve().parents[2] / "bench" / "peers.sh"
    assert "litellm[proxy]!=1.82.7,!=1.82.8" in script.read_text()
