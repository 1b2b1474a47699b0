"""How commands find a running gateway and talk to its admin API."""

import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import typer

from pointsman.control.credentials import LOCAL_FILE, read_local_file

ANSWER_SECONDS = 10.0


class GatewayError(Exception):
    """The gateway was not found or refused; the message says what to do."""


class GatewayRefused(GatewayError):
    """The gateway answered, and the answer is no.

    Attributes:
        status: of the answer.
        problems: of the document, where it is about one.
    """

    def __init__(self, message: str, status: int, problems: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.status = status
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway is and who we are to it."""

    url: str
    admin_key: str
    found_in: str

    def call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> object:
        """Ask the admin API; return the decoded answer.

        Raises:
            GatewayError: when it cannot be reached or says no.
        """
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=ANSWER_SECONDS)
        headers = {"authorization": f"Bearer {self.admin_key}", "content-type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            message = f"no gateway answers at {self.url} ({error}); start one with: pointsman serve"
            raise GatewayError(message) from None
        finally:
            connection.close()
        if answer.status >= 400:
            detail, problems = _read_refusal(text)
            message = f"the gateway at {self.url} refused: {detail} (HTTP {answer.status})"
            raise GatewayRefused(message, answer.status, problems)
        return json.loads(text) if text else None


def find_gateway(environ: Mapping[str, str] = os.environ) -> Gateway:
    """The gateway named by `POINTSMAN_URL` and `POINTSMAN_ADMIN_KEY`, else by the home directory's `demo.env`.

    Raises:
        GatewayError: when neither names one.
    """
    url, key = environ.get("POINTSMAN_URL"), environ.get("POINTSMAN_ADMIN_KEY")
    if url and key:
        return Gateway(url, key, "the environment")
    home = Path(environ.get("POINTSMAN_HOME", ".pointsman"))
    file = home / LOCAL_FILE
    values = read_local_file(home)
    if "POINTSMAN_URL" not in values or "POINTSMAN_ADMIN_KEY" not in values:
        message = f"no gateway is named: set POINTSMAN_URL and POINTSMAN_ADMIN_KEY, or start one that writes {file}"
        raise GatewayError(message)
    return Gateway(url or values["POINTSMAN_URL"], key or values["POINTSMAN_ADMIN_KEY"], str(file))


def call_gateway(
    method: str, path: str, body: Mapping[str, object] | None = None, *, query: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Ask the admin API of the running gateway; whatever goes wrong is said, and ends the command with 1."""
    try:
        return ask_gateway(method, path, body, query=query)
    except GatewayRefused as refused:
        for problem in refused.problems:
            typer.echo(write_problem(problem), err=True)
        typer.echo(str(refused), err=True)
    except GatewayError as error:
        typer.echo(str(error), err=True)
    raise typer.Exit(1)


def ask_gateway(
    method: str, path: str, body: Mapping[str, object] | None = None, *, query: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The same, for commands that go on without a gateway.

    Raises:
        GatewayError: when it cannot be found or reached, or says no.
    """
    answer = find_gateway().call(method, f"{path}?{urlencode(query)}" if query else path, body)
    return answer if isinstance(answer, dict) else {}


def write_problem(problem: Mapping[str, Any]) -> str:
    """One problem of a document, as the gateway tells it, for people."""
    hint = f'; did you mean "{problem["suggestion"]}"?' if problem.get("suggestion") else ""
    where = f"{problem['file']}:{problem['line']}:{problem['column']}" if "file" in problem else problem.get("path", "")
    subject = f"{where} {problem['path']}" if "file" in problem else where
    return f"{subject}: {problem['message']} ({problem['code']}){hint}"


def _read_refusal(text: str) -> tuple[str, list[dict[str, Any]]]:
    try:
        answer = json.loads(text)
    except ValueError:
        return text[:200], []
    if not isinstance(answer, dict):
        return text[:200], []
    return str(answer.get("detail", answer)), list(answer.get("errors", []))
