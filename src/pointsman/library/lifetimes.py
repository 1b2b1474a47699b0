"""Whatever runs threads begins anew in the child of a fork, and is closed when the interpreter ends."""

import atexit
import os
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Protocol
from weakref import WeakSet


class Living(Protocol):
    """Something that runs threads."""

    def begin_anew(self) -> None:
        """Begin without a thread, in the child after a fork: none of its parent's lives on there."""

    def close(self) -> None:
        """End everything; idempotent."""


_living: WeakSet[Living] = WeakSet()


def watch_over(living: Living) -> None:
    """See to it for as long as somebody else refers to it."""
    _living.add(living)


def _begin_anew() -> None:
    for living in tuple(_living):
        living.begin_anew()


def _close_all() -> None:
    for living in tuple(_living):
        living.close()


def _register_early_end() -> None:
    """Be called before thread pools are told to take no more work, which writing to a database needs.

    `atexit` comes after that. Where Python has no such place any more, the last rows may be lost without `close`.
    """
    import_module("concurrent.futures.thread")  # Ends are called the last one first, so its own comes after ours.
    register: Callable[[Callable[[], None]], object] | None = getattr(threading, "_register_atexit", None)
    if register is not None:
        register(_close_all)
    atexit.register(_close_all)


os.register_at_fork(after_in_child=_begin_anew)
_register_early_end()
