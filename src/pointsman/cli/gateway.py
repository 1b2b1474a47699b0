"""How commands find a running gateway and talk to its admin API; the key goes nowhere but where it belongs."""

import http.client
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import typer

from pointsman.control.credentials import LOCAL_FILE, read_local_file
from pointsman.core.config.problems import quote

WAIT_SECONDS = 10.0
"""For a connection, and for each piece of an answer."""

ANSWER_SECONDS = 60.0
"""For a whole answer."""

MOST_ANSWER_BYTES = 256 * 1024 * 1024
ENVIRONMENT = "the environment"

WITHOUT_LINES = ("stored revision ", "override ", "this override")
"""How the places of problems begin that no file holds."""


class GatewayError(Exception):
    """The gateway was not found or refused; the message says what to do.

    Attributes:
        code: for scripts; that of the answer where there was one.
        problems: of the document, where the answer is about one.
    """

    def __init__(self, message: str, code: str = "no_gateway", problems: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.problems = problems or []


class NoGateway(GatewayError):
    """None is named, or the last one that ran here has ended: files can tell instead."""


class GatewayRefused(GatewayError):
    """The gateway answered, and the answer is no."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway is and who we are to it."""

    url: str
    admin_key: str
    found_in: str

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> object:
        """Ask the admin API; return the decoded answer, `{}` where there is nothing to say.

        Raises:
            GatewayError: when it cannot be reached or says no.
        """
        status, text = self._exchange(method, path, None if body is None else json.dumps(body))
        if status >= 300:
            raise self._refuse(status, text)
        try:
            decoded = json.loads(text) if text else {}
        except ValueError:
            decoded = None
        if not isinstance(decoded, dict):
            raise GatewayError(f"what answers at {self.url} is no Pointsman; correct POINTSMAN_URL")
        return decoded

    def _exchange(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None, "the address has been checked"
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=WAIT_SECONDS)
        headers = {"authorization": f"Bearer {self.admin_key}", "content-type": "application/json"}
        try:
            connection.request(method, parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            return answer.status, _read_answer(answer).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            kind_of_error = GatewayError if self.found_in == ENVIRONMENT else NoGateway
            message = f"no gateway answers at {self.url} ({str(error) or type(error).__name__})"
            raise kind_of_error(f"{message}; start one with: pointsman serve") from None
        finally:
            connection.close()

    def _refuse(self, status: int, text: str) -> GatewayRefused:
        detail, code, problems = _read_refusal(text)
        hint = f"; the key that was sent was found in {self.found_in}" if status == 401 else ""
        message = f"the gateway at {self.url} refused: {detail} (HTTP {status}){hint}"
        return GatewayRefused(message, code, problems)


def find_gateway(environ: Mapping[str, str] | None = None) -> Gateway:
    """The gateway named by `POINTSMAN_URL` and `POINTSMAN_ADMIN_KEY`, else by the home directory's `demo.env`.

    Raises:
        GatewayError: when neither names one, or one is named that cannot be.
    """
    environ = os.environ if environ is None else environ
    url, key = environ.get("POINTSMAN_URL"), environ.get("POINTSMAN_ADMIN_KEY")
    if url and key:
        return _check(Gateway(url, key, ENVIRONMENT))
    home = Path(environ.get("POINTSMAN_HOME") or ".pointsman")
    file = home / LOCAL_FILE
    values = read_local_file(home)
    local_url, local_key = values.get("POINTSMAN_URL"), values.get("POINTSMAN_ADMIN_KEY")
    if url and (local_key is None or _fold(url) != _fold(local_url or "")):
        # The key of the gateway that runs here is nobody else's business.
        raise GatewayError(f"POINTSMAN_URL names {quote(url)}; set POINTSMAN_ADMIN_KEY to the key of that gateway too")
    if not local_url or not (key or local_key):
        message = f"no gateway is named: set POINTSMAN_URL and POINTSMAN_ADMIN_KEY, or start one that writes {file}"
        raise NoGateway(message)
    return _check(Gateway(local_url, key or local_key or "", str(file)))


def call_gateway(
    method: str, path: str, body: Mapping[str, object] | None = None, *, query: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Ask the admin API of the running gateway; whatever goes wrong is said, and ends the command with 1."""
    try:
        return ask_gateway(method, path, body, query=query)
    except GatewayError as error:
        say_refused(error)
        raise typer.Exit(1) from None


def ask_gateway(
    method: str, path: str, body: Mapping[str, object] | None = None, *, query: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The same, for commands that go on when there is no answer; says on stderr which gateway gave one.

    Raises:
        GatewayError: when it cannot be found or reached, or says no.
    """
    gateway = find_gateway()
    answer = gateway.call(method, f"{path}?{urlencode(query)}" if query else path, body)
    assert isinstance(answer, dict), "anything else is refused"
    typer.echo(f"gateway {gateway.url} (found in {gateway.found_in})", err=True)
    return answer


def say_refused(error: GatewayError) -> None:
    """Say why there is no answer, with all problems of the document."""
    for problem in error.problems:
        typer.echo(write_problem(problem), err=True)
    typer.echo(str(error), err=True)


def write_problem(problem: Mapping[str, Any]) -> str:
    """One problem of a document or of a request, as the gateway tells it, for people."""
    hint = f"; did you mean {quote(str(problem['suggestion']))}?" if problem.get("suggestion") else ""
    subject = " ".join(part for part in (_write_place(problem), problem.get("path")) if part)
    message, code = problem.get("message"), problem.get("code")
    return f"{subject}: {message} ({code}){hint}" if subject else f"{message} ({code}){hint}"


def _write_place(problem: Mapping[str, Any]) -> str:
    """Where a problem stands: what is stored has no lines."""
    file = str(problem.get("file") or "")
    if not problem.get("line") or file.startswith(WITHOUT_LINES):
        return file
    return f"{file}:{problem['line']}:{problem['column']}"


def _fold(url: str) -> str:
    """An address without what makes no difference."""
    return url.rstrip("/").replace("//localhost:", "//127.0.0.1:")


def _check(gateway: Gateway) -> Gateway:
    """The gateway, if its address and key can be ones at all."""
    parts = None
    try:
        parts = urlsplit(gateway.url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        good = good and gateway.url.isascii() and gateway.url.isprintable() and " " not in gateway.url
    except ValueError:
        good = False
    if parts is None or not good:
        raise GatewayError(f"{quote(gateway.url)} is no address of a gateway; write one such as http://127.0.0.1:4100")
    if parts.username is not None or parts.query or parts.fragment:
        raise GatewayError("POINTSMAN_URL holds more than an address; write one such as http://127.0.0.1:4100")
    if not (gateway.admin_key.isascii() and gateway.admin_key.isprintable()):
        raise GatewayError(f"the admin key found in {gateway.found_in} has characters that no key has; copy it again")
    return gateway


def _read_answer(answer: http.client.HTTPResponse) -> bytes:
    """The body, within its bounds of bytes and time."""
    deadline = time.monotonic() + ANSWER_SECONDS
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read1(64 * 1024):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_ANSWER_BYTES or time.monotonic() > deadline:
            raise http.client.HTTPException("the answer does not end")
    return b"".join(pieces)


def _read_refusal(text: str) -> tuple[str, str, list[dict[str, Any]]]:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return quote(text), "refused", []
    listed = answer.get("errors")
    problems = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return str(answer.get("detail", answer)), str(answer.get("code", "refused")), problems
