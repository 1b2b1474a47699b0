"""Gets a list of models from a file, or over https from where the operator says; nothing else is called, ever."""

import http.client
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

import pointsman
from pointsman.control.found_file import Unusable, read_file
from pointsman.core.catalog.newer_data import MOST_BYTES
from pointsman.core.config.problems import quote

WAIT_S = 30.0
"""For everything: name look-up, redirects and the last byte."""
MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK_BYTES = 64 * 1024


class NotFetched(Exception):
    """There is no list to be had; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request: where it leads on, or the body."""

    body: bytes
    location: str | None = None


def is_address(source: str) -> bool:
    """Whether a source is meant as an address rather than a file."""
    return "://" in source


def fetch_list(source: str, wait_s: float = WAIT_S) -> bytes:
    """The bytes of a file, or of what an address answers.

    Raises:
        NotFetched: when there are none, too many, or not in time.
    """
    return _fetch(source, wait_s) if is_address(source) else _read(Path(source))


def _read(path: Path) -> bytes:
    found = read_file(path, MOST_BYTES)
    if isinstance(found, Unusable):
        raise NotFetched(f"{quote(str(path))} {found.reason}")
    if len(found.content) > MOST_BYTES:
        raise _too_large(str(path))
    return found.content


def _fetch(url: str, wait_s: float) -> bytes:
    """In a thread that nobody waits for: neither a name server nor a drip of bytes takes longer than it may."""
    _check_url(url)
    answer: Future[bytes] = Future()

    def run() -> None:
        try:
            answer.set_result(_follow(url, time.monotonic() + wait_s))
        except BaseException as error:  # It is handed on, to the thread that asked.
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True, name="pointsman-fetch").start()
    try:
        return answer.result(wait_s)
    except TimeoutError:
        raise NotFetched(f"{_name_host(url)} did not answer within {wait_s:g} s; try again, or name a file") from None


def _follow(url: str, due_s: float) -> bytes:
    for _ in range(MOST_REDIRECTS + 1):
        visit = _visit(_check_url(url), due_s)
        if visit.location is None:
            return visit.body
        following = urljoin(url, visit.location)
        if _origin(_check_url(following)) != _origin(urlsplit(url)):
            raise NotFetched(
                f"{_name_host(url)} sends on to {_name_host(following)}; name that address if you trust it"
            )
        url = following
    raise NotFetched(f"{_name_host(url)} sends on more than {MOST_REDIRECTS} times; name the address that it leads to")


def _visit(url: SplitResult, due_s: float) -> _Visit:
    assert url.hostname is not None, "the address has been checked"
    left_s = max(0.001, due_s - time.monotonic())
    connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=left_s)
    headers = {"accept": "application/json, */*", "user-agent": f"pointsman/{pointsman.__version__}"}
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        connection.request("GET", target, headers=headers)
        with connection.getresponse() as answer:
            return _read_answer(answer, url.hostname, due_s)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "verify_message", "") or getattr(error, "strerror", None) or type(error).__name__
        raise NotFetched(f"{url.hostname} cannot be asked: {reason}; try again, or name a file") from None
    finally:
        connection.close()


def _read_answer(answer: http.client.HTTPResponse, host: str, due_s: float) -> _Visit:
    if answer.status in _REDIRECTS and (location := answer.getheader("location")):
        return _Visit(b"", location)
    if answer.status != 200:
        raise NotFetched(f"{host} answers with HTTP {answer.status}; correct the address")
    if answer.getheader("content-encoding", "identity") != "identity":
        raise NotFetched(f"{host} answers compressed, which was not asked for; name a file instead")
    return _Visit(_read_body(answer, host, due_s))


def _read_body(answer: http.client.HTTPResponse, host: str, due_s: float) -> bytes:
    length = answer.getheader("content-length", "")
    if length.isascii() and length.isdecimal() and len(length) < 20 and int(length) > MOST_BYTES:
        raise _too_large(host)
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read1(_CHUNK_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            raise _too_large(host)
        if time.monotonic() > due_s:
            raise TimeoutError
    if length.isdecimal() and size != int(length):
        raise http.client.IncompleteRead(b"")
    return b"".join(pieces)


def _check_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good, parts = False, urlsplit("")
    if not good or not url.isascii() or not url.isprintable() or " " in url:
        raise NotFetched(f"{quote(url)} is no address that can be asked; write one that begins with https://")
    if parts.username is not None or parts.fragment:
        raise NotFetched("the address holds more than it may; write it without a user, a password and a #")
    return parts


def _origin(url: SplitResult) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, url.port or 443


def _name_host(url: str) -> str:
    return urlsplit(url).hostname or quote(url)


def _too_large(where: str) -> NotFetched:
    return NotFetched(f"what {quote(where)} holds is larger than {MOST_BYTES // 2**20} MiB; name a smaller list")
