"""Under traffic, a running gateway takes over exactly those of 300 spoilt documents that `check` calls good."""

import hashlib
import http.client
import itertools
import json
import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mutations import FULL, SECRET, SPOILS, spoil_values
from operating import Operator

from pointsman.control.configuration import Loaded, load_configuration
from pointsman.control.ingredients import Ingredients, compile_ingredients
from pointsman.control.sources import gather
from pointsman.core.config.checks.shrinkage import find_shrinkage
from pointsman.core.config.edit_values import InvalidEdit, read_values
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.stored_layer import Edit, Stamp, StoredLayer
from running import RunningGateway, run_gateway, start_gateway

BY_FILE = 100
BY_API = 200
CALLER = "orchestrator"


class Calls:
    """Two callers that call without pause, what failed, and which revisions answered."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.revisions: set[str] = set()
        self.failed: list[object] = []
        self.answered = 0
        self._gateway = gateway
        self._stop = threading.Event()

    @contextmanager
    def calling(self) -> Iterator["Calls"]:
        threads = [threading.Thread(target=self._call) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _call(self) -> None:
        connection = http.client.HTTPConnection(urlsplit(self._gateway.url).netloc, timeout=30)
        body = json.dumps({"model": f"agent:{CALLER}", "messages": [{"role": "user", "content": "Say a word."}]})
        headers = {"authorization": f"Bearer {self._gateway.api_key}", "content-type": "application/json"}
        try:
            while not self._stop.is_set():
                connection.request("POST", "/v1/chat/completions", body, headers)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200:
                    self.failed.append((answer.status, text))
                self.answered += 1
                self.revisions.add(answer.headers["x-pointsman-revision"])
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(error)
        finally:
            connection.close()


class Examiner:
    """Judges each document in this process too, and holds the gateway to the same verdict."""

    def __init__(self, gateway: RunningGateway, operator: Operator) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("POINTSMAN_", "DEPLOYMENT_"))}
        self.environ = kept | {"POINTSMAN_HOME": str(gateway.home)}
        self.gateway = gateway
        self.operator = operator
        first = load_configuration(gateway.config, self.environ).snapshot
        assert first is not None
        self.first = self.newest = first
        self.good = {first.revision}
        self.refused = 0

    def judge(self, loaded: Loaded) -> Loaded:
        """The verdict that the gateway must come to."""
        if loaded.snapshot is None:
            return loaded
        shrunk = find_shrinkage(self.newest, loaded.snapshot, "")
        return loaded if shrunk is None else replace(loaded, snapshot=None, problems=(shrunk, *loaded.problems))

    def may_follow(self, loaded: Loaded) -> bool:
        """Whether the callers are served as before, or the document is bad: to lose them rightly proves nothing."""
        found = loaded.snapshot
        return found is None or _find_target(found) == _find_target(self.first)

    def compare(self, expected: Loaded, revision: str | None, problems: list[dict[str, Any]], what: str) -> None:
        """Compare an answer with the verdict, and what is in force with the last good document."""
        if expected.snapshot is None:
            self.refused += 1
            assert revision is None, f"{what} came into force: {expected.problems}"
        else:
            assert revision == expected.snapshot.revision, (what, problems)
            self.newest = expected.snapshot
            self.good.add(expected.snapshot.revision)
        found = sorted((each["line"], each["column"], each["code"]) for each in problems)
        assert found == sorted((each.line, each.column, each.code) for each in expected.problems), what
        assert self.operator.read()["revision"] == self.newest.revision, what


def _find_target(snapshot: Snapshot) -> object:
    agent = snapshot.agents.get(CALLER)
    model = snapshot.models.get(agent.model) if agent else None
    if agent is None or model is None or not model.enabled:
        return None
    return (replace(model.deployment, id="", model="", upstream_model=""), agent.parameters, snapshot.settings.attempts)


@pytest.fixture
def gateway(simulator: str, tmp_path: Path) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path, FULL.format(url=simulator)) as running:
        yield running


@pytest.fixture
def examiner(gateway: RunningGateway) -> Iterator[Examiner]:
    with Operator(gateway) as operator:
        yield Examiner(gateway, operator)


def test_no_spoilt_file_breaks_a_running_gateway(gateway: RunningGateway, examiner: Examiner) -> None:
    text = gateway.config.read_bytes()
    with Calls(gateway).calling() as calls:
        for number in range(BY_FILE):
            spoil_file(examiner, text, number)
            expected = examiner.judge(load_configuration(gateway.config, examiner.environ))
            if expected.snapshot is not None:
                assert SECRET.encode() not in gateway.config.read_bytes(), number
            status, answer = examiner.operator.call("POST", "/api/v1/configuration/reload", {})
            assert (status, answer["ok"]) == (200, expected.snapshot is not None), (number, answer, expected.problems)
            examiner.compare(expected, answer["revision"], answer["problems"], f"document {number}")
            assert bool(examiner.operator.read()["rejected"]) == (expected.snapshot is None)
            assert not calls.failed, (number, calls.failed[:2])
    assert_unbroken(examiner, calls, BY_FILE)
    assert_last_good_kept(gateway, examiner)


def test_no_spoilt_change_breaks_a_running_gateway(gateway: RunningGateway, examiner: Examiner) -> None:
    document = examiner.operator.read("/effective")["document"]
    for name in ("version", "include", "source", "security"):
        document.pop(name)
    document["server"].pop("listen")
    with Calls(gateway).calling() as calls:
        for number in range(BY_API):
            values, expected = spoil_change_until_it_counts(examiner, document, number)
            status, answer = examiner.operator.change(values, replace=True)
            if expected is None:
                assert (status, answer["code"]) == (422, "invalid_change"), (number, answer)
                examiner.refused += 1
            elif expected.snapshot is None:
                assert (status, answer["code"]) == (422, "configuration_refused"), (number, answer)
                examiner.compare(expected, None, answer["errors"], f"change {number}")
            else:
                assert status == 201, (number, answer)
                examiner.compare(expected, answer["revision"], answer["problems"], f"change {number}")
            assert not calls.failed, (number, calls.failed[:2])
    assert_unbroken(examiner, calls, BY_API)


def spoil_file(examiner: Examiner, text: bytes, number: int) -> None:
    """Write the spoilt document of this number, or something strange in its place."""
    path = examiner.gateway.config
    if number % 12 == 11:
        take_place(path, STRANGE_PLACES[number // 12 % len(STRANGE_PLACES)])
    else:
        write(path, spoil_until_it_counts(examiner, text, number), WAYS[number % len(WAYS)])


def spoil_until_it_counts(examiner: Examiner, text: bytes, number: int) -> bytes:
    """The first spoilt document of this number that is bad, or serves the callers still."""
    for attempt in itertools.count():
        spoilt = SPOILS[number % len(SPOILS)](text, random.Random(f"{number} {attempt}"))
        examiner.gateway.config.with_suffix(".look").write_bytes(spoilt)
        if examiner.may_follow(load_configuration(examiner.gateway.config.with_suffix(".look"), examiner.environ)):
            return spoilt
    raise AssertionError


def spoil_change_until_it_counts(
    examiner: Examiner, document: dict[str, Any], number: int
) -> tuple[dict[str, Any], Loaded | None]:
    """The same for a change, with its verdict; none where it cannot be stored at all."""
    stamp = Stamp(examiner.operator.read()["number"] + 1, "admin", "a test", 0)
    for attempt in itertools.count():
        values = spoil_values(document, random.Random(f"{number} {attempt}"))
        try:
            stored = StoredLayer().edited(Edit(read_values(json.loads(json.dumps(values))), (), True), stamp)
        except InvalidEdit:
            return values, None
        ingredients = Ingredients(gather(examiner.gateway.config), stored)
        expected = examiner.judge(compile_ingredients(ingredients, examiner.environ, "production")[1])
        if examiner.may_follow(expected):
            return values, expected
    raise AssertionError


def write_whole(path: Path, text: bytes) -> None:
    path.write_bytes(text)


def write_in_halves(path: Path, text: bytes) -> None:
    with path.open("wb", buffering=0) as file:
        file.write(text[: len(text) // 2])
        file.write(text[len(text) // 2 :])


def rename(path: Path, text: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(text)
    draft.replace(path)


def unlink_and_write(path: Path, text: bytes) -> None:
    path.unlink()
    path.write_bytes(text)


def vouch_for(path: Path, text: bytes) -> None:
    rename(path, text)
    path.with_name(f"{path.name}.sha256").write_text(f"{hashlib.sha256(text).hexdigest()}  {path.name}\n")


WAYS: tuple[Callable[[Path, bytes], None], ...] = (write_whole, write_in_halves, rename, unlink_and_write, vouch_for)


def write(path: Path, text: bytes, way: Callable[[Path, bytes], None]) -> None:
    """Put a text where the configuration is, in one of the ways in which files come to be."""
    clear(path)
    path.touch()
    way(path, text)


def clear(path: Path) -> None:
    """Take away whatever stands in the file's place, and its digest."""
    path.with_name(f"{path.name}.sha256").unlink(missing_ok=True)
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    elif not path.is_file() or path.is_symlink():
        path.unlink(missing_ok=True)


def vouch_wrongly(path: Path) -> None:
    path.write_bytes(b"providers: {}\n")
    path.with_name(f"{path.name}.sha256").write_text("0" * 64)


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


STRANGE_PLACES: tuple[Callable[[Path], None], ...] = (
    *(os.mkdir, os.mkfifo, lambda path: None, vouch_wrongly),
    *map(link_to, ("nowhere.yaml", "pointsman.yaml", "/dev/zero", "/proc/self/mem")),
)
"""What may stand in the place of a file, besides one."""


def take_place(path: Path, make: Callable[[Path], None]) -> None:
    """Put something strange where the configuration is."""
    clear(path)
    path.unlink(missing_ok=True)
    make(path)


def assert_unbroken(examiner: Examiner, calls: Calls, documents: int) -> None:
    """Nothing failed, no bad document came into force, and nothing says the key that was pasted."""
    gateway = examiner.gateway
    assert not calls.failed and calls.answered > documents
    assert calls.revisions <= examiner.good, calls.revisions - examiner.good
    assert 0 < examiner.refused < documents and len(examiner.good) > 5, (examiner.refused, len(examiner.good))
    assert gateway.process.poll() is None
    errors = [line for line in gateway.log if line["level"] == "error"]
    assert {line["event"] for line in errors} == {"configuration_rejected"} or not errors
    assert "internal_error" not in {line.get("code") for line in errors}
    assert SECRET not in json.dumps(gateway.log)
    for each in examiner.operator.read("/revisions?limit=200")["revisions"]:
        assert SECRET not in json.dumps(examiner.operator.read(f"/revisions/{each['number']}"))
    assert [file for file in gateway.home.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()] == []


def assert_last_good_kept(gateway: RunningGateway, examiner: Examiner) -> None:
    """Kill it with a bad file in place: the next start is on the last good one."""
    write(gateway.config, b"agents: []\n", write_whole)
    gateway.kill()
    with start_gateway(gateway.config, gateway.home) as again:
        assert again.get("/api/v1/configuration")["revision"] == examiner.newest.revision
        assert again.chat(f"agent:{CALLER}")[0] == 200
