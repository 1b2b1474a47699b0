"""What one replica commits the others run, and of two that commit at once one is told."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from both_databases import read_stored
from replicas.replicating import DOCUMENT, Replica, start_replicas, until


def test_replicas_that_start_together_make_one_first_revision(pair: list[Replica], shared_url: str) -> None:
    assert read_stored(shared_url, "SELECT number, origin FROM configuration_revisions WHERE origin = 'start'") == [
        (1, "start")
    ]
    assert len({each.read()["revision"] for each in pair}) == 1


def test_changes_overrides_rollbacks_and_forced_tasks_reach_the_others(pair: list[Replica]) -> None:
    here, there = pair
    first = here.read()["number"]
    assert here.change({"agents": {"reader": {"model": "small"}}})[0] == 201
    there.await_number(first + 1)
    assert there.model_of("reader") == "small"

    status, made = there.call("POST", "/api/agents/writer/model", {"model_id": "small"})
    assert status == 201
    until(lambda: here.model_of("writer") == "small")
    assert here.call("DELETE", f"/api/v1/overrides/{made['id']}")[0] == 204
    until(lambda: there.model_of("writer") == "large")

    status, forced = here.call("POST", "/api/tasks/t1/routing", {"force_model": "small"})
    assert status == 201
    until(lambda: [each["id"] for each in there.call("GET", "/api/v1/overrides")[1]["overrides"]] == [forced["id"]])
    assert there.call("DELETE", f"/api/v1/overrides/{forced['id']}")[0] == 204
    until(lambda: here.call("GET", "/api/v1/overrides")[1]["overrides"] == [])

    assert there.call("POST", "/api/v1/configuration/rollback", {"number": first})[0] == 201
    until(lambda: here.model_of("reader") == "large")
    until(lambda: here.list_drift() == there.list_drift() == [])


def test_of_two_commits_on_one_revision_one_is_refused(pair: list[Replica]) -> None:
    with ThreadPoolExecutor(2) as both:
        for turn in range(5):
            base = max(each.read()["number"] for each in pair)
            sent = [
                both.submit(each.change, {"agents": {"reader": {"tags": [f"{turn}-{place}"]}}}, base=base)
                for place, each in enumerate(pair)
            ]
            answers = sorted((each.result() for each in sent), key=lambda answer: answer[0])
            assert [status for status, _ in answers] == [201, 409], answers
            assert (answers[0][1]["number"], answers[1][1]["code"]) == (base + 1, "stale_revision")


def test_commits_that_name_no_revision_all_count(pair: list[Replica], shared_url: str) -> None:
    def change(number: int) -> int:
        return pair[number % 2].change({"agents": {"reader": {"parameters": {"seed": number}}}})[0]

    first = max(each.read()["number"] for each in pair)
    with ThreadPoolExecutor(6) as callers:
        assert set(callers.map(change, range(12))) == {201}
    for each in pair:
        each.await_number(first + 12)
    assert len({each.read()["revision"] for each in pair}) == 1
    numbers = [number for (number,) in read_numbers(shared_url)]
    assert numbers == list(range(1, first + 13))


def test_an_override_ends_everywhere_and_is_put_down_once(pair: list[Replica], shared_url: str) -> None:
    first = max(each.read()["number"] for each in pair)
    assert pair[0].call("POST", "/api/agents/reader/model", {"model_id": "small", "duration": "3s"})[0] == 201
    until(lambda: pair[1].model_of("reader") == "small")
    for each in pair:
        until(lambda each=each: each.model_of("reader") == "large")  # type: ignore[misc]
        each.await_number(first + 2)
    until(lambda: read_stored(shared_url, "SELECT count(*) FROM audit WHERE action = 'override.end'") == [(1,)])
    assert read_numbers(shared_url)[first:] == [(first + 1,), (first + 2,)]


def test_a_replica_with_other_files_says_so_and_overwrites_nobody(tmp_path: Path, url: str) -> None:
    other = DOCUMENT.replace("writer: {{model: large}}", "writer: {{model: small}}")
    with start_replicas(tmp_path, url, DOCUMENT) as (first,):
        assert first.change({"agents": {"reader": {"model": "small"}}})[0] == 201
        with start_replicas(tmp_path / "replica0", url, other) as (second,):
            assert (second.read()["number"], second.model_of("reader"), second.model_of("writer")) == (
                2,
                "small",
                "small",
            )
            until(lambda: second.list_drift() == ["files_differ", "nodes_differ"])
            assert first.read()["number"] == 2 and first.list_drift() == ["nodes_differ"]
            warned = second.gateway.await_log("configuration_warning")
            assert warned["code"] == "files_differ"

            # What is changed through it counts for both, and their files stay theirs.
            assert second.change({"agents": {"reader": {"tags": ["a"]}}})[0] == 201
            first.await_number(3)
            assert (first.model_of("writer"), second.model_of("writer")) == ("large", "small")
            assert "files_differ" not in first.list_drift() and "files_differ" in second.list_drift()

            # Its operator may let its files count; then the first one differs.
            assert second.call("POST", "/api/v1/configuration/reload", {"force": True})[0] == 200
            first.await_number(4)
            assert "files_differ" in first.list_drift() and "files_differ" not in second.list_drift()

            # The same files again: one of the two commits, and nothing differs any more.
            first.gateway.config.write_text(other.format(url=url))
            for each in (first, second):
                until(lambda each=each: each.list_drift() == [])  # type: ignore[misc]
            assert first.read()["number"] == 4


def test_an_edited_file_is_a_revision_that_others_are_told_of(pair: list[Replica], shared_url: str) -> None:
    first = max(each.read()["number"] for each in pair)
    edited = DOCUMENT.replace("reader: {{model: large}}", "reader: {{model: small}}").format(url=shared_url)
    pair[0].gateway.config.write_text(edited)
    pair[1].await_number(first + 1)
    assert (pair[0].model_of("reader"), pair[1].model_of("reader")) == ("small", "large")
    until(lambda: pair[1].list_drift() == ["files_differ", "nodes_differ"])
    until(lambda: pair[0].list_drift() == ["nodes_differ"])
    pair[1].gateway.config.write_text(edited)
    until(lambda: pair[1].list_drift() == [] and pair[0].list_drift() == [])
    assert read_numbers(shared_url)[first:] == [(first + 1,)]


def test_nodes_are_listed_with_what_they_run(pair: list[Replica]) -> None:
    listed = pair[0].call("GET", "/api/v1/nodes")[1]["nodes"]
    assert [each["state"] for each in listed] == ["live", "live"]
    assert sorted(each["self"] for each in listed) == [False, True]
    assert {each["revision"] for each in listed} == {pair[0].read()["revision"]}
    assert pair[1].change({"agents": {"writer": {"model": "small"}}})[0] == 201

    def run_the_same() -> bool:
        seen = {each["revision"] for each in pair[0].call("GET", "/api/v1/nodes")[1]["nodes"]}
        return seen == {pair[1].read()["revision"]}

    until(run_the_same)


def read_numbers(url: str) -> list[tuple[int]]:
    """All revisions, oldest first."""
    return [(number,) for (number,) in read_stored(url, "SELECT number FROM configuration_revisions ORDER BY number")]
