"""A running gateway: whether it answers, takes the admin key, tells our time, and has refused newer files."""

import email.utils
import http.client
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from urllib.parse import SplitResult, urlsplit

import msgspec

from pointsman.control.credentials import LOCAL_FILE, is_loopback
from pointsman.control.found_file import show_name
from pointsman.core.config.problems import quote
from pointsman.diagnosis.finding import Finding, good, skip, warn, wrong
from pointsman.diagnosis.holder import Holder, find_holder
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.secrecy import name_url, show_text

ANSWER_S = 3.0
MOST_ANSWER_BYTES = 4 * 1024 * 1024
MOST_CLOCK_DIFFERENCE_S = 2.0
DATE_STEP_S = 2.0
"""A `date` header leaves out the fraction of its second, and may be a second old when it is sent."""


@dataclass(frozen=True, slots=True)
class _Named:
    """Where a gateway is said to be, and who says so."""

    url: str
    admin_key: str = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a gateway said."""

    status: int
    date: str
    body: bytes = field(repr=False)


class _Rejected(msgspec.Struct):
    file: str = ""
    line: int = 0
    path: str = ""
    code: str = ""


class _View(msgspec.Struct):
    revision: str
    environment: str
    source: str = ""
    number: int = 0
    drift: int = 0
    overrides: int = 0
    rejected: list[_Rejected] = msgspec.field(default_factory=list)


def check_gateway(installation: Installation) -> Iterator[Finding]:
    """Reachable, its clock, its configuration."""
    named = _find_gateway(installation)
    holder = _look_for_holder(installation)
    if named is None:
        yield _explain_nobody(holder)
        return
    parts = _split_url(named.url)
    if parts is None:
        yield wrong("gateway", f"{named.source} holds no URL of a gateway", "write it like http://127.0.0.1:4100")
        return
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        message = f"{name_url(named.url)} is not on this machine, and the admin key travels there unencrypted"
        yield warn("gateway url", message, "put TLS before the gateway, and https into POINTSMAN_URL")
    started_s = time.time()
    health = _ask(named, "/health", with_key=False)
    if isinstance(health, str):
        yield _explain_silence(named, health, holder)
        return
    if health.status != 200:
        yield wrong(
            "gateway", f"{name_url(named.url)} answers HTTP {health.status} to /health", "look what listens there"
        )
        return
    yield from _judge_clock(health.date, started_s, time.time())
    if not named.admin_key:
        message = (
            f"{name_url(named.url)}, named by {named.source}, answers; without an admin key nothing more can be asked"
        )
        yield skip("gateway", message, "set POINTSMAN_ADMIN_KEY")
        return
    yield from _judge_view(named, _ask(named, "/api/v1/configuration", with_key=True), installation)


def _find_gateway(installation: Installation) -> _Named | None:
    environ, local = installation.environ, installation.local
    url = environ.get("POINTSMAN_URL") or local.get("POINTSMAN_URL")
    if not url:
        return None
    key = environ.get("POINTSMAN_ADMIN_KEY") or local.get("POINTSMAN_ADMIN_KEY", "")
    return _Named(url, key, "POINTSMAN_URL" if environ.get("POINTSMAN_URL") else LOCAL_FILE)


def _split_url(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _look_for_holder(installation: Installation) -> Holder | None:
    try:
        return find_holder(installation.home)
    except OSError:  # The check of the home directory tells why.
        return None


def _explain_nobody(holder: Holder | None) -> Finding:
    if holder is None:
        return skip("gateway", "none runs on this home directory, and POINTSMAN_URL names none", "pointsman serve")
    return skip(
        "gateway",
        "one runs on this home directory, and nothing says where",
        "set POINTSMAN_URL and POINTSMAN_ADMIN_KEY",
    )


def _explain_silence(named: _Named, reason: str, holder: Holder | None) -> Finding:
    message = f"{name_url(named.url)}, named by {named.source}, does not answer: {reason}"
    if named.source == "POINTSMAN_URL":
        return wrong("gateway", message, "correct or unset POINTSMAN_URL, or start that gateway")
    if holder is None:
        return skip("gateway", f"none runs on this home directory; {message}", "pointsman serve")
    who = f" (process {holder.pid})" if holder.pid is not None else ""
    return wrong(
        "gateway",
        f"{message}, although a gateway holds the home directory{who}",
        "look at its log; stop it and start it again",
    )


def _ask(named: _Named, path: str, *, with_key: bool) -> _Answer | str:
    """The answer of the gateway, or why there is none."""
    try:
        parts = urlsplit(named.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_S)
        headers = {"authorization": f"Bearer {named.admin_key}"} if with_key else {}
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return _Answer(answer.status, answer.getheader("date", ""), answer.read(MOST_ANSWER_BYTES))
        finally:
            connection.close()
    except TimeoutError:
        return f"nothing came within {ANSWER_S:g} s"
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not accepted: {error.verify_message}"
    except OSError as error:
        return error.strerror or type(error).__name__
    except (http.client.HTTPException, ValueError):  # Its words may repeat a header with the key.
        return "what answers is no HTTP server, or the admin key has characters that no key has"


def _judge_clock(date: str, started_s: float, ended_s: float) -> Iterator[Finding]:
    try:
        told_s = email.utils.parsedate_to_datetime(date).replace(tzinfo=UTC).timestamp()
    except ValueError:
        yield skip("clock", "the gateway does not tell its time")
        return
    difference_s = measure_difference_s(told_s, started_s, ended_s)
    if abs(difference_s) > MOST_CLOCK_DIFFERENCE_S:
        side = "ahead of" if difference_s > 0 else "behind"
        message = f"the gateway's clock is about {abs(difference_s):.0f} s {side} this machine's"
        yield warn("clock", message, "let both machines follow a time server (NTP)")
    else:
        yield good("clock", "the gateway's is this machine's, to within 2 s")


def measure_difference_s(told_s: float, started_s: float, ended_s: float) -> float:
    """By how much a clock is ahead of ours at least, negative when behind; 0 when the two may be the same.

    Args:
        told_s: what it said, in whole seconds since the Unix epoch, sent between the two other times.
        started_s: of our clock, before the question.
        ended_s: of our clock, after the answer.
    """
    least, most = told_s - ended_s, told_s + DATE_STEP_S - started_s
    if least > 0:
        return least
    return most if most < 0 else 0.0


def _judge_view(named: _Named, answer: _Answer | str, installation: Installation) -> Iterator[Finding]:
    place = name_url(named.url)
    if isinstance(answer, str):
        yield wrong("gateway", f"{place} answers /health and not its admin API: {answer}", "look at its log")
        return
    if answer.status in (401, 403):
        yield wrong(
            "gateway",
            f"{place} refuses the admin key that {_name_key(installation)} has",
            "set POINTSMAN_ADMIN_KEY to the key that it was started with",
        )
        return
    try:
        view = msgspec.json.decode(answer.body, type=_View)
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield wrong(
            "gateway", f"what answers at {place} is no Pointsman gateway of this version", "correct POINTSMAN_URL"
        )
        return
    number = f"number {view.number}, " if view.number else ""
    runs = f"runs revision {show_text(view.revision)} ({number}environment {show_text(view.environment)})"
    yield good("gateway", f"{place}, named by {named.source}, {runs}")
    yield from _judge_configuration(view, installation)


def _name_key(installation: Installation) -> str:
    if installation.environ.get("POINTSMAN_ADMIN_KEY"):
        return "POINTSMAN_ADMIN_KEY"
    return show_name(installation.home / LOCAL_FILE)


def _judge_configuration(view: _View, installation: Installation) -> Iterator[Finding]:
    if view.rejected:
        first = view.rejected[0]
        place = f"{show_text(first.file)}:{first.line} {show_text(first.path)} ({show_text(first.code)})"
        message = (
            "the gateway has refused the newest files and runs on older ones:"
            f" {len(view.rejected)} problems, the first at {place}"
        )
        yield wrong("running files", message, "pointsman check, and correct what it says")
    else:
        yield good("running files", "the gateway runs on the newest files")
    counted = [f"{view.drift} values differ from the files"] if view.drift else []
    counted += [f"{view.overrides} overrides are live"] if view.overrides else []
    if counted:
        yield warn(
            "running drift",
            " and ".join(counted),
            "pointsman config drift shows which, pointsman override list until when",
        )
    else:
        locked = "; nothing but the files may change it" if view.source == "file" else ""
        yield good("running drift", f"nothing that is in force differs from the files{locked}")
    chosen = installation.loaded.environment if installation.loaded else ""
    if chosen and chosen != view.environment:
        message = f"the gateway runs {quote(view.environment)}, and here {quote(chosen)} is chosen"
        yield warn("running environment", message, "set POINTSMAN_ENV here as for the gateway")
