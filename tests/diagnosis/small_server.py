"""A small HTTP server that answers as it is told, and counts who asks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class SmallServer:
    """What was asked, as `METHOD path`, and with which authorization."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    presented: list[str] = field(default_factory=list)


@contextmanager
def serve(answers: dict[str, tuple[int, str]], date: str | None = None) -> Iterator[SmallServer]:
    """Answer each `METHOD path` with status and body, everything else with 404."""
    told = SmallServer()

    class Door(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            told.asked.append(f"{self.command} {self.path}")
            told.presented.append(self.headers.get("authorization") or "")
            status, body = answers.get(f"{self.command} {self.path}", (404, "{}"))
            self.send_response(status)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = answer

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date or super().date_time_string(timestamp)  # type: ignore[arg-type]

        def log_message(self, format: str, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        told.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
