"""Single things that bodies of rules ask for, each judged by what can be seen: shown, missing, or not to be told."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from pointsman.assembly.settings import DEFAULT_HOST
from pointsman.control.credentials import is_loopback
from pointsman.core.catalog.long_tail import find_long_tail
from pointsman.core.config.pending import find_topic
from pointsman.diagnosis.database import find_database
from pointsman.diagnosis.finding import Status, list_names
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.permissions import PRIVATE_FILE, PRIVATE_FOLDER, read_status, write_mode
from pointsman.diagnosis.stored_state import NotLookable, open_unchanged

UNTOLD = "cannot be told from here"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What can be seen of one thing; the fields are those of a finding."""

    status: Status
    message: str
    next: str | None = None


Control = Callable[[Installation], Judgement]


def judge_logs(installation: Installation) -> Judgement:
    """Whether prompts stay out of the log."""
    if installation.document is None:
        return _untold("the configuration cannot be read")
    if installation.document.telemetry.value.request_logging == "off":
        return Judgement("good", "requests are not logged at all")
    return Judgement("good", "a request's line in the log has names, counts and times, never a prompt or an answer")


def judge_retention(installation: Installation) -> Judgement:
    """Whether records of usage end some day."""
    if installation.document is None:
        return _untold("the configuration cannot be read")
    retention = installation.document.retention.value
    missing = [name for name in ("usage", "decisions") if getattr(retention, name) is None]
    if missing:
        message = f"how long {' and '.join(missing)} are kept is not written, so it is for good"
        return Judgement("wrong", message, f"write {' and '.join(f'retention.{name}' for name in missing)}")
    return _unless_pending("retention.usage", "how long usage and decisions are kept is written")


def judge_audit(installation: Installation) -> Judgement:
    """Whether changes of the configuration are on record."""
    path = find_database(installation)
    if path is None or read_status(path) is None:
        return _untold("there is no database yet")
    try:
        with open_unchanged(path) as connection:
            (count,) = connection.execute("SELECT count(*) FROM audit").fetchone()
    except (NotLookable, sqlite3.Error):
        return _untold("the audit cannot be read; the check of the database tells why")
    return Judgement("good", f"{count} changes are on record, each stored together with what it changed")


def judge_references(installation: Installation) -> Judgement:
    """Whether keys stay out of the document."""
    if installation.snapshot is None:
        return _untold("the configuration cannot be used")
    return Judgement("good", "providers' keys are named by reference only; a document with a key in it is refused")


def judge_rotation(installation: Installation) -> Judgement:
    """Whether providers' keys are changed in time."""
    if installation.document is None:
        return _untold("the configuration cannot be read")
    if installation.document.security.value.key_rotation is None:
        return Judgement("wrong", "nothing says how old a provider's key may become", "write security.key_rotation")
    return _unless_pending("security.key_rotation", "how old a provider's key may become is written")


def judge_roles(installation: Installation) -> Judgement:
    """Whether everybody has rights of their own."""
    if installation.document is None:
        return _untold("the configuration cannot be read")
    if installation.document.security.value.access_control == "single_admin":
        message = "one admin key opens everything, and the audit knows people only by what they call themselves"
        return Judgement("wrong", message, "write security.access_control: role_based")
    return _unless_pending("security.access_control", "rights go by role")


def judge_encryption(installation: Installation) -> Judgement:
    """Whether prompts travel to clouds encrypted."""
    if installation.snapshot is None:
        return _untold("the configuration cannot be used")
    cloud = [one for one in installation.snapshot.models.values() if one.enabled and one.deployment.location == "cloud"]
    own = [model for model in cloud if find_long_tail(model.deployment.provider) is None]
    bare = [model.name for model in own if not model.deployment.base_url.startswith("https://")]
    if bare:
        message = f"calls to {list_names(bare)} are not encrypted"
        return Judgement("wrong", message, "write https base URLs for their providers")
    if not cloud:
        return Judgement("good", "no model is in the cloud")
    message = f"all {len(own)} models in the cloud are called by TLS, with certificates verified"
    if len(own) < len(cloud):
        message += f"; {len(cloud) - len(own)} more are called by LiteLLM in its own way"
    return Judgement("good", message)


def judge_locality(installation: Installation) -> Judgement:
    """Whether requests that must not leave have somewhere to go."""
    if installation.snapshot is None:
        return _untold("the configuration cannot be used")
    local = [
        one.name for one in installation.snapshot.models.values() if one.enabled and one.deployment.location == "local"
    ]
    if not local:
        return Judgement(
            "wrong", "no model is local, so nothing private can be answered", "name a provider with location: local"
        )
    return _unless_pending("policy.privacy", f"{list_names(local)} can answer what must not leave")


def judge_callers(installation: Installation) -> Judgement:
    """Whether prompts reach the gateway encrypted."""
    written = installation.snapshot.settings.listen if installation.snapshot else None
    host = installation.environ.get("POINTSMAN_HOST") or (written[0] if written else DEFAULT_HOST)
    if is_loopback(host):
        return Judgement("good", "callers are on this machine: nothing travels over a network")
    return _untold("the gateway itself speaks plain HTTP; whether a proxy with TLS stands before it")


def judge_privacy_of_state(installation: Installation) -> Judgement:
    """Whether other accounts of the machine are kept out."""
    home = read_status(installation.home)
    if home is None:
        return _untold("there is no home directory yet")
    if home.st_mode & PRIVATE_FOLDER:
        message = f"others may look into the home directory (mode {write_mode(home)})"
        return Judgement("wrong", message, "chmod 700 on it")
    path = find_database(installation)
    database = read_status(path) if path else None
    if database is not None and database.st_mode & PRIVATE_FILE:
        message = f"others may read the database (mode {write_mode(database)})"
        return Judgement("wrong", message, "chmod 600 on it")
    return Judgement("good", "no other account of this machine may read what is stored")


def judge_disk(installation: Installation) -> Judgement:
    """Whether what is stored is encrypted."""
    return _untold("whether the disk under the home directory is encrypted; the database itself is not")


def judge_contracts(installation: Installation) -> Judgement:
    """Whether those who get the data have agreed to terms."""
    return _untold("which contracts there are with the providers that prompts go to")


def _untold(what: str) -> Judgement:
    return Judgement("skipped", f"{UNTOLD}: {what}")


def _unless_pending(path: str, message: str) -> Judgement:
    """Good, unless the key is one of those that are read and do not act yet."""
    topic = find_topic(path)
    if topic is None:
        return Judgement("good", message)
    return Judgement("skipped", f"{UNTOLD}: {message}, but this version does not enforce it yet ({topic})")
