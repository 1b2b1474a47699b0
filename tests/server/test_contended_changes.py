"""Changes that come at once, whose client leaves, or that a power cut ends: each is whole or not there."""

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from operating import Operator
from test_changes import DOCUMENT

from running import RunningGateway, await_value, run_gateway, start_gateway

AT_ONCE = 50
KILLS = 3
CHANGES_BEFORE_A_KILL = 20


@pytest.fixture
def gateway(simulator: str, tmp_path: Path) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path, DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture
def operator(gateway: RunningGateway) -> Iterator[Operator]:
    with Operator(gateway) as calls:
        yield calls


def plant(seed: int) -> dict[str, Any]:
    """The same number in two places, so that half a change would show."""
    return {"agents": {"writer": {"parameters": {"seed": seed}, "tags": [str(seed)]}}}


def read_planted(document: dict[str, Any]) -> int | None:
    """The number that was planted; fails when it is not the same in both places."""
    agent = document.get("agents", {}).get("writer", {})
    seed = agent.get("parameters", {}).get("seed")
    assert agent.get("tags") == (None if seed is None else [str(seed)])
    return None if seed is None else int(seed)


def assert_whole(operator: Operator) -> list[int | None]:
    """That history has no gap and its newest revision is what is in force; answers what each one planted."""
    listed, effective = read_at_rest(operator)
    numbers = [each["number"] for each in listed]
    assert numbers == list(range(numbers[0], 0, -1))
    assert [each["parent"] for each in listed] == [*numbers[1:], None]
    planted = [read_planted(operator.read(f"/revisions/{number}")["stored"]) for number in reversed(numbers)]
    assert (effective["number"], effective["revision"]) == (numbers[0], listed[0]["id"])
    assert read_planted(effective["document"]) == planted[-1]
    return planted


def read_at_rest(operator: Operator) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """History and what is in force, read between two looks at the same revision: changes may still be coming in."""
    for _ in range(100):
        before = operator.read()["number"]
        listed, effective = operator.read("/revisions?limit=200")["revisions"], operator.read("/effective")
        if operator.read()["number"] == before:
            return listed, effective
    raise AssertionError("the revision kept changing while it was read")


def test_of_two_changes_on_one_revision_exactly_one_counts(gateway: RunningGateway, operator: Operator) -> None:
    with Operator(gateway) as second, ThreadPoolExecutor(2) as both:
        for turn in range(20):
            base = operator.read()["number"]
            first, other = (
                both.submit(caller.change, plant(2 * turn + place), base=base)
                for place, caller in enumerate((operator, second))
            )
            answers = sorted((first.result(), other.result()), key=lambda answer: answer[0])
            assert [status for status, _ in answers] == [201, 409]
            assert (answers[0][1]["number"], answers[1][1]["code"]) == (base + 1, "stale_revision")
    assert len(assert_whole(operator)) == 21


def test_changes_that_come_at_once_all_count_one_after_the_other(gateway: RunningGateway, operator: Operator) -> None:
    first = operator.read()["number"]

    def change(seed: int) -> tuple[int, int, Any]:
        with Operator(gateway) as caller:
            status, answer = caller.change(plant(seed))
        return seed, status, answer

    with ThreadPoolExecutor(AT_ONCE) as callers:
        answers = list(callers.map(change, range(AT_ONCE)))
    assert {status for _, status, _ in answers} == {201}, answers
    by_number = {answer["number"]: seed for seed, _, answer in answers}
    assert sorted(by_number) == list(range(first + 1, first + 1 + AT_ONCE))
    assert assert_whole(operator)[first:] == [by_number[number] for number in sorted(by_number)]
    for seed, _, answer in answers:
        assert answer["changes"][-1]["new"] in (seed, [str(seed)]), answer


def test_a_client_that_leaves_leaves_a_whole_change_or_none(gateway: RunningGateway, operator: Operator) -> None:
    host, port = urlsplit(gateway.url).hostname, urlsplit(gateway.url).port
    for seed in range(40):
        body = json.dumps({"set": plant(seed)}).encode()
        head = f"POST /api/v1/configuration/changes HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        head += f"authorization: Bearer {gateway.admin_key}\r\ncontent-length: {len(body)}\r\n\r\n"
        request = head.encode() + body
        with socket.create_connection((host, port), timeout=10) as client:
            # Every second client is cut off somewhere in its request; the others leave before the answer.
            client.sendall(request[: len(request) - seed] if seed % 2 else request)
            if seed % 4 < 2:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    status, last = operator.change(plant(999))
    assert status == 201
    planted = assert_whole(operator)
    # What a client has sent in whole may still come into force after it has left, and so after this.
    assert planted[last["number"] - 1] == 999
    assert not set(planted) & set(range(1, 40, 2)), "a change came into force of which only a part was sent"
    assert [line for line in gateway.log if line["level"] == "error"] == []


def test_a_power_cut_leaves_number_and_document_together(gateway: RunningGateway) -> None:
    config, home = gateway.config, gateway.home
    confirmed = change_until_killed(gateway, 1_000)
    for round_number in range(1, KILLS):
        with start_gateway(config, home) as again:
            assert_kept(again, confirmed)
            confirmed = change_until_killed(again, 1_000 * (round_number + 1))
    with start_gateway(config, home) as last, Operator(last) as operator:
        assert_kept(last, confirmed)
        assert operator.change(plant(1))[0] == 201 and assert_whole(operator)[-1] == 1


def change_until_killed(gateway: RunningGateway, first: int) -> dict[int, int]:
    """Change without pause and cut the power in the midst of it; what was confirmed until then, by number."""
    confirmed: dict[int, int] = {}

    def change() -> None:
        with Operator(gateway) as operator:
            for seed in range(first, first + 1_000):
                try:
                    status, answer = operator.change(plant(seed))
                except (OSError, http.client.HTTPException):
                    return
                assert status == 201
                confirmed[answer["number"]] = seed

    with ThreadPoolExecutor(1) as caller:
        changing = caller.submit(change)
        await_value(lambda: True if len(confirmed) >= CHANGES_BEFORE_A_KILL else None)
        gateway.kill()
        changing.result()
    return confirmed


def assert_kept(gateway: RunningGateway, confirmed: dict[int, int]) -> None:
    with Operator(gateway) as operator:
        planted = assert_whole(operator)
    assert {number: planted[number - 1] for number in confirmed} == confirmed
    assert len(planted) - max(confirmed) in (0, 1), "at most the one change that nobody confirmed is there too"
