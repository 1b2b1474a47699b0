"""Loaded by a gateway that is to live at another time: its wall clock is moved by what a file says at each look."""

import os
import time

_now_ns = time.time_ns
_file = os.open(os.environ["MOVED_CLOCK"], os.O_RDONLY)


def _moved_ns() -> int:
    return _now_ns() + int(os.pread(_file, 32, 0))


time.time_ns = _moved_ns
time.time = lambda: _moved_ns() / 1e9
