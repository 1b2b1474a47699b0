"""An operator's calls of the admin API, whatever the status."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from running import RunningGateway


class Operator:
    """One connection with the admin key; several calls share it."""

    def __init__(self, gateway: RunningGateway) -> None:
        self._key = gateway.admin_key
        self._connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=30)

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and decoded answer."""
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def change(self, values: dict[str, Any], **fields: Any) -> tuple[int, Any]:
        """Set values in the stored layer."""
        return self.call("POST", "/api/v1/configuration/changes", {"set": values, "reason": "a test"} | fields)

    def read(self, resource: str = "") -> Any:
        """One resource of the configuration."""
        status, answer = self.call("GET", f"/api/v1/configuration{resource}")
        assert status == 200, answer
        return answer

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __enter__(self) -> "Operator":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
