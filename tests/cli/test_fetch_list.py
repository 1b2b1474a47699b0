"""A list over https: from the host that was named and no other, within its bounds of bytes, time and redirects."""

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pointsman.cli import fetch_list as module
from pointsman.cli.fetch_list import NotFetched, fetch_list

CERTIFICATES = Path(__file__).parents[1] / "upstream" / "tls"
BODY = b'{"a": 1}'

Script = Callable[[BaseHTTPRequestHandler], None]


class Mirror:
    """An https server on `localhost` that answers each path as it is told."""

    def __init__(self, scripts: dict[str, Script]) -> None:
        self.asked: list[str] = []
        self.agents: list[str] = []
        mirror = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                mirror.agents.append(self.headers["user-agent"])
                scripts[self.path](self)

            def log_message(self, format: str, *_: object) -> None:
                """Say nothing."""

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / "provider.pem")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_address[1]}"


def answer(status: int = 200, body: bytes = BODY, **headers: str) -> Script:
    def script(door: BaseHTTPRequestHandler) -> None:
        door.send_response(status)
        for name, value in ({"content_length": str(len(body))} | headers).items():
            door.send_header(name.replace("_", "-"), value)
        door.end_headers()
        door.wfile.write(body)

    return script


def send_on(location: str) -> Script:
    return answer(302, b"", location=location)


@pytest.fixture
def open_mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, Script]], Mirror]]:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))
    opened: list[tuple[Mirror, threading.Thread]] = []

    def open_one(scripts: dict[str, Script]) -> Mirror:
        mirror = Mirror(scripts)
        thread = threading.Thread(target=mirror.server.serve_forever, daemon=True)
        thread.start()
        opened.append((mirror, thread))
        return mirror

    yield open_one
    for mirror, thread in opened:
        mirror.server.shutdown()
        mirror.server.server_close()
        thread.join(10)


Open = Callable[[dict[str, Script]], Mirror]


def test_a_list_is_got_and_sent_on_within_its_host(open_mirror: Open) -> None:
    mirror = open_mirror({"/data.json?x=1": answer(), "/old": send_on("/older"), "/older": send_on("data.json?x=1")})
    assert fetch_list(f"{mirror.url}/data.json?x=1") == BODY
    assert fetch_list(f"{mirror.url}/old") == BODY
    assert mirror.asked == ["/data.json?x=1", "/old", "/older", "/data.json?x=1"]
    assert all(agent.startswith("pointsman/") for agent in mirror.agents)


def test_nobody_else_is_asked(open_mirror: Open) -> None:
    other = open_mirror({"/": answer()})
    for location in (f"{other.url}/", "http://localhost/x", "https://user:secret@localhost/", "file:///etc/passwd"):
        mirror = open_mirror({"/": send_on(location)})
        with pytest.raises(NotFetched) as refused:
            fetch_list(f"{mirror.url}/")
        assert "secret" not in str(refused.value)
    assert other.asked == []


def test_a_ring_of_addresses_ends(open_mirror: Open) -> None:
    mirror = open_mirror({"/": send_on("/")})
    with pytest.raises(NotFetched, match="more than 3 times"):
        fetch_list(f"{mirror.url}/")
    assert len(mirror.asked) == 4


@pytest.mark.parametrize(
    ("script", "about"),
    [
        (answer(404), "HTTP 404"),
        (answer(500), "HTTP 500"),
        (answer(204, b""), "HTTP 204"),
        (answer(302, b""), "HTTP 302"),
        (answer(content_encoding="gzip"), "compressed"),
        (answer(content_length="99999999999"), "larger than"),
        (answer(content_length="20"), "cannot be asked"),
        (lambda door: door.wfile.write(b"nonsense\r\n"), "cannot be asked"),
        (lambda door: door.connection.close(), "cannot be asked"),
    ],
)
def test_what_is_no_list_is_refused(open_mirror: Open, script: Script, about: str) -> None:
    mirror = open_mirror({"/": script})
    with pytest.raises(NotFetched, match=about):
        fetch_list(f"{mirror.url}/", 5)


def test_a_body_without_end_is_cut(open_mirror: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)

    def pour(door: BaseHTTPRequestHandler) -> None:
        door.send_response(200)
        door.end_headers()
        try:
            while True:
                door.wfile.write(b"x" * 10_000)
        except OSError:
            return

    mirror = open_mirror({"/": pour})
    with pytest.raises(NotFetched, match="larger than"):
        fetch_list(f"{mirror.url}/")


def test_a_drip_ends_in_time(open_mirror: Open) -> None:
    ended = threading.Event()

    def drip(door: BaseHTTPRequestHandler) -> None:
        door.send_response(200)
        door.end_headers()
        try:
            while not ended.wait(0.02):
                door.wfile.write(b"x")
        except OSError:
            return

    mirror = open_mirror({"/": drip})
    try:
        with pytest.raises(NotFetched, match=r"within 0.3 s|cannot be asked"):
            fetch_list(f"{mirror.url}/", 0.3)
    finally:
        ended.set()


def test_a_certificate_that_nobody_trusts_is_refused(open_mirror: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = open_mirror({"/": answer()})
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    with pytest.raises(NotFetched):
        fetch_list(f"{mirror.url}/")
    assert mirror.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "https://",
        "https://:443/",
        "https://a b/",
        "https://ä.example/",
        "https://x/#y",
        "https://x:y/",
    ],
)
def test_an_address_that_is_none_is_not_called(url: str) -> None:
    with pytest.raises(NotFetched):
        fetch_list(url)


def test_a_file_has_the_same_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(BODY)
    assert fetch_list(str(path)) == BODY
    monkeypatch.setattr(module, "MOST_BYTES", 3)
    with pytest.raises(NotFetched, match="larger than"):
        fetch_list(str(path))
    with pytest.raises(NotFetched, match="is not there"):
        fetch_list(str(tmp_path / "none"))
