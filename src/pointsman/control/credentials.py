"""The operator's key and the local credentials file: nothing listens beyond this machine without a strong key."""

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pointsman.control.admin_key import weak_reason

LOCAL_FILE = "demo.env"


class CredentialRefused(Exception):
    """The start is refused; the message says which variable to set."""


@dataclass(frozen=True, slots=True)
class LocalCredentials:
    """What programs on this machine reach the gateway with.

    Attributes:
        url: of the gateway.
        api_key: a virtual key.
        admin_key: the operator's.
    """

    url: str
    api_key: str
    admin_key: str


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def choose_admin_key(host: str, environ: Mapping[str, str], home: Path) -> str:
    """The operator's key: `POINTSMAN_ADMIN_KEY`, or the file that `POINTSMAN_ADMIN_KEY_FILE` names, or a local one.

    A local one is made, and kept in the home directory, only for a gateway that listens on loopback.

    Raises:
        CredentialRefused: when the key is missing beyond loopback, weak, or its file unreadable.
    """
    key = _read_admin_key(environ)
    if key is None:
        if not is_loopback(host):
            raise CredentialRefused(
                f"listening on {host} needs an admin key: set POINTSMAN_ADMIN_KEY to at least 22 random characters, "
                "for example from: openssl rand -base64 32"
            )
        return read_local_file(home).get("POINTSMAN_ADMIN_KEY") or secrets.token_urlsafe(32)
    reason = weak_reason(key)
    if reason is not None:
        raise CredentialRefused(f"POINTSMAN_ADMIN_KEY cannot be used: it {reason}; try: openssl rand -base64 32")
    return key


def has_own_admin_key(environ: Mapping[str, str]) -> bool:
    """Whether the operator brought a key, so that no local one is made."""
    return bool(environ.get("POINTSMAN_ADMIN_KEY") or environ.get("POINTSMAN_ADMIN_KEY_FILE"))


def read_local_file(home: Path) -> dict[str, str]:
    """The variables of the local credentials file; empty when there is none."""
    try:
        lines = (home / LOCAL_FILE).read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def write_local_file(home: Path, credentials: LocalCredentials) -> Path:
    """Write the credentials for programs on this machine; nobody but the owner may read them."""
    path = home / LOCAL_FILE
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(
            "# How programs on this machine reach this gateway. Written by `pointsman serve`.\n"
            f"POINTSMAN_URL={credentials.url}\n"
            f"POINTSMAN_API_KEY={credentials.api_key}\n"
            f"POINTSMAN_ADMIN_KEY={credentials.admin_key}\n"
        )
    draft.replace(path)
    return path


def _read_admin_key(environ: Mapping[str, str]) -> str | None:
    file = environ.get("POINTSMAN_ADMIN_KEY_FILE")
    if file:
        try:
            return Path(file).read_text().strip()
        except OSError as error:
            raise CredentialRefused(f"POINTSMAN_ADMIN_KEY_FILE cannot be read: {error.strerror} ({file})") from None
    return environ.get("POINTSMAN_ADMIN_KEY") or None
