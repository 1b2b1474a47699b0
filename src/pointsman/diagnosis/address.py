"""Where a gateway would listen: whether its admin key is fit for that, and whether the port can be had."""

import errno
import os
import socket
from collections.abc import Iterator

from pointsman.assembly.settings import DEFAULT_HOST, DEFAULT_PORT
from pointsman.control.credentials import CredentialRefused, choose_admin_key, has_own_admin_key, is_loopback
from pointsman.control.found_file import show_name
from pointsman.core.config.problems import quote
from pointsman.diagnosis.finding import Finding, good, skip, warn, wrong
from pointsman.diagnosis.holder import find_holder
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.permissions import PRIVATE_FILE, is_file, read_status, write_mode
from pointsman.diagnosis.secrecy import show_text

MOST_PORT = 65_535


def check_address(installation: Installation) -> Iterator[Finding]:
    """Address, admin key, port."""
    chosen = _choose_address(installation)
    if isinstance(chosen, Finding):
        yield chosen
        return
    host, port, source = chosen
    yield _judge_reach(host, port, source)
    yield from _judge_admin_key(host, installation)
    yield _judge_port(host, port, installation)


def _choose_address(installation: Installation) -> tuple[str, int, str] | Finding:
    """Host, port and who says so: the variables, else the document, else as usual; options of `serve` are not known."""
    environ = installation.environ
    written = installation.snapshot.settings.listen if installation.snapshot else None
    host, port = written or (DEFAULT_HOST, DEFAULT_PORT)
    sources = [name for name in ("POINTSMAN_HOST", "POINTSMAN_PORT") if environ.get(name)]
    given = environ.get("POINTSMAN_PORT", "")
    if given:
        if not (given.isascii() and given.isdecimal()) or int(given) > MOST_PORT:
            return wrong(
                "address", f"POINTSMAN_PORT is {quote(given)}, which is no port", "set it to 0 to 65535, or unset it"
            )
        port = int(given)
    said = f"said by {' and '.join(sources)}" if sources else "said by server.listen" if written else "the usual one"
    return environ.get("POINTSMAN_HOST") or host, port, said


def _judge_reach(host: str, port: int, source: str) -> Finding:
    message = f"{show_text(host)}, port {port}, {source}"
    if is_loopback(host):
        return good("address", f"{message}: only this machine can reach it")
    advice = "put a proxy with TLS before it, or listen on 127.0.0.1"
    return warn("address", f"{message}: other machines can reach it, and what they send is not encrypted", advice)


def _judge_admin_key(host: str, installation: Installation) -> Iterator[Finding]:
    file = installation.environ.get("POINTSMAN_ADMIN_KEY_FILE")
    if file:
        path = installation.question.cwd / file
        status = read_status(path)
        if status is not None and not is_file(status):
            yield wrong("admin key", f"{show_name(path)} is no file", "correct POINTSMAN_ADMIN_KEY_FILE")
            return
        if status is not None and status.st_mode & PRIVATE_FILE:
            yield warn(
                "admin key file",
                f"others may read {show_name(path)} (mode {write_mode(status)})",
                f"chmod 600 {show_name(path)}",
            )
    try:
        choose_admin_key(host, installation.environ, installation.home)
    except CredentialRefused as refusal:
        yield wrong("admin key", str(refusal), "openssl rand -base64 32 makes one; put it into POINTSMAN_ADMIN_KEY")
    except (OSError, ValueError):
        yield wrong("admin key", "its file cannot be read as text", "write the key alone into it, and chmod 600 it")
    else:
        if has_own_admin_key(installation.environ):
            yield good("admin key", "your own, and strong")
        else:
            yield good("admin key", "none of your own: a start on this machine's loopback makes one")


def _judge_port(host: str, port: int, installation: Installation) -> Finding:
    try:
        holder = find_holder(installation.home)
    except OSError:  # The check of the home directory tells why.
        holder = None
    if holder is not None:
        return skip("port", "a gateway runs on this home directory, so its port is taken by right")
    if port == 0:
        return good("port", "any free one is taken")
    fault = _try_port(host, port)
    if fault is None:
        return good("port", f"{port} is free")
    if fault == errno.EADDRINUSE:
        return wrong("port", f"{port} is taken by another program", "end that, or set POINTSMAN_PORT to another one")
    if fault == errno.EACCES:
        return wrong("port", f"{port} may not be used by this account", "set POINTSMAN_PORT to one above 1023")
    reason = os.strerror(fault) if fault > 0 else "no such address"
    return wrong(
        "port",
        f"{show_text(host)} cannot be listened on: {reason}",
        "set POINTSMAN_HOST to an address of this machine",
    )


def _try_port(host: str, port: int) -> int | None:
    """The error that taking the address meets, or `None`; it is given back at once, and nobody could connect."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        return error.errno if error.errno is not None else -1
    return None
