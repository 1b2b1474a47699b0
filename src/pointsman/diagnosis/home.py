"""The home directory: there, writable, private, on a disk with room; and what lies in it beside the database."""

import os
from collections.abc import Iterator
from pathlib import Path

from pointsman.control.credentials import LOCAL_FILE
from pointsman.control.found_file import show_name
from pointsman.control.keys import PEPPER_BYTES
from pointsman.control.last_good import FILE_NAME as LAST_GOOD_NAME
from pointsman.control.last_good import read_last_good
from pointsman.control.pepper import VARIABLE, find_pepper
from pointsman.diagnosis.finding import Finding, good, skip, warn, wrong
from pointsman.diagnosis.holder import find_holder
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.permissions import (
    MAY_WRITE_BY_OTHERS,
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    READ,
    WRITE,
    allows,
    find_nearest,
    is_file,
    is_folder,
    is_read_only_disk,
    read_status,
    write_mode,
)

LEAST_BYTES = 64 * 1024 * 1024
FEW_BYTES = 1024 * 1024 * 1024
BYTES_PER_MIB = 1024 * 1024


def check_home(installation: Installation) -> Iterator[Finding]:
    """The folder, who holds it, room, pepper, local credentials, last good configuration."""
    home = installation.home
    status = read_status(home)
    yield _check_room(find_nearest(home))
    if status is None:
        yield _check_parent(home)
        return
    yield _check_folder(home, status)
    if not is_folder(status):
        return
    yield _check_holder(home)
    yield _check_pepper(find_pepper(home, installation.environ), is_named=bool(installation.environ.get(VARIABLE)))
    yield from _check_local_file(home)
    yield _check_last_good(installation)


def _check_parent(home: Path) -> Finding:
    """A home that is not there yet is made by the first start, if that may."""
    shown, parent = show_name(home), find_nearest(home.parent)
    status = read_status(parent)
    if status is None or not is_folder(status):
        return wrong("home", f"{shown} cannot be made: {show_name(parent)} is no folder", _advise_home())
    if not allows(status, WRITE) or is_read_only_disk(parent):
        return wrong("home", f"{shown} cannot be made: {show_name(parent)} may not be written to", _advise_home())
    return good("home", f"{shown} is not there yet; the first start makes it")


def _check_folder(home: Path, status: os.stat_result) -> Finding:
    shown, mode = show_name(home), write_mode(status)
    if not is_folder(status):
        return wrong("home", f"{shown} is no folder", _advise_home())
    if os.geteuid() not in (0, status.st_uid):
        return wrong("home", f"{shown} belongs to another account", f"{_advise_home()}, or chown this one")
    if not allows(status, READ | WRITE):
        return wrong("home", f"{shown} may not be read and written (mode {mode})", f"chmod 700 {shown}")
    if is_read_only_disk(home):
        return wrong(
            "home", f"{shown} is on a disk that is mounted read-only", f"mount it for writing, or {_advise_home()}"
        )
    if status.st_mode & MAY_WRITE_BY_OTHERS:
        return wrong("home", f"others may change {shown} (mode {mode})", f"chmod 700 {shown}")
    if status.st_mode & PRIVATE_FOLDER:
        return warn("home", f"others may look into {shown} (mode {mode})", f"chmod 700 {shown}")
    return good("home", f"{shown} is there, writable and private")


def _check_room(folder: Path) -> Finding:
    disk = os.statvfs(folder)
    free_bytes = disk.f_bavail * disk.f_frsize
    message = f"{free_bytes // BYTES_PER_MIB:,} MiB are free where state lives"
    advice = "make room, or set POINTSMAN_HOME to a folder on a larger disk"
    if free_bytes < LEAST_BYTES:
        return wrong("disk", message, advice)
    if disk.f_files and not disk.f_favail:
        return wrong("disk", "the disk where state lives can hold no more files", advice)
    return warn("disk", message, advice) if free_bytes < FEW_BYTES else good("disk", message)


def _check_holder(home: Path) -> Finding:
    try:
        holder = find_holder(home)
    except OSError as error:
        return wrong(
            "lock", f"{show_name(home / 'lock')} cannot be looked at: {error.strerror}", "chmod 600 it, or chown it"
        )
    if holder is None:
        return good("lock", "no gateway holds the home directory")
    process = f"process {holder.pid}" if holder.pid is not None else "a process that cannot be seen from here"
    return good("lock", f"held by {process}: a gateway runs on it")


def _check_pepper(path: Path, *, is_named: bool) -> Finding:
    shown, status = show_name(path), read_status(path)
    if status is None and is_named:
        message = f"{VARIABLE} names {shown}, which is not there, so no gateway starts"
        return wrong("pepper", message, f"restore it, or make it for all replicas: openssl rand 32 > {shown}")
    if status is None:
        return skip("pepper", f"{shown} is not there yet; the first start makes it")
    if not is_file(status) or status.st_size != PEPPER_BYTES:
        advice = "restore it from a backup; or remove it, and make every virtual key anew"
        return wrong("pepper", f"{shown} does not hold {PEPPER_BYTES} bytes, so no gateway starts", advice)
    if status.st_mode & PRIVATE_FILE:
        message = f"others may read {shown} (mode {write_mode(status)}), so no gateway starts"
        return wrong("pepper", message, f"chmod 600 {shown}; if others did read it, make every virtual key anew")
    if not allows(status, READ):
        return wrong("pepper", f"{shown} may not be read (mode {write_mode(status)})", f"chmod 600 {shown}")
    return good("pepper", f"{shown} is there and private")


def _check_local_file(home: Path) -> Iterator[Finding]:
    path = home / LOCAL_FILE
    status = read_status(path)
    if status is None:
        return
    shown, mode = show_name(path), write_mode(status)
    if status.st_mode & PRIVATE_FILE:
        advice = f"chmod 600 {shown}; if others did read it, remove it and start the gateway again"
        yield wrong("local keys", f"others may read {shown}, which holds keys (mode {mode})", advice)
    elif not is_file(status) or not allows(status, READ):
        yield wrong("local keys", f"{shown} is no file that may be read (mode {mode})", f"remove {shown}")
    else:
        yield good("local keys", f"{shown} is there and private")


def _check_last_good(installation: Installation) -> Finding:
    loaded = installation.loaded
    if loaded is None or not loaded.environment:
        return skip("last good", "which configuration to look for is not known")
    kept = read_last_good(installation.home, installation.config, loaded.environment)
    if kept.files:
        return good("last good", f"a configuration of {len(kept.files)} files is kept whole for a start with bad ones")
    if kept.reason:
        return warn(
            "last good", f"it cannot be used: {kept.reason}", "start the gateway with good files, which keeps them"
        )
    return skip("last good", f"nothing is kept yet in {LAST_GOOD_NAME}; the first good start keeps its files")


def _advise_home() -> str:
    return "set POINTSMAN_HOME to a directory of your own"
