"""Keys and usage over replicas, and what goes on while PostgreSQL is away: all but what must be stored."""

import json
from pathlib import Path

from both_databases import read_stored
from real_postgres import PostgresServer
from replicas.conftest import new_database
from replicas.replicating import DOCUMENT, Replica, start_replicas, until


def test_keys_made_and_revoked_here_are_known_there(pair: list[Replica]) -> None:
    here, there = pair
    status, made = here.call("POST", "/api/v1/keys", {"name": "shared"})
    assert status == 201 and here.opens(made["key"])
    until(lambda: there.opens(made["key"]))
    assert there.call("DELETE", f"/api/v1/keys/{made['id']}")[0] in (200, 204)
    assert not there.opens(made["key"])
    until(lambda: not here.opens(made["key"]))


def test_usage_of_both_is_seen_from_both(pair: list[Replica]) -> None:
    before = pair[0].count_calls()
    for each in pair:
        # Nobody serves the model: the request ends with an error, and has a row all the same.
        assert each.gateway.chat("agent:reader")[0] in (502, 503)
    for each in pair:
        until(lambda each=each: each.count_calls() == before + 2)  # type: ignore[misc]


def test_replicas_go_on_without_the_database_and_catch_up(tmp_path: Path, own_server: PostgresServer) -> None:
    with new_database(own_server) as url, start_replicas(tmp_path, url, DOCUMENT, DOCUMENT) as (here, there):
        _, made = here.call("POST", "/api/v1/keys", {"name": "shared"})
        until(lambda: there.opens(made["key"]))
        body = {"model_id": "small", "duration": "6s"}
        assert here.call("POST", "/api/agents/reader/model", body)[0] == 201
        until(lambda: there.model_of("reader") == "small")
        own_server.stop()
        try:
            _refuses_changes(here)
            _refuses_changes(there)
            for each in (here, there):
                assert each.opens(made["key"])
                # The override ends at its time, whether or not that can be stored.
                until(lambda each=each: each.model_of("reader") == "large")  # type: ignore[misc]
            edited = DOCUMENT.replace("writer: {{model: large}}", "writer: {{model: small}}").format(url=url)
            here.gateway.config.write_text(edited)
        finally:
            own_server.start()
        until(lambda: here.model_of("writer") == "small")
        until(lambda: there.list_drift() == ["files_differ", "nodes_differ"])
        there.gateway.config.write_text(edited)
        until(lambda: here.list_drift() == there.list_drift() == [])
        assert here.change({"agents": {"reader": {"model": "small"}}})[0] == 201
        until(lambda: there.model_of("reader") == "small")
        until(lambda: read_stored(url, "SELECT count(*) FROM audit WHERE action = 'override.end'") == [(1,)])
        assert [line for line in there.gateway.log if line.get("status") in (401, 403)] == []


def _refuses_changes(replica: Replica) -> None:
    status, problem = replica.change({"agents": {"reader": {"tags": ["x"]}}})
    assert (status, problem["code"]) == (503, "database_unavailable"), problem
    assert "127.0.0.1" in problem["detail"] and "start" in problem["detail"]
    for path, body in (
        ("/api/agents/writer/model", {"model_id": "small"}),
        ("/api/tasks/t/routing", {"force_model": "small"}),
        ("/api/v1/keys", {"name": "another"}),
    ):
        status, problem = replica.call("POST", path, body)
        assert (status, problem["code"]) == (503, "database_unavailable"), json.dumps(problem)
    assert replica.model_of("writer") == "large"
    assert replica.read()["number"] == 2
    assert replica.list_drift() == []
