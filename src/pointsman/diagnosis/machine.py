"""What the system grants: open files, and watches by which a change of the configuration is noticed at once."""

import resource
import threading
from collections.abc import Iterator
from pathlib import Path

from watchfiles import watch

from pointsman.control.found_file import show_name
from pointsman.diagnosis.finding import Finding, good, warn
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.permissions import find_nearest

FEW_OPEN_FILES = 1_024
LIMITS = Path("/proc/sys/fs/inotify")
FEW = {"max_user_watches": 4_096, "max_user_instances": 64}
"""What other programs of the same account can easily use up."""
WATCH_MS = 20


def check_machine(installation: Installation) -> Iterator[Finding]:
    """Open files, watches."""
    yield _check_open_files()
    yield _check_watching(installation)


def _check_open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return good("open files", "as many as wanted")
    message = f"at most {soft:,} at a time; each client and each call to a provider takes one"
    if soft < FEW_OPEN_FILES:
        possible = "as many as wanted" if hard == resource.RLIM_INFINITY else f"up to {hard:,}"
        return warn("open files", message, f"ulimit -n 65536 before the start (this account may have {possible})")
    return good("open files", message)


def _check_watching(installation: Installation) -> Finding:
    """Watch for a moment, as the gateway would for good; without watches it looks twice a second."""
    nearest = find_nearest(installation.config)
    folder = nearest if nearest.is_dir() else nearest.parent
    advice = "raise fs.inotify.max_user_watches and fs.inotify.max_user_instances (sysctl -w)"
    try:
        events = watch(
            folder,
            stop_event=threading.Event(),
            rust_timeout=WATCH_MS,
            yield_on_timeout=True,
            recursive=False,
            watch_filter=None,
            debounce=WATCH_MS,
            step=WATCH_MS,
            raise_interrupt=False,
        )
        next(events)
        events.close()
    except OSError as error:
        reason = error.strerror or "no watch is left"
        message = f"{show_name(folder)} cannot be watched ({reason}); changes are noticed a little later"
        return warn("watching", message, advice)
    few = {name: limit for name, least in FEW.items() if (limit := _read_limit(name)) is not None and limit < least}
    if few:
        listed = ", ".join(f"{name} is {limit}" for name, limit in few.items())
        return warn("watching", f"it works, but other programs may use the watches up: {listed}", advice)
    if not LIMITS.is_dir():
        return good("watching", f"{show_name(folder)} can be watched")
    return good("watching", f"{show_name(folder)} can be watched, and the system's limits are ample")


def _read_limit(name: str) -> int | None:
    try:
        return int((LIMITS / name).read_text())
    except (OSError, ValueError):
        return None
