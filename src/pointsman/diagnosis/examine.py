"""Runs every check side by side, each in a thread of its own; the answer comes in time, whoever is stuck."""

import importlib
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from pointsman.diagnosis.finding import Finding, skip, warn, wrong
from pointsman.diagnosis.question import Question
from pointsman.diagnosis.secrecy import hide_secrets, list_secrets
from pointsman.diagnosis.software import check_software

if TYPE_CHECKING:
    from pointsman.diagnosis.installation import Installation

LOAD_S = 5.0
CHECKS_S = 8.5
"""Together less than 15 s, with what starting takes; a check that needs longer is left alone, and that is said."""

CHECKS = (
    "document",
    "environment",
    "provider_keys",
    "providers",
    "resources",
    "home",
    "database",
    "gateway",
    "address",
    "machine",
    "compliance",
)
"""In the order of the answer: the modules beside this one, each with a function `check_NAME`."""

REINSTALL = "install Pointsman anew with all that it needs: pip install --force-reinstall pointsman"

T = TypeVar("T")
Look = Callable[["Installation"], Iterable[Finding]]


def examine(question: Question) -> list[Finding]:
    """Look at everything; never raises, changes nothing, and takes less than 15 s."""
    software = list(_run_software())
    try:
        from pointsman.diagnosis import installation
    except Exception as error:  # A broken dependency raises whatever it likes; the checks above name it.
        missing = wrong("configuration", f"it cannot be read: {_place_fault(error)}", REINSTALL)
        return hide_secrets([*software, missing], list_secrets(question.environ))
    looks = {name: _import_look(name) for name in CHECKS}
    secrets = list_secrets(question.environ)
    try:
        found = installation.survey(question)
    except Exception as error:  # Whatever it is, what was found so far is worth telling.
        return hide_secrets([*software, _report_fault("configuration", error)], secrets)
    secrets |= list_secrets(found.local)
    loading = _start(lambda: installation.load(question, found.config))
    wait([loading], LOAD_S)
    unloaded: list[Finding] = []
    if not loading.done():
        message = f"reading {found.config} took more than {LOAD_S:g} s"
        unloaded.append(wrong("configuration", message, "put it on a disk that answers"))
    elif (fault := loading.exception()) is not None:
        unloaded.append(_report_fault("configuration", fault))
    else:
        found = replace(found, loaded=loading.result())
    return hide_secrets([*software, *unloaded, *_run_all(looks, found)], secrets)


def _run_software() -> Iterator[Finding]:
    """Alone and first: it imports what the others build on, and imports side by side can block one another."""
    try:
        yield from check_software()
    except Exception as error:  # A broken dependency raises whatever it likes.
        yield _report_fault("software", error)


def _import_look(name: str) -> Look | Exception:
    try:
        module = importlib.import_module(f"pointsman.diagnosis.{name}")
    except Exception as error:  # A broken dependency raises whatever it likes.
        return error
    return cast(Look, getattr(module, f"check_{name}"))


def _run_all(looks: dict[str, Look | Exception], installation: "Installation") -> Iterator[Finding]:
    due_s = time.monotonic() + CHECKS_S
    running: dict[str, Future[list[Finding]]] = {}
    for name, look in looks.items():
        if not isinstance(look, Exception):
            running[name] = _start(lambda look=look: list(look(installation)))  # type: ignore[misc]
    for name, look in looks.items():
        said = name.replace("_", " ")
        if isinstance(look, Exception):
            yield skip(said, f"it could not be looked at: {_place_fault(look)}", REINSTALL)
            continue
        wait([running[name]], max(0.0, due_s - time.monotonic()))
        yield from _collect(said, running[name])


def _collect(name: str, answer: "Future[list[Finding]]") -> Iterable[Finding]:
    if not answer.done():
        return [
            skip(
                name,
                f"it took more than {CHECKS_S:g} s and was left alone",
                "see whether a disk or name server is stuck",
            )
        ]
    fault = answer.exception()
    return [_report_fault(name, fault)] if fault is not None else answer.result()


def _start(work: Callable[[], T]) -> "Future[T]":
    """Do something in a thread that nobody has to wait for, not even the end of the process."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # It is handed on, to the thread that asked.
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="pointsman-doctor").start()
    return future


def _report_fault(name: str, fault: BaseException) -> Finding:
    return warn(name, f"it could not be looked at: {_place_fault(fault)}; this is a fault of Pointsman", "report it")


def _place_fault(fault: BaseException) -> str:
    # Where, but not the message: it may hold what nobody should see.
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{place}"
