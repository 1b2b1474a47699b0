"""How commands find a running gateway and talk to its admin API."""

import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pointsman.control.credentials import LOCAL_FILE, read_local_file

ANSWER_SECONDS = 10.0


class GatewayError(Exception):
    """The gateway was not found or refused; the message says what to do."""


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
            raise GatewayError(f"the gateway at {self.url} refused: {_read_detail(text)} (HTTP {answer.status})")
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


def _read_detail(text: str) -> str:
    try:
        answer = json.loads(text)
    except ValueError:
        return text[:200]
    return str(answer.get("detail", answer)) if isinstance(answer, dict) else text[:200]
