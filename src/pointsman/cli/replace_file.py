"""Replaces a file as a whole, keeping a dated copy of what was there; a follower never sees half of it."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path


def replace_with_backup(path: Path, text: str) -> Path | None:
    """Write a file in place of another; where the path is a link, the file that it leads to.

    Returns:
        Where the former content is kept, such as `pointsman.yaml.2026-11-21T10-15-00.bak`; `None` if there was none.

    Raises:
        OSError: when it cannot be written; then the file is as it was.
    """
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        backup = _keep_copy(path) if path.exists() else None
        if backup is not None:
            shutil.copymode(path, fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return backup


def _keep_copy(path: Path) -> Path:
    """Copy a file beside itself, under a name that nothing has yet."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
    tries = (f"{path.name}.{stamp}{f'-{number}' if number else ''}.bak" for number in range(1_000))
    backup = next(path.with_name(name) for name in tries if not path.with_name(name).exists())
    shutil.copy2(path, backup)
    return backup
